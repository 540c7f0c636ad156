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
from promotions.services import policies
from promotions.services.policies import switching
from promotions.tasks import apply_policy
from promotions.views.history import history_context
from promotions.views.places import Place, open_place
from promotions.views.policy_record import pipeline_url, policy_head
from promotions.views.rows import links_of, rows_of
from repositories.tasks import wake
from repositories.views import asked

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from promotions.models import PolicyVersion
    from promotions.services.policies import Shown

POLICIES_SHOWN = 100
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
        "charts_url": _charts_url(place, as_source=as_source),
        **(history_context(request, place.repository) if place.repository else {}),
    }
    return render(request, "promotions/policy_list.html", context)


def _charts_url(place: Place, *, as_source: bool) -> str:
    """Return where the promotions of the place are drawn; "" for global policies."""
    if place.repository is None and place.namespace is None:
        return ""
    return f"{place.url('charts')}?as={'source' if as_source else 'target'}"


@login_required
@require_safe
def charts(request: HttpRequest, namespace: str, name: str = "") -> HttpResponse:
    """Draw the promotions of a place day by day, for its list of policies to fetch."""
    place = open_place(request, namespace, name)
    as_source = asked(request, "as") != "target"
    context = {"namespace": None, **place.context, "as_source": as_source}
    return render(request, "promotions/charts.html", context)


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
    versions = [version, *([proposed] if proposed else [])]
    ends = policies.shown(place.actor, versions, place.repository)
    voice = place.voice(version)
    is_of_one = policy.scope == PromotionPolicy.Scope.REPOSITORY
    changing = proposed is not None and policy.current_version is not None
    return {
        **place.context,
        **policy_head(place, policy, "policy"),
        "version": version,
        "ends": ends[version.pk],
        "sides": _sides(version, ends[version.pk], voice),
        "proposal": proposed and changing and _proposal(place, proposed, ends),
        "may_edit": voice.source,
        "may_stop": voice.may_stop,
        "may_delete": voice.may_stop if is_of_one else voice.source,
        "links": links_of(place, policy),
        "tells_file": voice.source or ends[version.pk].is_whole,
        "release_url": place.url("release", policy.uuid) if voice.source else "",
    }


def _proposal(
    place: Place, proposed: PolicyVersion, ends: dict[int, Shown]
) -> dict[str, Any]:
    """Return what waits beside what runs: the difference, and who has to agree."""
    current = proposed.policy.current_version
    return {
        "version": proposed,
        "ends": ends[proposed.pk],
        "changes": policies.difference(current, proposed) if current else [],
        "sides": _sides(proposed, ends[proposed.pk], place.voice(proposed)),
    }


def _sides(
    version: PolicyVersion, ends: Shown, voice: policies.Voice
) -> list[dict[str, Any]]:
    """Return both sides of a version: what they said, and who may say something."""
    answers = {consent.side: consent for consent in version.consents.all()}
    return [
        {
            "side": side,
            "consent": answers.get(side),
            "tells_who": ends.knows(side),
            "tells_why": ends.is_whole,
            "may_answer": voice.on(side),
        }
        for side in PolicyConsent.Side
    ]


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
def release_policy(
    request: HttpRequest, uuid: UUID, namespace: str = "", name: str = ""
) -> HttpResponse:
    """Take a policy from the file that owns it."""
    place = open_place(request, namespace, name)
    policies.release(actor=place.actor, policy=place.policy(uuid))
    said = "The policy is released from its file; it is changed here again."
    messages.success(request, said)
    return redirect(place.url("policy", uuid))


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
    return redirect(place.url("record", uuid))


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
