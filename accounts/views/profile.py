"""One's own profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.authentication import actor_of, person_of
from accounts.forms.profile import ProfileForm
from accounts.models import OrganizationMembership, Team
from accounts.services import users
from accounts.tabs import person_context

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SHOWN = 100


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show who one is and where one belongs; take the name and the e-mail address."""
    actor = actor_of(request)
    user = person_of(request)
    present = {"full_name": user.get_full_name(), "email": user.email}
    form = ProfileForm(request.POST or None, initial=present)
    if form.is_valid():
        try:
            users.describe(actor=actor, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error, {"first_name": "full_name"})
        else:
            messages.success(request, "The profile is saved.")
            return redirect("accounts:profile")
    memberships = OrganizationMembership.objects.filter(user=actor.key)
    teams = Team.objects.filter(members=actor.key).select_related(
        "organization__namespace"
    )
    context = {
        **person_context("profile"),
        "form": form,
        "memberships": memberships.select_related("organization__namespace").order_by(
            "organization__namespace__name"
        )[:SHOWN],
        "teams": teams.order_by("organization__namespace__name", "name")[:SHOWN],
    }
    return render(request, "accounts/profile.html", context)
