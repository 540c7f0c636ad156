"""Pages of organizations: making one, and who is in it."""

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
from accounts.forms.organizations import OrganizationForm
from accounts.forms.people import MemberForm
from accounts.models import User
from accounts.permissions import require_administrator
from accounts.querysets import page_of
from accounts.services import organizations
from accounts.tabs import namespace_context
from accounts.views.once import once
from accounts.views.opening import asked, open_organization

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from accounts.models import Organization


@login_required
@require_http_methods(["GET", "POST"])
@once
def create(request: HttpRequest) -> HttpResponse:
    """Show the form of a new organization to administrators, or make it."""
    actor = actor_of(request)
    require_administrator(actor)
    form = OrganizationForm(request.POST or None, initial={"primary_owner": actor.name})
    if form.is_valid():
        try:
            made = organizations.create(actor=actor, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{made} is ready; add its members.")
            return redirect("accounts:members", made)
    return render(request, "accounts/organization_form.html", {"form": form})


@login_required
@require_http_methods(["GET", "POST"])
def members(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show who is in an organization; its owners add somebody."""
    posted = request.method == "POST"
    organization = open_organization(
        request, namespace, Action.ADMIN if posted else None
    )
    actor = actor_of(request)
    form = MemberForm(request.POST or None)
    if posted and form.is_valid() and _added(actor, organization, form):
        messages.success(
            request, f"{form.cleaned_data['user']} is in {organization} now."
        )
        return redirect("accounts:members", namespace)
    search = asked(request, "q")
    rows = organization.memberships.for_listing(search)
    context = {
        **namespace_context(actor, organization.namespace, "members"),
        "form": form,
        "page": page_of(rows, asked(request, "after"), order="username"),
        "search": search,
    }
    return render(request, "accounts/members.html", context)


def _added(actor: Actor, organization: Organization, form: MemberForm) -> bool:
    user, is_owner = form.cleaned_data["user"], form.cleaned_data["role"] == "owner"
    if organization.memberships.filter(user=user).exists():
        message = f"{user} is in {organization} already; change the role in the list."
        form.add_error("user", message)
        return False
    try:
        organizations.set_member(
            actor=actor, organization=organization, user=user, is_owner=is_owner
        )
    except ValidationError as error:
        form.refuse(error, {"__all__": "user"})
        return False
    return True


@login_required
@require_POST
def change_role(request: HttpRequest, namespace: str, username: str) -> HttpResponse:
    """Make a member an owner, or an owner a member."""
    organization = open_organization(request, namespace, Action.ADMIN)
    user = _member(organization, username)
    is_owner = request.POST.get("role") == "owner"
    try:
        organizations.set_member(
            actor=actor_of(request),
            organization=organization,
            user=user,
            is_owner=is_owner,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        role = "an owner" if is_owner else "a member"
        messages.success(request, f"{user} is {role} of {organization} now.")
    return redirect("accounts:members", namespace)


@login_required
@require_http_methods(["GET", "POST"])
def remove_member(request: HttpRequest, namespace: str, username: str) -> HttpResponse:
    """Ask whether somebody is to leave the organization and its teams; then do it."""
    organization = open_organization(request, namespace, Action.ADMIN)
    user = _member(organization, username)
    actor = actor_of(request)
    if request.method == "POST":
        try:
            organizations.remove_member(
                actor=actor, organization=organization, user=user
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, f"{user} is not in {organization} any more.")
        if user.pk == actor.key:
            return redirect("promotions:dashboard")
        return redirect("accounts:members", namespace)
    context = {
        **namespace_context(actor, organization.namespace, "members"),
        "member": user,
        "member_teams": organization.teams.filter(members=user).order_by("name"),
    }
    return render(request, "accounts/member_confirm_remove.html", context)


def _member(organization: Organization, username: str) -> User:
    rows = User.objects.filter(memberships__organization=organization)
    return get_object_or_404(rows, username=username)


@login_required
@require_safe
def organization(request: HttpRequest, namespace: str) -> HttpResponse:
    """Lead from an organization's short address to its members."""
    open_organization(request, namespace)
    return redirect("accounts:members", namespace)
