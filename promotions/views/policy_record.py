"""What a policy did and decided lately, and how it came to be as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from accounts.access import Action
from promotions.models import Decision
from promotions.services.pipeline import DAYS, Numbers
from promotions.services.pipeline.numbers import numbers
from promotions.services.policies import Change, difference, is_about, shown
from promotions.views.addresses import history_at
from repositories.models import Repository

if TYPE_CHECKING:
    from promotions.models import PolicyVersion, PromotionPolicy
    from promotions.services.policies import Shown
    from promotions.views.places import Place

DECISIONS = 8
VERSIONS = 10


@dataclass(frozen=True, slots=True)
class Edition:
    """A version in the list of all, and what it changed of the one before."""

    version: PolicyVersion
    ends: Shown
    before: Shown | None
    changes: list[Change]


def record_of(place: Place, policy: PromotionPolicy) -> dict[str, Any]:
    """Return the policy's numbers, last decisions, versions, and where it is drawn.

    A repository shows its own part of a policy about many. Decisions are for who may
    pull the source, versions for admins.
    """
    return {
        "numbers": _numbers(place, policy),
        "days": DAYS,
        "history_url": _history_url(place, policy),
        "pipeline_url": pipeline_url(place),
        "decisions": _decisions(place, policy),
        "editions": _editions(place, policy) if place.administers else [],
    }


def _numbers(place: Place, policy: PromotionPolicy) -> Numbers:
    at = place.repository.full_name if place.repository else ""
    found = numbers(place.actor, [policy.pk]).items()
    fits = [
        one
        for way, one in found
        if way.policy == policy.pk and (not at or at in {way.source, way.target})
    ]
    return Numbers().plus(fits)


def _history_url(place: Place, policy: PromotionPolicy) -> str:
    if place.repository is None:
        query = {"policy": str(policy.uuid)}
        return str(reverse("promotions:promotions", query=query))
    version = policy.shown_version
    is_source = version.source_repository == place.repository
    is_source = is_source or is_about(version, place.repository)
    side = "" if is_source else "target"
    return history_at(place.repository.full_name, policy, side)


def pipeline_url(place: Place) -> str:
    """Return the pipeline as far as it is about the place."""
    query = {}
    if place.repository is not None:
        query = {"repository": place.repository.full_name}
    elif place.namespace is not None:
        query = {"namespace": place.namespace.name}
    return str(reverse("promotions:pipeline", query=query))


def _decisions(place: Place, policy: PromotionPolicy) -> list[Decision]:
    """Return the last decisions on tags that the reader may pull, with reasons."""
    pullable = Repository.objects.permitted(place.actor, Action.PULL).values("pk")
    rows = Decision.objects.filter(
        policy_version__policy=policy, tag_move__repository__in=pullable
    ).select_related("tag_move__repository__namespace", "policy_version")
    return list(rows.order_by("-id")[:DECISIONS])


def _editions(place: Place, policy: PromotionPolicy) -> list[Edition]:
    """Return the newest versions, each with what it changed.

    Of ends that the reader may not know, the template says only that they changed.
    """
    rows = policy.versions.select_related(
        "source_repository__namespace", "target_namespace", "created_by"
    )
    found = list(rows.order_by("-number")[: VERSIONS + 1])
    ends = shown(place.actor, found, place.repository)
    older: list[PolicyVersion | None] = [*found[1:], None]
    return [
        Edition(
            version=new,
            ends=ends[new.pk],
            before=ends[old.pk] if old else None,
            changes=difference(old, new) if old else [],
        )
        for new, old in zip(found, older, strict=True)
    ][:VERSIONS]
