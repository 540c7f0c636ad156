"""Reads: the one tenant filter, `permitted()`, and the lists built on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from typing_extensions import override

from accounts.access import Action, Actor, levels_allowing

if TYPE_CHECKING:
    from accounts.models.access_token import AccessToken
    from accounts.models.namespace import Namespace
    from accounts.models.organization import Team
    from accounts.models.robot import Robot

M_co = TypeVar("M_co", bound=models.Model, covariant=True)
M = TypeVar("M", bound=models.Model)

PAGE_SIZE = 25


class PermittedQuerySet(models.QuerySet[M_co]):
    """A list that knows who may see what of it.

    `permitted()` is the only place where rights are decided: asking about one object
    is asking whether it is in the list, so the two can never disagree.
    """

    def permitted(self, actor: Actor, action: Action) -> Self:
        """Return what `actor` may do `action` on."""
        if not actor.may_use(action) or not actor.is_active:
            allowed = self.open_to_all(action) if actor.is_anonymous else self.none()
        elif actor.is_superuser:
            allowed = self.all()
        else:
            allowed = self.allowed_to(actor, action)
        return allowed.within(actor)

    def visible_to(self, actor: Actor) -> Self:
        """Return what `actor` may know of: the rest looks as if it did not exist."""
        return self.permitted(actor, Action.PULL)

    def open_to_all(self, action: Action) -> Self:
        """Return what needs no account; nothing unless a subclass says otherwise."""
        del action
        return self.none()

    def allowed_to(self, actor: Actor, action: Action) -> Self:
        """Return what ownership and grants allow; nothing unless a subclass says."""
        del actor, action
        return self.none()

    def within(self, actor: Actor) -> Self:
        """Narrow to the namespace that the actor's token is limited to.

        Where a subclass does not say how, a limited token is good for nothing.
        """
        return self if actor.namespace_limit is None else self.none()


def granted(model: str, actor: Actor, action: Action) -> Q:
    """Return the condition "a direct or team grant on this `model` allows it".

    `model` is the prefix of the two grant tables, such as ``accounts.Namespace``.
    """
    levels = levels_allowing(action)
    keys = [
        apps.get_model(f"{model}{kind}Grant")
        ._default_manager.filter(permission__codename__in=levels, **holder)
        .values("content_object")
        for kind, holder in (
            ("User", {"user": actor.key}),
            ("Group", {"group__user": actor.key}),
        )
    ]
    return Q(pk__in=keys[0]) | Q(pk__in=keys[1])


class NamespaceQuerySet(PermittedQuerySet["Namespace"]):
    """Namespaces: an action on one holds for every repository in it."""

    @override
    def allowed_to(self, actor: Actor, action: Action) -> Self:
        return self.filter(
            Q(user=actor.key)
            | Q(
                organization__memberships__user=actor.key,
                organization__memberships__is_owner=True,
            )
            | granted("accounts.Namespace", actor, action),
        ).distinct()

    @override
    def within(self, actor: Actor) -> Self:
        limit = actor.namespace_limit
        return self if limit is None else self.filter(pk=limit)

    @override
    def visible_to(self, actor: Actor) -> Self:
        """Members know of their organization, whatever they may do there."""
        if not (actor.is_active and actor.may_use(Action.PULL)):
            return self.none()
        member = Q(organization__memberships__user=actor.key)
        pullable = self.model._default_manager.permitted(actor, Action.PULL)
        known = self.filter(member | Q(pk__in=pullable.values("pk")))
        return known.within(actor).distinct()

    def concerning(self, actor: Actor, holding: models.QuerySet[Any]) -> Self:
        """Return the namespaces an actor owns, belongs to, or was granted something in.

        `holding` are keys of the namespaces in which a single repository was granted.
        """
        allowed = self.model._default_manager.permitted(actor, Action.PULL)
        own = self.model._default_manager.filter(
            organization__memberships__user=actor.key
        )
        return self.filter(
            Q(pk__in=allowed.values("pk"))
            | Q(pk__in=own.values("pk"))
            | Q(pk__in=holding)
        )

    def accounts_known_to(self, actor: Actor) -> Self:
        """Return the territories of accounts that an actor may know of.

        Administrators know all; others themselves, the organizations that they see,
        and who is in one of those. A name that is reserved only is no account.
        """
        rows = self.filter(Q(user__isnull=False) | Q(organization__isnull=False))
        if actor.is_administrator:
            return rows
        every = self.model._default_manager.all()
        seen = every.visible_to(actor).filter(organization__isnull=False).values("pk")
        members = apps.get_model("accounts.OrganizationMembership")._default_manager
        together = members.filter(organization__namespace__in=seen)
        oneself = every.filter(user=actor.key).within(actor).values("pk")
        return rows.filter(
            Q(pk__in=oneself)
            | Q(pk__in=seen)
            | Q(pk__in=together.values("user__namespace"))
        )

    def for_accounts(self) -> Self:
        """Return them with whom they belong to, and what eNZi tells of an account."""
        return self.select_related("user", "organization__namespace").annotate(
            is_imported=_has_login(user__namespace=OuterRef("pk")),
            members_count=_counted(
                "accounts.OrganizationMembership", "organization__namespace"
            ),
            teams_count=_counted("accounts.Team", "organization__namespace"),
        )


def _counted(model: str, field: str) -> Coalesce:
    """Return the number of rows whose field is the row asked for."""
    rows = apps.get_model(model)._default_manager.filter(**{field: OuterRef("pk")})
    counted = rows.order_by().values(field).annotate(count=Count("pk"))
    return Coalesce(Subquery(counted.values("count")), 0, output_field=IntegerField())


def _has_login(**of: Any) -> Exists:
    """Return the condition "signs in through a provider", such as a company's."""
    logins = apps.get_model("socialaccount.SocialAccount")._default_manager
    return Exists(logins.filter(**of))


class MembershipQuerySet(models.QuerySet[M_co]):
    """Memberships of organizations and of teams."""

    def for_accounts(self) -> Self:
        """Return them with their users, and `is_imported`."""
        rows = self.select_related("user")
        return rows.annotate(is_imported=_has_login(user=OuterRef("user")))

    def for_listing(self, search: str = "") -> Self:
        """Return those of people named like that, with `username` to sort by."""
        rows = self.select_related("user").annotate(username=F("user__username"))
        return rows.filter(user__username__icontains=search) if search else rows


class TeamQuerySet(models.QuerySet["Team"]):
    """Teams."""

    def for_listing(self, actor: Actor, search: str = "") -> Self:
        """Return those named like that, with `member_count` and `is_mine`."""
        members = self.model._meta.get_field("memberships").related_model
        of_team = members._default_manager.filter(team=OuterRef("pk"))
        counted = of_team.order_by().values("team").annotate(count=Count("pk"))
        rows = self.select_related("organization__namespace", "group").annotate(
            member_count=Coalesce(
                Subquery(counted.values("count")), 0, output_field=IntegerField()
            ),
            is_mine=Exists(of_team.filter(user=actor.key)),
        )
        return rows.filter(name__icontains=search) if search else rows


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    """Access tokens."""

    def usable(self) -> Self:
        """Return those that are good now, of people and robots who are, too."""
        now = timezone.now()
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            Q(user__robot__isnull=True) | Q(user__robot__expires_at__gt=now),
            Q(trust__isnull=True)
            | Q(trust__created_by__is_active=True, trust__issuer__is_enabled=True),
            is_active=True,
            revoked_at__isnull=True,
            user__is_active=True,
        )

    def visible_to(self, actor: Actor) -> Self:
        """Return the actor's own, and everybody's for administrators.

        A token that is limited to a namespace shows those with the same limit.
        """
        if actor.is_administrator:
            return self
        own = self.filter(user=actor.key)
        limit = actor.namespace_limit
        return own if limit is None else own.filter(namespace=limit)

    def unused_since(self, moment: datetime) -> Self:
        """Return those last used before; of those never used, the ones made before."""
        never = Q(last_used_at__isnull=True, created_at__lt=moment)
        return self.filter(Q(last_used_at__lt=moment) | never)


class RobotQuerySet(models.QuerySet["Robot"]):
    """Robots."""

    def with_care(self) -> Self:
        """Return them with `is_in_care`: somebody who may is responsible.

        Who is disabled or no longer administers the namespace is not; the robot works
        on, and its namespace's admins take over.
        """
        of_robot = {"content_object": OuterRef("namespace")}
        admin = {"permission__codename__in": levels_allowing(Action.ADMIN)}
        person = OuterRef("responsible")
        grants = [
            Exists(
                apps.get_model(
                    f"accounts.Namespace{kind}Grant"
                )._default_manager.filter(**of_robot, **admin, **holder)
            )
            for kind, holder in (
                ("User", {"user": person}),
                ("Group", {"group__user": person}),
            )
        ]
        owners = apps.get_model("accounts.OrganizationMembership")
        owns = Exists(
            owners._default_manager.filter(
                organization__namespace=OuterRef("namespace"),
                user=person,
                is_owner=True,
            )
        )
        may = (
            Q(responsible__is_superuser=True)
            | Q(namespace__user=F("responsible"))
            | Q(owns)
            | Q(grants[0])
            | Q(grants[1])
        )
        return self.annotate(
            is_in_care=Case(
                When(Q(responsible__is_active=True) & may, then=Value(value=True)),
                default=Value(value=False),
                output_field=BooleanField(),
            )
        )

    def to_take_over(self) -> Self:
        """Return those that work on, but of which nobody takes care."""
        active = self.filter(user__is_active=True, expires_at__gt=timezone.now())
        return active.with_care().filter(is_in_care=False)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows of a long list; `following` is the next page's key, "" at the end."""

    rows: list[M]
    following: str
    is_first: bool


def page_of(
    rows: models.QuerySet[M],
    key: str,
    *,
    order: str = "-created_at",
    size: int = PAGE_SIZE,
) -> Page[M]:
    """Return the page that starts behind `key`, in the order of a field and the key.

    The field may be an annotation, but never null. It costs the same on every page,
    and rows that are added do not shift it. A key that cannot be read is the first one.
    """
    field = order.removeprefix("-")
    rows = rows.order_by(order, order.replace(field, "id"))
    behind = _behind(rows, order, key)
    if behind is not None:
        rows = rows.filter(behind)
    found = list(rows[: size + 1])
    following = _key_of(found[size - 1], field) if len(found) > size else ""
    return Page(found[:size], following, is_first=behind is None)


def _key_of(row: models.Model, field: str) -> str:
    value = getattr(row, field)
    return f"{value.isoformat() if hasattr(value, 'isoformat') else value}~{row.pk}"


def _field(rows: models.QuerySet[Any], name: str) -> models.Field[Any, Any]:
    annotation: Any = rows.query.annotations.get(name)
    if annotation is None:
        return cast("models.Field[Any, Any]", rows.model._meta.get_field(name))
    return cast("models.Field[Any, Any]", annotation.output_field)


def _behind(rows: models.QuerySet[Any], order: str, key: str) -> Q | None:
    """Return the condition "comes after the row of that key"; None for the start."""
    field, side = order.removeprefix("-"), "lt" if order[0] == "-" else "gt"
    text, _, number = key.replace("\0", "").rpartition("~")
    try:
        value, pk = _field(rows, field).to_python(text), int(number)
        if isinstance(value, datetime):
            value = value.astimezone(UTC)
    except (OverflowError, ValidationError, ValueError):
        return None
    return Q(**{f"{field}__{side}": value}) | Q(**{field: value, f"pk__{side}": pk})
