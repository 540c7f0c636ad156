"""Tabs: each is a page of its own, which any app can add to the bar of a kind of page.

The bars of namespaces and teams are here, those of repositories and tags in their app.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from accounts.access import Action
from accounts.models import Namespace, Organization
from accounts.permissions import check

if TYPE_CHECKING:
    from collections.abc import Collection

    from accounts.access import Actor
    from accounts.models import Team

# What a tab of a namespace may need beside actions: to belong to the organization.
MEMBERSHIP = "membership"


@dataclass(frozen=True, slots=True)
class Tab:
    """A page about an object, shown to who may do `needs` on it."""

    name: str
    title: str
    url_name: str
    icon: str
    order: int
    needs: str = Action.PULL


@dataclass(frozen=True, slots=True)
class TabLink:
    """A tab as it is shown on one page."""

    tab: Tab
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class TabBar:
    """The tabs that the apps registered for one kind of page."""

    tabs: dict[str, Tab] = field(default_factory=dict)

    def register(self, tab: Tab) -> None:
        """Add a tab; called by an app when it is ready."""
        self.tabs[tab.name] = tab

    def links(
        self, current: str, allowed: Collection[str], **arguments: str
    ) -> list[TabLink]:
        """Return the tabs to show; `arguments` are those of their addresses."""
        shown = (tab for tab in self.tabs.values() if tab.needs in allowed)
        return [
            TabLink(tab, reverse(tab.url_name, kwargs=arguments), tab.name == current)
            for tab in sorted(shown, key=lambda tab: tab.order)
        ]


of_namespace = TabBar()
of_team = TabBar()
of_person = TabBar()


def namespace_context(
    actor: Actor, namespace: Namespace, current: str, *, may_admin: bool | None = None
) -> dict[str, Any]:
    """Return what every page of a namespace shows; the actor may know of it.

    `may_admin` is given where that was asked already.
    """
    allowed: set[str] = {Action.PULL}
    if may_admin is None:
        may_admin = bool(check(actor, Action.ADMIN, namespace))
    if may_admin:
        allowed.add(Action.ADMIN)
    organization = None
    if not namespace.is_personal:
        organization = _organization_known_to(actor, namespace)
    if organization is not None:
        allowed.add(MEMBERSHIP)
    return {
        "namespace": namespace,
        "organization": organization,
        "may_admin": may_admin,
        "tabs": of_namespace.links(current, allowed, namespace=namespace.name),
    }


def team_context(actor: Actor, team: Team, current: str) -> dict[str, Any]:
    """Return what every page of a team shows; the actor belongs to its organization."""
    namespace = team.organization.namespace
    names = {"namespace": namespace.name, "team": team.name}
    return {
        **namespace_context(actor, namespace, "teams"),
        "team": team,
        "team_tabs": of_team.links(current, {Action.PULL}, **names),
    }


def person_context(current: str) -> dict[str, Any]:
    """Return what every page about oneself shows."""
    return {"tabs": of_person.links(current, {Action.PULL})}


def _organization_known_to(actor: Actor, namespace: Namespace) -> Organization | None:
    """Return the organization for who belongs to it; None for who only looks in."""
    visible = Namespace.objects.visible_to(actor).filter(pk=namespace.pk)
    rows = Organization.objects.select_related("primary_owner", "namespace")
    return rows.filter(namespace__in=visible.values("pk")).first()
