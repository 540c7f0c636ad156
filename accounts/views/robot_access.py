"""How a robot gets in: by access tokens, or as a CI job that is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TokenScope
from accounts.authentication import actor_of
from accounts.forms.robots import CITrustForm, RobotTokenForm
from accounts.models import AccessToken
from accounts.services import access_tokens, ci_trusts
from accounts.views.once import once
from accounts.views.robots import open_robot, robots_context

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.services.access_tokens import IssuedToken


@login_required
@require_http_methods(["GET", "POST"])
@reauthentication_required
@never_cache
def new_token(request: HttpRequest, namespace: str, robot: str) -> HttpResponse:
    """Show the form of a robot's new token; or make it and show its secret, once."""
    found, actor = open_robot(request, namespace, robot), actor_of(request)
    form = RobotTokenForm(actor, request.POST or None)
    context = {**robots_context(request, found.namespace, found), "form": form}
    if form.is_valid():
        wanted = form.wanted(request.headers.get("User-Agent", ""))
        try:
            issued = access_tokens.issue_wanted(
                actor=actor, user=found.user, wanted=wanted
            )
        except ValidationError as error:
            form.refuse(error, {"expires_at": "days"})
        else:
            context |= {"issued": issued, "commands": _commands(issued)}
            return render(request, "accounts/robot_token_made.html", context)
    return render(request, "accounts/robot_token_form.html", context)


def _commands(issued: IssuedToken) -> list[str]:
    """Return what to type with the new token; nothing secret stands in a command."""
    if not {TokenScope.PULL, TokenScope.PUSH} & set(issued.row.scopes):
        return []
    host, name = settings.REGISTRY_PUBLIC_HOST, issued.row.user.username
    return [f"docker login -u {name} {host}"]


@login_required
@require_POST
def revoke_token(
    request: HttpRequest, namespace: str, robot: str, uuid: UUID
) -> HttpResponse:
    """Switch a token of a robot off for good."""
    found = open_robot(request, namespace, robot)
    token = get_object_or_404(AccessToken, uuid=uuid, user=found.user)
    access_tokens.revoke(actor=actor_of(request), token=token)
    messages.success(request, f"“{token.label}” is revoked; nothing takes it any more.")
    return redirect("accounts:robot", namespace, robot)


@login_required
@require_http_methods(["GET", "POST"])
@reauthentication_required
@once
def new_trust(request: HttpRequest, namespace: str, robot: str) -> HttpResponse:
    """Show the form that trusts jobs of a CI, or trust them."""
    found = open_robot(request, namespace, robot)
    form = CITrustForm(request.POST or None)
    if form.is_valid():
        actor, wanted = actor_of(request), form.wanted()
        try:
            ci_trusts.create(actor=actor, robot=found, wanted=wanted)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Those jobs are let in as {found}.")
            return redirect("accounts:robot", namespace, robot)
    context = {**robots_context(request, found.namespace, found), "form": form}
    return render(request, "accounts/ci_trust_form.html", context)


@login_required
@require_POST
def end_trust(
    request: HttpRequest, namespace: str, robot: str, uuid: UUID
) -> HttpResponse:
    """Let those jobs in no longer."""
    found = open_robot(request, namespace, robot)
    trust = get_object_or_404(found.trusts.select_related("issuer"), uuid=uuid)
    ci_trusts.delete(actor=actor_of(request), trust=trust)
    messages.success(request, f"Those jobs of {trust.issuer} are let in no longer.")
    return redirect("accounts:robot", namespace, robot)
