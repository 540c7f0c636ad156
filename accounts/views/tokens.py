"""One's own access tokens: made, shown once, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.access import TokenScope
from accounts.authentication import actor_of, person_of
from accounts.forms.profile import TokenForm
from accounts.models import AccessToken
from accounts.querysets import page_of
from accounts.services import access_tokens
from accounts.tabs import person_context
from accounts.views.opening import asked

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.services.access_tokens import IssuedToken


@login_required
@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """List one's access tokens, the latest first."""
    rows = AccessToken.objects.filter(user=actor_of(request).key)
    page = page_of(rows.select_related("namespace"), asked(request, "after"))
    context = {**person_context("tokens"), "page": page}
    return render(request, "accounts/tokens.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@reauthentication_required
@never_cache
def new_token(request: HttpRequest) -> HttpResponse:
    """Show the form of a new token; or make it and show its secret, this once."""
    actor = actor_of(request)
    form = TokenForm(actor, request.POST or None)
    context = {**person_context("tokens"), "form": form}
    if form.is_valid():
        try:
            issued = _issue(request, form)
        except ValidationError as error:
            form.refuse(error)
        else:
            context |= {"issued": issued, "commands": _commands(issued)}
            return render(request, "accounts/token_made.html", context)
    return render(request, "accounts/token_form.html", context)


def _issue(request: HttpRequest, form: TokenForm) -> IssuedToken:
    wanted = form.wanted(request.headers.get("User-Agent", ""))
    return access_tokens.issue_wanted(
        actor=actor_of(request), user=person_of(request), wanted=wanted
    )


def _commands(issued: IssuedToken) -> list[str]:
    """Return what to type with the new token; nothing secret stands in a command."""
    name, scopes = issued.row.user.username, issued.row.scopes
    commands = []
    if {TokenScope.PULL, TokenScope.PUSH} & set(scopes):
        commands.append(f"docker login -u {name} {settings.REGISTRY_PUBLIC_HOST}")
    if TokenScope.API in scopes:
        commands.append(f"curl -u {name} {settings.PUBLIC_URL}/api/v0/repositories")
    return commands


@login_required
@require_POST
def revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Switch a token off for good."""
    token = get_object_or_404(AccessToken, uuid=uuid, user=actor_of(request).key)
    access_tokens.revoke(actor=actor_of(request), token=token)
    messages.success(request, f"“{token.label}” is revoked; nothing takes it any more.")
    return redirect("accounts:tokens")
