"""Robots of a namespace: made, renewed, switched and taken over by its admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from accounts.forms.robots import RenewForm, RobotForm, ends_in
from accounts.models import AccessToken, Namespace, Robot
from accounts.permissions import require
from accounts.querysets import page_of
from accounts.services import robots
from accounts.services.ci_trusts import MAX_TRUSTS
from accounts.tabs import namespace_context
from accounts.views.once import once
from accounts.views.opening import asked

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def open_namespace(request: HttpRequest, name: str) -> Namespace:
    """Return a namespace to its admins; Http404 or PermissionDenied for others."""
    actor = actor_of(request)
    found = get_object_or_404(Namespace.objects.visible_to(actor), name=name)
    require(actor, Action.ADMIN, found)
    return found


def open_robot(request: HttpRequest, namespace: str, robot: str) -> Robot:
    """Return a robot, with `is_in_care`, to the admins of its namespace."""
    owner = open_namespace(request, namespace)
    rows = Robot.objects.with_care().select_related("user", "namespace", "responsible")
    return get_object_or_404(rows, namespace=owner, name=robot)


def robots_context(
    request: HttpRequest, namespace: Namespace, robot: Robot | None = None
) -> dict[str, Any]:
    """Return what every page of robots shows; the reader administers the namespace."""
    actor = actor_of(request)
    shown = namespace_context(actor, namespace, "robots", may_admin=True)
    return {**shown, "robot": robot}


@login_required
@require_safe
def robot_list(request: HttpRequest, namespace: str) -> HttpResponse:
    """List the robots of a namespace."""
    owner, search = open_namespace(request, namespace), asked(request, "q")
    rows = Robot.objects.filter(namespace=owner, name__icontains=search).with_care()
    rows = rows.select_related("user", "namespace", "responsible")
    context = {
        **robots_context(request, owner),
        "page": page_of(rows, asked(request, "after"), order="name"),
        "search": search,
    }
    return render(request, "accounts/robots.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@once
def create(request: HttpRequest, namespace: str) -> HttpResponse:
    """Show the form of a new robot, or make it."""
    owner = open_namespace(request, namespace)
    form = RobotForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = robots.create(
                actor=actor_of(request),
                namespace=owner,
                name=given["name"],
                description=given["description"],
                expires_at=ends_in(given["days"]),
            )
        except ValidationError as error:
            form.refuse(error, {"__all__": "name", "expires_at": "days"})
        else:
            messages.success(request, f"{made} is made. It may do nothing yet.")
            return redirect("accounts:robot", namespace, made.name)
    context = {**robots_context(request, owner), "form": form}
    return render(request, "accounts/robot_form.html", context)


@login_required
@require_safe
def robot(request: HttpRequest, namespace: str, robot: str) -> HttpResponse:
    """Show one robot: its access tokens, and the CI that is let in as it."""
    found = open_robot(request, namespace, robot)
    tokens = AccessToken.objects.filter(user=found.user).select_related("namespace")
    trusts = found.trusts.select_related("issuer", "created_by").order_by("-id")
    context = {
        **robots_context(request, found.namespace, found),
        "page": page_of(tokens, asked(request, "after")),
        "trusts": trusts[:MAX_TRUSTS],
    }
    return render(request, "accounts/robot.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@once
def edit(request: HttpRequest, namespace: str, robot: str) -> HttpResponse:
    """Show the form that describes and renews a robot, or do so."""
    found = open_robot(request, namespace, robot)
    initial = {"description": found.description}
    form = RenewForm(request.POST or None, initial=initial)
    if form.is_valid():
        given = form.cleaned_data
        robots.update(
            actor=actor_of(request),
            robot=found,
            description=given["description"],
            expires_at=ends_in(given["days"]) if given["days"] else None,
        )
        messages.success(request, f"{found} is changed.")
        return redirect("accounts:robot", namespace, robot)
    context = {**robots_context(request, found.namespace, found), "form": form}
    return render(request, "accounts/robot_form.html", context)


@login_required
@require_POST
def switch(request: HttpRequest, namespace: str, robot: str) -> HttpResponse:
    """Disable a robot, or enable it again."""
    found = open_robot(request, namespace, robot)
    on = request.POST.get("do") == "enable"
    robots.update(actor=actor_of(request), robot=found, is_active=on)
    said = "works again" if on else "is disabled; nothing of it gets in any more"
    messages.success(request, f"{found} {said}.")
    return redirect("accounts:robot", namespace, robot)


@login_required
@require_POST
def take_over(request: HttpRequest, namespace: str, robot: str) -> HttpResponse:
    """Become responsible for a robot."""
    found = open_robot(request, namespace, robot)
    robots.take_over(actor=actor_of(request), robot=found)
    messages.success(request, f"You are responsible for {found} now.")
    return redirect("accounts:robot", namespace, robot)
