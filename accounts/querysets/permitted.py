"""The one tenant filter, `permitted()`, and the lists of who there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import (
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
)
from django.db.models.functions import Coalesce
from typing_extensions import override

from accounts.access import Action, Actor, levels_allowing

if TYPE_CHECKING:
    from accounts.models.namespace import Namespace
    from accounts.models.organization import Team

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


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
