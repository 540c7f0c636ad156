"""Pages of a namespace: its repositories and its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.forms.organizations import NamespaceSettingsForm
from accounts.permissions import check, require
from accounts.services import namespaces, organizations
from accounts.tabs import namespace_context
from repositories.models import Repository
from repositories.views.listing import listing_of
from repositories.views.opening import open_namespace

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor


@login_required
@require_safe
def namespace_detail(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show a namespace with those of its repositories that the reader may see."""
    actor, listing = actor_of(request), listing_of(request)
    found = open_namespace(actor, namespace)
    rows = Repository.objects.permitted(actor, Action.PULL).filter(namespace=found)
    shown = namespace_context(actor, found, "repositories")
    context = {
        **shown,
        "may_push": shown["may_admin"] or bool(check(actor, Action.PUSH, found)),
        "page": listing.page(rows),
        "listing": listing,
        "registry_host": settings.REGISTRY_PUBLIC_HOST,
    }
    return render(request, "repositories/namespace_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def namespace_settings(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show what holds for the whole namespace to its admins, or save it."""
    actor = actor_of(request)
    found = open_namespace(actor, namespace)
    require(actor, Action.ADMIN, found)
    shown = namespace_context(actor, found, "settings")
    form = NamespaceSettingsForm(
        request.POST or None,
        actor=actor,
        namespace=found,
        organization=shown["organization"],
    )
    if request.method == "POST" and form.is_valid() and _saved(actor, shown, form):
        messages.success(request, "The settings are saved.")
        return redirect("repositories:namespace_settings", namespace)
    context = {**shown, "form": form}
    return render(request, "repositories/namespace_settings.html", context)


def _saved(actor: Actor, shown: dict[str, Any], form: NamespaceSettingsForm) -> bool:
    """Save all that was changed, or nothing."""
    given, organization = form.cleaned_data, shown["organization"]
    try:
        with transaction.atomic():
            if "create_on_push" in form.changed_data:
                namespaces.update(
                    actor=actor,
                    namespace=shown["namespace"],
                    create_on_push=given["create_on_push"],
                )
            if "full_name" in form.changed_data:
                organizations.update(
                    actor=actor,
                    organization=organization,
                    full_name=given["full_name"],
                )
            if "primary_owner" in form.changed_data:
                organizations.hand_over(
                    actor=actor, organization=organization, to=given["primary_owner"]
                )
    except ValidationError as error:
        form.refuse(error)
        return False
    return True
