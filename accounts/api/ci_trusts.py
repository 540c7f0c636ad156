"""`…/ciTrusts`: which CI jobs are let in as a robot of the namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.access import TokenScope
from accounts.api.operation import Form, Operation
from accounts.api.robots import administered, robot_of
from accounts.api.sessions import require_confirmed
from accounts.models import CITrust
from accounts.models.ci_trust import LIFETIMES
from accounts.services import ci_trusts

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from accounts.models import Namespace

DEFAULT_SCOPES = (TokenScope.PULL, TokenScope.PUSH)


class CITrustForm(Form):
    """A new trust; `claims` are patterns by claim, `*` crosses neither / nor :."""

    robot = serializers.CharField()
    issuer = serializers.CharField(max_length=300)
    claims = serializers.DictField(child=serializers.CharField(max_length=300))
    scopes = serializers.ListField(
        child=serializers.ChoiceField(TokenScope.choices), default=list(DEFAULT_SCOPES)
    )
    token_seconds = serializers.IntegerField(
        default=900, min_value=LIFETIMES[0], max_value=LIFETIMES[1]
    )


class CITrustList(Operation):
    """`/repositoryNamespaces/{namespace}/ciTrusts`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, namespace: str) -> Response:
        """List the trusts of a namespace; for its admins."""
        rows = _trusts(administered(self.actor, namespace))
        return self.paged(
            rows, lambda page: {"ciTrusts": [_render(trust) for trust in page]}
        )

    def post(self, request: Request, namespace: str) -> Response:
        """Trust jobs of an allowed issuer, with a password.

        A browser's session does only if it was confirmed lately, as on the page.
        """
        require_confirmed(request)
        administered(self.actor, namespace)
        given = self.body(CITrustForm)
        robot = robot_of(self.actor, namespace, given["robot"])
        wanted = ci_trusts.WantedTrust(
            given["issuer"],
            given["claims"],
            [TokenScope(scope) for scope in given["scopes"]],
            given["token_seconds"],
        )
        made = ci_trusts.create(actor=self.actor, robot=robot, wanted=wanted)
        return Response(_render(made), status=201)


class CITrustDetail(Operation):
    """`/repositoryNamespaces/{namespace}/ciTrusts/{id}`."""

    missing = "NO_SUCH_CI_TRUST"

    def get(self, _request: Request, namespace: str, trust: str) -> Response:
        """Show one trust."""
        return Response(_render(self._trust(namespace, trust)))

    def delete(self, _request: Request, namespace: str, trust: str) -> Response:
        """End a trust; the access tokens that came by it end at once."""
        ci_trusts.delete(actor=self.actor, trust=self._trust(namespace, trust))
        return Response(status=204)

    def _trust(self, namespace: str, key: str) -> CITrust:
        rows = _trusts(administered(self.actor, namespace))
        try:
            found = rows.filter(uuid=key).first()
        except ValidationError:  # not a UUID
            found = None
        if found is None:
            message = f"“{namespace}” has no CI trust “{key}”."
            raise NotFound(message, code="NO_SUCH_CI_TRUST")
        return found


def _trusts(namespace: Namespace) -> QuerySet[CITrust]:
    rows = CITrust.objects.filter(robot__namespace=namespace)
    return rows.select_related("issuer", "created_by", "robot__namespace")


def _render(trust: CITrust) -> dict[str, Any]:
    return {
        "id": trust.uuid,
        "robot": trust.robot.name,
        "issuer": trust.issuer.url,
        "claims": trust.claims,
        "scopes": trust.scopes,
        "tokenSeconds": trust.lifetime_seconds,
        "createdBy": trust.created_by.username,
        "createdAt": trust.created_at,
    }
