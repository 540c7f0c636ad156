"""`/api_tokens`: access tokens as MSR has them, with scopes, a limit and an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.dateparse import parse_date
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from typing_extensions import override

from accounts.access import Actor, TokenScope
from accounts.api.operation import Form, Operation
from accounts.api.sessions import require_confirmed
from accounts.models import AccessToken, Namespace, User
from accounts.services import access_tokens

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.querysets import AccessTokenQuerySet
    from accounts.services.access_tokens import IssuedToken

# MSR's last use of a token that was never used.
NEVER = datetime(1, 1, 1, tzinfo=UTC)
MAX_DAYS = 36_500


class Moment(serializers.DateTimeField):
    """A time of RFC 3339, or the day at whose beginning it is."""

    @override
    def to_internal_value(self, value: Any) -> datetime:
        try:
            day = parse_date(value) if isinstance(value, str) else None
        except ValueError:
            day = None
        if day is not None:
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        return super().to_internal_value(value)


class OwnerQuery(Form):
    """Whose tokens: without a name one's own, and everybody's for administrators."""

    username = serializers.CharField(required=False)


class TokenListQuery(OwnerQuery):
    """Which tokens; `unusedForDays` are those that nobody used for so long."""

    unused_for_days = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_DAYS
    )


class TokenCleanupQuery(Form):
    """Which tokens to delete; MSR sends these names in lower case."""

    username = serializers.CharField(required=False)
    usedbefore = Moment(required=False)
    generatedby = serializers.ChoiceField(
        AccessToken.Origin.choices, default=AccessToken.Origin.AUTO.value
    )


class NewTokenForm(Form):
    """MSR: forms.CreateAPIToken; scopes, namespace and expiresAt are ours."""

    token_label = serializers.CharField(max_length=100, default="API token")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(TokenScope.choices), required=False
    )
    namespace = serializers.CharField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class TokenForm(Form):
    """MSR: forms.UpdateAPIToken."""

    is_active = serializers.BooleanField(required=False)
    token_label = serializers.CharField(required=False, max_length=100)


class TokenList(Operation):
    """`/api_tokens`."""

    missing = "NO_SUCH_USER"

    def get(self, _request: Request) -> Response:
        """List access tokens, one's own or, for administrators, of others."""
        asked = self.query(TokenListQuery)
        rows = _tokens_of(self.actor, asked)
        if days := asked.get("unused_for_days"):
            rows = rows.unused_since(timezone.now() - timedelta(days=days))
        return self.paged(rows, lambda page: [render_token(token) for token in page])

    def post(self, request: Request) -> Response:
        """Make an access token; its secret, `token`, is in this answer only.

        A browser's session makes one only if it was confirmed lately, as on the page.
        """
        require_confirmed(request)
        asked, given = self.query(OwnerQuery), self.body(NewTokenForm)
        user = _person_named(self.actor, asked.get("username"))
        agent = request.headers.get("User-Agent", "")
        wanted = wanted_of(given, agent, _limit(user, given.get("namespace")))
        issued = access_tokens.issue_wanted(actor=self.actor, user=user, wanted=wanted)
        return Response(render_issued(issued))

    def delete(self, _request: Request) -> Response:
        """Delete many: made so (`auto` unless said), not used since, of somebody."""
        asked = self.query(TokenCleanupQuery)
        rows = _tokens_of(self.actor, asked).filter(generated_by=asked["generatedby"])
        if "usedbefore" in asked:
            rows = rows.unused_since(asked["usedbefore"])
        access_tokens.clean_up(actor=self.actor, tokens=rows)
        return Response({})


class TokenDetail(Operation):
    """`/api_tokens/{hashedtoken}`: named by its public id, never by its secret."""

    missing = "NO_SUCH_API_TOKEN"

    def get(self, _request: Request, token: str) -> Response:
        """Show one access token."""
        return Response(render_token(_token(self.actor, token)))

    def patch(self, _request: Request, token: str) -> Response:
        """Label it otherwise, or switch it off and on again."""
        row, given = _token(self.actor, token), self.body(TokenForm, partial=True)
        changed = access_tokens.update(
            actor=self.actor,
            token=row,
            label=given.get("token_label"),
            is_active=given.get("is_active"),
        )
        return Response(render_token(changed))

    def delete(self, _request: Request, token: str) -> Response:
        """Delete it for good."""
        access_tokens.delete(actor=self.actor, token=_token(self.actor, token))
        return Response({})


def wanted_of(
    given: dict[str, Any], agent: str, namespace: Namespace | None = None
) -> access_tokens.Wanted:
    """Return what a NewTokenForm asks for; without scopes every one, as with MSR."""
    scopes = given.get("scopes")
    return access_tokens.Wanted(
        given["token_label"],
        tuple(TokenScope) if scopes is None else map(TokenScope, scopes),
        namespace,
        given.get("expires_at"),
        agent,
    )


def render_token(token: AccessToken) -> dict[str, Any]:
    """Return responses.APIToken."""
    return {
        "hashedToken": str(token.uuid),
        "tokenLabel": token.label,
        "isActive": token.is_active,
        "lastUsed": token.last_used_at or NEVER,
        "createdAt": token.created_at,
        "generatedBy": token.generated_by,
        "creatorUa": token.creator_ua,
        "username": token.user.username,
        "prefix": token.prefix,
        "scopes": token.scopes,
        "namespace": token.namespace.name if token.namespace else None,
        "expiresAt": token.expires_at,
        "revokedAt": token.revoked_at,
    }


def render_issued(issued: IssuedToken) -> dict[str, Any]:
    """Return responses.NewAPIToken."""
    return {"token": issued.secret, **render_token(issued.row)}


def _tokens_of(actor: Actor, asked: dict[str, Any]) -> AccessTokenQuerySet:
    rows = AccessToken.objects.visible_to(actor).select_related("user", "namespace")
    if asked.get("username") is None:
        return rows
    return rows.filter(user=_person_named(actor, asked["username"]))


def _person_named(actor: Actor, name: str | None) -> User:
    """Return who is meant; only administrators learn who else there is."""
    if name is None or name == actor.name:
        return User.objects.get(pk=actor.key)
    if not actor.is_administrator:
        message = "Only administrators manage the access tokens of others."
        raise PermissionDenied(message)
    found = User.objects.filter(username=name.replace("\0", "")).first()
    if found is None:
        raise NotFound(f"There is no user “{name}”.", code="NO_SUCH_USER")
    return found


def _limit(user: User, name: str | None) -> Namespace | None:
    if name is None:
        return None
    found = Namespace.objects.visible_to(Actor(user)).filter(name=name).first()
    if found is None:
        message = f"There is no namespace “{name}” that {user} can see."
        raise serializers.ValidationError({"namespace": [message]})
    return found


def _token(actor: Actor, text: str) -> AccessToken:
    rows = AccessToken.objects.visible_to(actor).select_related("user", "namespace")
    try:
        found = rows.filter(uuid=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        message = f"No access token “{text}” is visible to you."
        raise NotFound(message, code="NO_SUCH_API_TOKEN")
    return found
