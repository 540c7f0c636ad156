"""Policies in lists and one by one: what they do, who agreed, and switching them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.models import Namespace
from promotions.models import PolicyConsent, PromotionPolicy
from promotions.permissions import administers
from promotions.services import policies
from promotions.services.policies import switching
from promotions.tasks import apply_policy
from promotions.views.history import history_context
from promotions.views.places import Place, open_place
from promotions.views.policy_record import pipeline_url, record_of
from promotions.views.rows import links_of, rows_of
from repositories.tasks import wake
from repositories.views import asked

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from promotions.models import PolicyVersion
    from promotions.services.policies import Shown

POLICIES_SHOWN = 100
REPOSITORIES_SHOWN = 50
ANSWERS = {
    "accept": (policies.accept, "You agreed."),
    "decline": (policies.decline, "You declined; what runs goes on."),
    "withdraw": (policies.withdraw, "The consent is withdrawn: the policy stops."),
}


@login_required
@require_safe
def policy_list(
    request: HttpRequest, namespace: str = "", name: str = ""
) -> HttpResponse:
    """Show the policies of a place, as the source or as the target, and the history."""
    place = open_place(request, namespace, name)
    as_source = asked(request, "as") != "target"
    rows = place.outgoing() if as_source else place.incoming()
    context = {
        **place.context,
        "as_source": as_source,
        "rows": rows_of(rows.with_consents()[:POLICIES_SHOWN], place),
        "policies_shown": POLICIES_SHOWN,
        "new_url": place.url("new_policy"),
        "pipeline_url": pipeline_url(place),
        **(history_context(request, place.repository) if place.repository else {}),
    }
    return render(request, "promotions/policy_list.html", context)


@login_required
@require_safe
def policy_detail(
    request: HttpRequest, uuid: UUID, namespace: str = "", name: str = ""
) -> HttpResponse:
    """Show what a policy does, whether it runs, and who agreed to it."""
    place = open_place(request, namespace, name)
    policy = place.policy(uuid)
    return render(request, "promotions/policy_detail.html", _page(place, policy))


def _page(place: Place, policy: PromotionPolicy) -> dict[str, Any]:
    version, proposed = policy.shown_version, policy.proposed_version
    version.policy = policy
    ends = policies.shown(place.actor, [version], place.repository)[version.pk]
    speaks_for_source = administers(place.actor, policies.Ends.of(version).source)
    return {
        **place.context,
        "policy": policy,
        "version": version,
        "ends": ends,
        "sides": _sides(place, version, ends),
        "proposal": proposed and policy.current_version and _proposal(place, proposed),
        "may_edit": speaks_for_source,
        "may_stop": policies.may_stop(place.actor, policy),
        "may_delete": _may_delete(place, policy),
        "links": links_of(place, policy),
        "back": place.url("policies"),
        **record_of(place, policy),
        **_reach(version, shows=speaks_for_source),
    }


def _proposal(place: Place, proposed: PolicyVersion) -> dict[str, Any]:
    """Return what waits beside what runs: the difference, and who has to agree."""
    policy = proposed.policy
    current = policy.current_version
    ends = policies.shown(place.actor, [proposed], place.repository)[proposed.pk]
    return {
        "version": proposed,
        "ends": ends,
        "changes": policies.difference(current, proposed) if current else [],
        "sides": _sides(place, proposed, ends),
    }


def _sides(place: Place, version: PolicyVersion, ends: Shown) -> list[dict[str, Any]]:
    """Return both sides of a version: what they said, and who may say something."""
    answers = {consent.side: consent for consent in version.consents.all()}
    admins = policies.Ends.of(version)
    return [
        {
            "side": side,
            "consent": answers.get(side),
            "tells_who": ends.knows(side),
            "tells_why": ends.is_whole,
            "may_answer": administers(place.actor, admins.on(side)),
        }
        for side in PolicyConsent.Side
    ]


def _may_delete(place: Place, policy: PromotionPolicy) -> bool:
    if policy.scope == PromotionPolicy.Scope.REPOSITORY:
        return policies.may_stop(place.actor, policy)
    return administers(place.actor, policies.Ends.of(policy.shown_version).source)


def _reach(version: PolicyVersion, *, shows: bool) -> dict[str, Any]:
    """Return what a pattern is about now, to those whose namespaces it is about."""
    if not (shows and version.source_pattern):
        return {"survey": None, "admissions": []}
    admissions = version.policy.admissions.select_related("namespace", "admitted_by")
    return {
        "survey": policies.survey(version),
        "repositories_shown": REPOSITORIES_SHOWN,
        "admissions": admissions.order_by("namespace__name"),
    }


@login_required
@require_POST
def answer(
    request: HttpRequest, uuid: UUID, namespace: str = "", name: str = ""
) -> HttpResponse:
    """Accept, decline or withdraw from the version that the reader looked at."""
    place = open_place(request, namespace, name)
    policy = place.policy(uuid)
    version = _version(policy, request.POST.get("version", ""))
    side = request.POST.get("side", "")
    if request.POST.get("answer") not in ANSWERS or side not in PolicyConsent.Side:
        raise Http404
    service, said = ANSWERS[request.POST["answer"]]
    comment = request.POST.get("comment", "").replace("\0", "").strip()[:500]
    try:
        policy = service(actor=place.actor, version=version, side=side, comment=comment)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said)
        if policy.apply_wanted_at:
            wake(apply_policy, policy.pk)
    return redirect(place.url("policy", uuid))


def _version(policy: PromotionPolicy, uuid: str) -> PolicyVersion:
    """Return the version that the reader looked at; Http404 for what is none."""
    try:
        return get_object_or_404(policy.versions, uuid=UUID(uuid))
    except ValueError as error:
        raise Http404 from error


@login_required
@require_POST
def retract_proposal(
    request: HttpRequest, uuid: UUID, namespace: str = "", name: str = ""
) -> HttpResponse:
    """Take back what waits for consent."""
    place = open_place(request, namespace, name)
    try:
        policy = policies.retract(actor=place.actor, policy=place.policy(uuid))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(place.url("policy", uuid))
    messages.success(request, "The proposal is taken back.")
    gone = policy.deleted_at is not None
    return redirect(place.url("policies") if gone else place.url("policy", uuid))


@login_required
@require_POST
def change_admission(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Let a global policy act in a namespace, or keep it out."""
    place = open_place(request)
    policy = place.policy(uuid)
    namespace = get_object_or_404(
        Namespace, name=request.POST.get("namespace", "").replace("\0", "")
    )
    change = policies.dismiss if "dismiss" in request.POST else policies.admit
    try:
        change(actor=place.actor, policy=policy, namespace=namespace)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(place.url("policy", uuid))


@login_required
@require_POST
def switch_policy(
    request: HttpRequest, uuid: UUID, namespace: str = "", name: str = ""
) -> HttpResponse:
    """Switch a policy on or off."""
    place = open_place(request, namespace, name)
    policy = place.policy(uuid)
    enabled = request.POST.get("enabled") == "on"
    try:
        policies.update(actor=place.actor, policy=policy, changes={}, enabled=enabled)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        said = f"The policy is switched {'on' if enabled else 'off'}."
        messages.success(request, said)
    if "as" in request.POST:
        return redirect(_list_url(place, policy))
    return redirect(place.url("policy", uuid))


def _list_url(place: Place, policy: PromotionPolicy) -> str:
    """Return the address of the list in which the policy stands here."""
    url = place.url("policies")
    is_source = place.outgoing().filter(pk=policy.pk).exists()
    return url if is_source else f"{url}?as=target"


@login_required
@require_http_methods(["GET", "POST"])
def delete_policy(
    request: HttpRequest, uuid: UUID, namespace: str = "", name: str = ""
) -> HttpResponse:
    """Ask, then delete a policy; what it promoted stays."""
    place = open_place(request, namespace, name)
    policy = place.policy(uuid)
    if request.method == "POST":
        back = _list_url(place, policy)
        policies.delete(actor=place.actor, policy=policy)
        messages.success(request, "The policy is deleted; what it promoted stays.")
        return redirect(back)
    switching.require_deleter(place.actor, policy)
    version = policy.shown_version
    context = {
        **place.context,
        "policy": policy,
        "version": version,
        "ends": policies.shown(place.actor, [version], place.repository)[version.pk],
        "back": place.url("policy", uuid),
    }
    return render(request, "promotions/policy_confirm_delete.html", context)
