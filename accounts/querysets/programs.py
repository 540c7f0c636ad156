"""Reads of what programs sign in with: access tokens, and robots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from django.apps import apps
from django.db import models
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    Value,
    When,
)
from django.utils import timezone

from accounts.access import Action, levels_allowing

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.access import Actor
    from accounts.models.access_token import AccessToken
    from accounts.models.robot import Robot


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
        in_care = Q(responsible__is_active=True) & _responsible_administers()
        return self.annotate(
            is_in_care=Case(
                When(in_care, then=Value(value=True)),
                default=Value(value=False),
                output_field=BooleanField(),
            )
        )

    def to_take_over(self) -> Self:
        """Return those that work on, but of which nobody takes care."""
        active = self.filter(user__is_active=True, expires_at__gt=timezone.now())
        return active.with_care().filter(is_in_care=False)

    def to_take_over_by(self, actor: Actor) -> Self:
        """Return those of them that the actor administers, and so can take over."""
        namespaces = cast("Any", apps.get_model("accounts.Namespace"))._default_manager
        own = namespaces.permitted(actor, Action.ADMIN).values("pk")
        return self.to_take_over().filter(namespace__in=own)


def _responsible_administers() -> Q:
    """Return the condition, for each robot, that `permitted()` puts for one actor."""
    person, namespace = OuterRef("responsible"), OuterRef("namespace")
    owns = _exists(
        "OrganizationMembership",
        organization__namespace=namespace,
        user=person,
        is_owner=True,
    )
    admin = {"permission__codename__in": levels_allowing(Action.ADMIN)}
    on = {"content_object": namespace, **admin}
    return (
        Q(responsible__is_superuser=True)
        | Q(namespace__user=F("responsible"))
        | Q(owns)
        | Q(_exists("NamespaceUserGrant", user=person, **on))
        | Q(_exists("NamespaceGroupGrant", group__user=person, **on))
    )


def _exists(model: str, **condition: Any) -> Exists:
    return Exists(
        apps.get_model(f"accounts.{model}")._default_manager.filter(**condition)
    )
