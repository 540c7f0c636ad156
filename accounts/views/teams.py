"""Pages of an organization's teams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.forms import MAX_SUGGESTIONS
from accounts.forms.organizations import TeamForm
from accounts.forms.people import TeamMemberForm
from accounts.models import User
from accounts.querysets import page_of
from accounts.services import teams
from accounts.tabs import namespace_context, team_context
from accounts.views.once import once
from accounts.views.opening import asked, open_organization, open_team

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import Team

TAKEN = {"__all__": "name"}


@login_required
@require_safe
def team_list(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show the teams of an organization to who belongs to it."""
    organization = open_organization(request, namespace)
    actor, search = actor_of(request), asked(request, "q")
    rows = organization.teams.for_listing(actor, search)
    context = {
        **namespace_context(actor, organization.namespace, "teams"),
        "page": page_of(rows, asked(request, "after"), order="name"),
        "search": search,
    }
    return render(request, "accounts/team_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@once
def create(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show the form of a new team to the organization's owners, or make it."""
    organization = open_organization(request, namespace, Action.ADMIN)
    actor = actor_of(request)
    form = TeamForm(request.POST or None)
    if form.is_valid():
        try:
            made = teams.create(
                actor=actor, organization=organization, **form.cleaned_data
            )
        except ValidationError as error:
            form.refuse(error, TAKEN)
        else:
            messages.success(request, f"{made} is made; add its members.")
            return redirect("accounts:team", namespace, made.name)
    context = {
        **namespace_context(actor, organization.namespace, "teams"),
        "form": form,
    }
    return render(request, "accounts/team_form.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def team(request: HttpRequest, namespace: str, team: str) -> HttpResponse:
    """Show who is in a team; the organization's owners add somebody."""
    posted = request.method == "POST"
    found = open_team(request, namespace, team, Action.ADMIN if posted else None)
    actor = actor_of(request)
    form = TeamMemberForm(request.POST or None)
    if posted and form.is_valid():
        user = form.cleaned_data["user"]
        teams.add_member(actor=actor, team=found, user=user)
        messages.success(request, f"{user} is in {found} now.")
        return redirect("accounts:team", namespace, team)
    search = asked(request, "q")
    rows = found.memberships.for_listing(search)
    context = {
        **team_context(actor, found, "members"),
        "form": form,
        "suggestions": _others(found),
        "page": page_of(rows, asked(request, "after"), order="username"),
        "search": search,
    }
    return render(request, "accounts/team.html", context)


def _others(team: Team) -> list[str]:
    """Return members of the organization who are not in the team, to choose from."""
    rows = team.organization.members.filter(is_active=True).exclude(teams=team)
    names = rows.order_by("username").values_list("username", flat=True)
    return list(names[:MAX_SUGGESTIONS])


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, namespace: str, team: str) -> HttpResponse:
    """Show the form that renames a team, or do it."""
    found = open_team(request, namespace, team, Action.ADMIN)
    actor = actor_of(request)
    initial = {"name": found.name, "description": found.description}
    form = TeamForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            changed = teams.update(actor=actor, team=found, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error, TAKEN)
        else:
            messages.success(request, "The team is saved.")
            return redirect("accounts:team", namespace, changed.name)
    context = {**team_context(actor, found, ""), "form": form}
    return render(request, "accounts/team_form.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, namespace: str, team: str) -> HttpResponse:
    """Ask whether the team is to go, then delete it."""
    found = open_team(request, namespace, team, Action.ADMIN)
    actor = actor_of(request)
    if request.method == "POST":
        teams.delete(actor=actor, team=found)
        messages.success(request, f"The team {found.name} is deleted.")
        return redirect("accounts:teams", namespace)
    context = {
        **team_context(actor, found, ""),
        "member_count": found.memberships.count(),
    }
    return render(request, "accounts/team_confirm_delete.html", context)


@login_required
@require_POST
def remove_member(
    request: HttpRequest, namespace: str, team: str, username: str
) -> HttpResponse:
    """Take somebody out of the team; they stay in the organization."""
    found = open_team(request, namespace, team, Action.ADMIN)
    rows = User.objects.filter(team_memberships__team=found)
    user = get_object_or_404(rows, username=username)
    teams.remove_member(actor=actor_of(request), team=found, user=user)
    messages.success(request, f"{user} is not in {found} any more.")
    return redirect("accounts:team", namespace, team)
