"""From an address to an organization or a team, as far as the reader knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404

from accounts.authentication import actor_of
from accounts.models import Namespace, Organization, Team
from accounts.permissions import require

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.access import Action


def open_organization(
    request: HttpRequest, name: str, action: Action | None = None
) -> Organization:
    """Return an organization to who belongs to it or may pull all it has.

    With `action` only to who may do that; Http404 for strangers, PermissionDenied for
    the others.
    """
    actor = actor_of(request)
    visible = Namespace.objects.visible_to(actor).filter(name=name)
    rows = Organization.objects.select_related("namespace", "primary_owner")
    found = get_object_or_404(rows, namespace__in=visible.values("pk"))
    if action is not None:
        require(actor, action, found.namespace)
    return found


def open_team(
    request: HttpRequest, name: str, team: str, action: Action | None = None
) -> Team:
    """Return a team of an organization, likewise."""
    organization = open_organization(request, name, action)
    rows = Team.objects.select_related("organization__namespace", "group")
    return get_object_or_404(rows, organization=organization, name=team)


def asked(request: HttpRequest, name: str) -> str:
    """Return a parameter of the address, without what no database stores."""
    return request.GET.get(name, "").replace("\0", "").strip()
