"""What a policy did and decided lately, and how it came to be as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import Action
from accounts.permissions import require
from promotions.models import Decision
from promotions.services.pipeline import DAYS, Numbers
from promotions.services.pipeline.numbers import numbers
from promotions.services.policies import (
    Change,
    Ends,
    difference,
    is_about,
    shown,
    survey,
)
from promotions.views.addresses import history_at
from promotions.views.places import open_place
from repositories.models import Repository

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from promotions.models import PolicyVersion, PromotionPolicy
    from promotions.services.policies import Shown
    from promotions.views.places import Place

DECISIONS = 8
VERSIONS = 10
REPOSITORIES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Edition:
    """A version in the list of all, and what it changed of the one before."""

    version: PolicyVersion
    ends: Shown
    before: Shown | None
    changes: list[Change]


# The pages of one policy, by the ends of their names.
PAGES = (("policy", "Policy"), ("record", "Record"), ("versions", "Versions"))


def policy_head(place: Place, policy: PromotionPolicy, page: str) -> dict[str, Any]:
    """Return what the pages of a policy have in common; versions are for admins."""
    return {
        "policy": policy,
        "back": place.url("policies"),
        "pages": [
            {
                "title": title,
                "url": place.url(name, policy.uuid),
                "is_this": name == page,
            }
            for name, title in PAGES
            if name != "versions" or place.administers
        ],
    }


@login_required
@require_safe
def policy_record(
    request: HttpRequest, uuid: UUID, namespace: str = "", name: str = ""
) -> HttpResponse:
    """Show the policy's numbers, what it decided last, and what it is about now.

    A repository shows its own part of a policy about many. Decisions are for who may
    pull the source.
    """
    place = open_place(request, namespace, name)
    policy = place.policy(uuid)
    context = {
        **place.context,
        **policy_head(place, policy, "record"),
        "numbers": _numbers(place, policy),
        "days": DAYS,
        "history_url": _history_url(place, policy),
        "pipeline_url": pipeline_url(place),
        "decisions": _decisions(place, policy),
        **_reach(place, policy),
    }
    return render(request, "promotions/policy_record.html", context)


@login_required
@require_safe
def policy_versions(
    request: HttpRequest, uuid: UUID, namespace: str = "", name: str = ""
) -> HttpResponse:
    """Show to admins of the place how the policy came to be as it is."""
    place = open_place(request, namespace, name)
    if place.repository is not None:
        require(place.actor, Action.ADMIN, place.repository)
    policy = place.policy(uuid)
    context = {
        **place.context,
        **policy_head(place, policy, "versions"),
        "editions": _editions(place, policy),
    }
    return render(request, "promotions/policy_versions.html", context)


def _reach(place: Place, policy: PromotionPolicy) -> dict[str, Any]:
    """Return what a pattern is about now, to those whose namespaces it is about."""
    version = policy.shown_version
    if not version.source_pattern or not place.speaks_for(Ends.of(version).source):
        return {"survey": None}
    shown = {"survey": survey(version), "repositories_shown": REPOSITORIES_SHOWN}
    if policy.scope != policy.Scope.GLOBAL:
        return {**shown, "admissions": []}
    rows = policy.admissions.select_related("namespace", "admitted_by")
    return {**shown, "admissions": rows.order_by("namespace__name")}


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
