"""What can be wrong with a policy that runs, and whose it is, as conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, Subquery

from accounts.access import Action, Actor
from accounts.models import Namespace
from repositories.models import Repository

if TYPE_CHECKING:
    from datetime import datetime


def truth(condition: Q) -> ExpressionWrapper[Any]:
    """Return a condition as something to annotate."""
    return ExpressionWrapper(condition, models.BooleanField())


def target_key(version: str) -> Subquery:
    """Return the key of the repository that a version names; None while there is none.

    That key is then looked up among those that somebody may see, which are found once:
    asking for each policy whether its target is among them takes far longer.
    """
    named = Repository.objects.live().filter(
        namespace=OuterRef(f"{version}__target_namespace"),
        name=OuterRef(f"{version}__target_name"),
    )
    return Subquery(named.values("pk")[:1])


def rules(actor: Actor) -> dict[str, Any]:
    """Return whether the actor is an admin of the ends of what runs: `end_target`."""
    repositories = Repository.objects.permitted(actor, Action.ADMIN).values("pk")
    namespaces = Namespace.objects.permitted(actor, Action.ADMIN).values("pk")
    current = "current_version__"
    source = Q(**{f"{current}source_repository__in": repositories})
    target = Q(end_target__in=repositories)
    return {
        "rules_source": truth(source | Q(source_namespace__in=namespaces)),
        "rules_target": truth(
            target | Q(**{f"{current}target_namespace__in": namespaces})
        ),
    }


def lost_target() -> ExpressionWrapper[Any]:
    """Return whether the repository that it names was deleted, and is no more."""
    named = Repository.objects.filter(
        namespace=OuterRef("current_version__target_namespace"),
        name=OuterRef("current_version__target_name"),
    )
    gone = Exists(named.filter(deleted_at__isnull=False))
    return truth(Q(gone) & ~Q(Exists(named.live())))


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
