"""Who may do what: on a repository, in a whole namespace, and by being in a team."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import F
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import Action, GrantKind
from accounts.authentication import actor_of
from accounts.forms.people import TEAM, GrantForm
from accounts.models import NamespaceGroupGrant, Team, User
from accounts.permissions import check, require
from accounts.querysets import page_of
from accounts.services import grants
from accounts.services.access_list import holders_of, owners_of, suggestions
from accounts.tabs import namespace_context, team_context
from accounts.views.opening import open_team
from repositories.forms import TeamAccessForm
from repositories.models import Repository, RepositoryGroupGrant
from repositories.tabs import repository_context
from repositories.views.opening import asked, open_namespace, open_repository

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from accounts.models import Namespace


@login_required
@require_http_methods(["GET", "POST"])
def repository_permissions(
    request: HttpRequest, namespace: str, name: str
) -> HttpResponse:
    """Show who may do what on a repository, and why; its admins change it."""
    repository = open_repository(request, namespace, name, Action.ADMIN)
    actor = actor_of(request)
    form = _form(request, repository.namespace)
    if request.method == "POST" and _changed(request, repository, form):
        if check(actor, Action.ADMIN, repository):
            return redirect("repositories:permissions", namespace, name)
        return redirect("promotions:dashboard")
    context = {
        **repository_context(actor, repository, "permissions"),
        **_listed(request, repository, form),
        "inherited": holders_of(repository.namespace, asked(request, "q")),
        "owners": owners_of(repository.namespace),
        "namespace": repository.namespace,
    }
    return render(request, "repositories/repository_permissions.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def namespace_permissions(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show who may do what in a whole namespace; its admins change it."""
    actor = actor_of(request)
    found = open_namespace(actor, namespace)
    require(actor, Action.ADMIN, found)
    form = _form(request, found)
    if request.method == "POST" and _changed(request, found, form):
        if check(actor, Action.ADMIN, found):
            return redirect("repositories:namespace_permissions", namespace)
        return redirect("promotions:dashboard")
    context = {
        **namespace_context(actor, found, "permissions"),
        **_listed(request, found, form),
        "owners": owners_of(found),
    }
    return render(request, "repositories/namespace_permissions.html", context)


def _form(request: HttpRequest, namespace: Namespace) -> GrantForm:
    granting = request.method == "POST" and request.POST.get("do") != "revoke"
    data = request.POST if granting else None
    return GrantForm(data, namespace=namespace)


def _listed(
    request: HttpRequest, subject: Namespace | Repository, form: GrantForm
) -> dict[str, Any]:
    search = asked(request, "q")
    return {
        "form": form,
        "holders": holders_of(subject, search),
        "search": search,
        "grantees": suggestions(form.namespace),
    }


def _changed(
    request: HttpRequest, subject: Namespace | Repository, form: GrantForm
) -> bool:
    """Grant or take away what was posted; False when the form says what is wrong."""
    actor = actor_of(request)
    if not form.is_bound:
        _revoke(request, actor, subject, form.namespace)
        return True
    if not form.is_valid():
        return False
    to, level = form.cleaned_data["to"], form.cleaned_data["level"]
    try:
        grants.grant(actor=actor, level=level, to=to, on=subject)
    except ValidationError as error:
        form.refuse(error, {"__all__": "name"})
        return False
    name = form.cleaned_data["name"]
    messages.success(request, f"{name} has “{level.label}” on {subject} now.")
    return True


def _revoke(
    request: HttpRequest,
    actor: Actor,
    subject: Namespace | Repository,
    namespace: Namespace,
) -> None:
    """Take a grant away; who has none and who does not exist sound the same."""
    name = request.POST.get("name", "").replace("\0", "")
    scan = request.POST.get("level") == "scan"
    of = _holder(request.POST.get("kind", ""), name, namespace)
    kind = GrantKind.SCAN if scan else GrantKind.LEVEL
    if of and grants.revoke(actor=actor, of=of, on=subject, kind=kind):
        messages.success(request, f"{name} has no grant on {subject} any more.")
    else:
        messages.error(request, f"“{name}” had no grant on {subject}.")


def _holder(kind: str, name: str, namespace: Namespace) -> Team | User | None:
    if kind == TEAM:
        teams = Team.objects.select_related("group", "organization__namespace")
        return teams.filter(organization__namespace=namespace, name=name).first()
    return User.objects.filter(username=name).first()


@login_required
@require_http_methods(["GET", "POST"])
def team_access(request: HttpRequest, namespace: str, team: str) -> HttpResponse:
    """Show what a team may access, as far as the reader may pull it.

    Admins of the namespace change it.
    """
    posted = request.method == "POST"
    found = open_team(request, namespace, team, Action.ADMIN if posted else None)
    actor, owner = actor_of(request), found.organization.namespace
    form = TeamAccessForm(request.POST if posted else None, namespace=owner)
    if posted and form.is_valid():
        _change_access(request, actor, found, form)
        return redirect("repositories:team_access", namespace, team)
    whole = NamespaceGroupGrant.objects.filter(group=found.group, content_object=owner)
    context = {
        **team_context(actor, found, "access"),
        "form": form,
        "whole": whole.select_related("permission").order_by("kind"),
        "page": page_of(_granted(actor, found), asked(request, "after"), order="place"),
    }
    return render(request, "repositories/team_access.html", context)


def _granted(actor: Actor, team: Team) -> QuerySet[RepositoryGroupGrant]:
    """Return the team's grants on repositories that the reader may pull."""
    visible = Repository.objects.permitted(actor, Action.PULL)
    rows: QuerySet[RepositoryGroupGrant] = RepositoryGroupGrant.objects.filter(
        group=team.group, content_object__in=visible.values("pk")
    )
    rows = rows.select_related("permission", "content_object__namespace")
    return rows.annotate(place=F("content_object__name"))


def _change_access(
    request: HttpRequest, actor: Actor, team: Team, form: TeamAccessForm
) -> None:
    """Grant the team a level where the form says, or take it away there."""
    on, level = form.cleaned_data["repository"], form.cleaned_data["level"]
    if request.POST.get("do") == "revoke":
        kind = GrantKind.SCAN if level.value == "scan" else GrantKind.LEVEL
        grants.revoke(actor=actor, of=team, on=on, kind=kind)
        messages.success(request, f"{team.name} has no grant on {on} any more.")
    else:
        grants.grant(actor=actor, level=level, to=team, on=on)
        messages.success(request, f"{team.name} has “{level.label}” on {on} now.")
