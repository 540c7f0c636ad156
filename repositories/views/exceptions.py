"""Hide vulnerabilities, show them again, and list what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.permissions import MissingRight, check
from accounts.querysets import page_of
from accounts.tabs import namespace_context
from accounts.views.once import once
from repositories.forms import HideForm
from repositories.models import VulnerabilityException
from repositories.services import exceptions
from repositories.tabs import repository_context, tag_context
from repositories.views.opening import asked, open_namespace, open_repository, open_tag

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from accounts.models import Namespace
    from repositories.models import Repository

PREFILLED = ("vulnerability", "component_name", "component_version", "layer_digest")


@login_required
@require_http_methods(["GET", "POST"])
@once
def hide(request: HttpRequest, namespace: str, name: str, tag: str) -> HttpResponse:
    """Show the form that hides a vulnerability of an image, or hide it."""
    actor = actor_of(request)
    found = open_tag(request, namespace, name, tag)
    repository = found.repository
    if not (answer := check(actor, Action.ADMIN, repository)):
        raise MissingRight(answer.reason, repository)
    image = asked(request, "image") or found.manifest.digest
    initial = {field: asked(request, field) for field in PREFILLED}
    form = HideForm(
        request.POST or None,
        initial=initial,
        repository=repository,
        digest=image,
        whole=bool(check(actor, Action.ADMIN, repository.namespace)),
    )
    if form.is_valid() and _hidden(actor, form):
        message = f"{form.cleaned_data['vulnerability']} is hidden."
        messages.success(request, message)
        return redirect("repositories:vulnerabilities", namespace, name, tag)
    context = {
        **tag_context(actor, found, "vulnerabilities"),
        "form": form,
        "image": image,
    }
    return render(request, "repositories/hide_form.html", context)


def _hidden(actor: Actor, form: HideForm) -> bool:
    try:
        exceptions.hide(actor=actor, **form.hidden())
    except ValidationError as error:
        form.refuse(error, {"expires_at": "days", "digest": "scope"})
        return False
    return True


@login_required
@require_safe
def repository_hidden(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Show the *Hidden* tab: what does not count in a repository, and what ended."""
    repository = open_repository(request, namespace, name)
    actor = actor_of(request)
    rows = VulnerabilityException.objects.of_places(
        [repository.pk], [repository.namespace_id]
    )
    administered = {repository.pk} if check(actor, Action.ADMIN, repository) else set()
    context = {
        **repository_context(actor, repository, "hidden"),
        **_listed(request, rows),
        "administers_repository": bool(administered),
        "administers_namespace": _administers(actor, repository.namespace),
    }
    return render(request, "repositories/repository_hidden.html", context)


@login_required
@require_safe
def namespace_hidden(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show what does not count in a whole namespace."""
    actor = actor_of(request)
    found = open_namespace(actor, namespace)
    rows = VulnerabilityException.objects.of_places([], [found.pk])
    shown = namespace_context(actor, found, "hidden")
    context = {
        **shown,
        **_listed(request, rows),
        "administers_namespace": shown["may_admin"],
    }
    return render(request, "repositories/namespace_hidden.html", context)


def _administers(actor: Actor, namespace: Namespace) -> bool:
    return bool(check(actor, Action.ADMIN, namespace))


def _listed(request: HttpRequest, rows: Any) -> dict[str, Any]:
    """Return a page of exceptions: those in force, or, with `ended`, the others."""
    now, ended = timezone.now(), bool(asked(request, "ended"))
    in_force = rows.in_force(now)
    wanted = rows.exclude(pk__in=in_force.values("pk")) if ended else in_force
    wanted = wanted.select_related(
        "author", "ended_by", "namespace", "repository__namespace"
    )
    return {
        "page": page_of(wanted, asked(request, "after")),
        "ended": ended,
        "now": now,
    }


@login_required
@require_POST
def unhide_in_repository(
    request: HttpRequest, namespace: str, name: str, uuid: UUID
) -> HttpResponse:
    """Let a vulnerability count again that was hidden in a repository."""
    repository = open_repository(request, namespace, name)
    _unhide(request, uuid, repository=repository)
    return redirect("repositories:hidden", namespace, name)


@login_required
@require_POST
def unhide_in_namespace(
    request: HttpRequest, namespace: str, uuid: UUID
) -> HttpResponse:
    """Let a vulnerability count again that was hidden in a namespace."""
    found = open_namespace(actor_of(request), namespace)
    _unhide(request, uuid, namespace=found)
    return redirect("repositories:namespace_hidden", namespace)


def _unhide(request: HttpRequest, uuid: UUID, **scope: Namespace | Repository) -> None:
    rows = VulnerabilityException.objects.filter(**scope)
    exception = get_object_or_404(rows, uuid=uuid)
    exceptions.unhide(actor=actor_of(request), exception=exception)
    messages.success(request, f"{exception.vulnerability} counts again.")
