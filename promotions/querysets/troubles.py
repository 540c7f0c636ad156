"""What can be wrong with a policy that runs, as conditions of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q

from accounts.access import Action, Actor
from accounts.models import Namespace
from repositories.models import Repository

if TYPE_CHECKING:
    from datetime import datetime


def rules(actor: Actor) -> dict[str, Any]:
    """Return whether the actor is an admin of the ends of what runs."""
    repositories = Repository.objects.permitted(actor, Action.ADMIN)
    namespaces = Namespace.objects.permitted(actor, Action.ADMIN)
    current = "current_version__"
    target = repositories.filter(
        namespace=OuterRef(f"{current}target_namespace"),
        name=OuterRef(f"{current}target_name"),
    )
    source = repositories.filter(pk=OuterRef(f"{current}source_repository"))
    return {
        "rules_source": _or(
            Exists(source), Exists(namespaces.filter(pk=OuterRef("source_namespace")))
        ),
        "rules_target": _or(
            Exists(target),
            Exists(namespaces.filter(pk=OuterRef(f"{current}target_namespace"))),
        ),
    }


def _or(one: Exists, other: Exists) -> ExpressionWrapper:
    return ExpressionWrapper(Q(one) | Q(other), models.BooleanField())


def lost_target() -> ExpressionWrapper:
    """Return whether the repository that it names was deleted, and is no more."""
    named = Repository.objects.filter(
        namespace=OuterRef("current_version__target_namespace"),
        name=OuterRef("current_version__target_name"),
    )
    gone = Exists(named.filter(deleted_at__isnull=False))
    return ExpressionWrapper(Q(gone) & ~Q(Exists(named.live())), models.BooleanField())


def cut_off(since: datetime) -> Exists:
    """Return whether one of its chains went on too long, since then."""
    promotions = apps.get_model("promotions.Promotion")._default_manager
    chains = promotions.filter(
        policy=OuterRef("pk"),
        created_at__gte=since,
        state="skipped",
        error_code__in=("HOP_LIMIT", "FAN_OUT_LIMIT"),
    )
    return Exists(chains)


def left() -> Exists:
    """Return whether somebody who agreed has no account any more."""
    consents = apps.get_model("promotions.PolicyConsent")._default_manager
    gone = consents.filter(
        policy_version=OuterRef("current_version"), decided_by__is_active=False
    )
    return Exists(gone)
