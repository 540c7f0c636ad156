"""Every page of the portal, as everybody: who sees it, who is told why not."""

from __future__ import annotations

from enum import IntEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from tests.pages.addresses import portal_routes
from tests.pages.needs import NEEDS, POST_ONLY, REDIRECTS, STEPS, Need

if TYPE_CHECKING:
    from tests.pages.addresses import Route


class Rank(IntEnum):
    """What a person may do on `dev/website` and its namespace, more and more."""

    ANONYMOUS = 0
    STRANGER = 1
    READER = 2
    WRITER = 3
    REPOSITORY_ADMIN = 4
    OWNER = 5
    ADMINISTRATOR = 6


PERSONAS = {
    "anonymous": Rank.ANONYMOUS,
    "stranger": Rank.STRANGER,
    "rita": Rank.READER,
    "walter": Rank.WRITER,
    "nadia": Rank.REPOSITORY_ADMIN,
    "dana": Rank.OWNER,
    "admin": Rank.ADMINISTRATOR,
}
MEMBERS = {"walter", "dana", "admin"}
# What only members of the organization may know of.
OF_MEMBERS = (
    "promotions:namespace_",
    "accounts:",
    "repositories:team_",
    "repositories:namespace_permissions",
    "repositories:namespace_settings",
    "repositories:namespace_webhooks",
)
ENOUGH = {
    Need.NOTHING: Rank.ANONYMOUS,
    Need.ACCOUNT: Rank.STRANGER,
    Need.READ: Rank.READER,
    Need.WRITE: Rank.WRITER,
    Need.ADMIN: Rank.REPOSITORY_ADMIN,
    Need.OWN: Rank.OWNER,
    Need.ADMINISTER: Rank.ADMINISTRATOR,
}
ROUTES = {route.name: route for route in portal_routes()}


def test_every_address_has_a_row_and_every_row_an_address():
    assert sorted(ROUTES) == sorted({*NEEDS, *POST_ONLY, *REDIRECTS, *STEPS})


@pytest.mark.parametrize("persona", PERSONAS)
def test_who_sees_which_page(cast, browser_of, persona):
    client, wrong = browser_of(persona), {}
    for name, need in NEEDS.items():
        status = client.get(ROUTES[name].url(cast)).status_code
        expected = _expected(persona, need, ROUTES[name])
        if status != expected:
            wrong[name] = f"{status}, not {expected}"
    assert not wrong


def _expected(persona: str, need: Need, route: Route) -> int:
    rank = PERSONAS[persona]
    if need == Need.SIGNED_OUT:
        return HTTPStatus.FOUND if rank else HTTPStatus.OK
    if persona in MEMBERS if need == Need.MEMBER else rank >= ENOUGH[need]:
        return HTTPStatus.OK
    if rank == Rank.ANONYMOUS:
        return HTTPStatus.FOUND  # to the page that asks who one is
    return HTTPStatus.FORBIDDEN if _knows(persona, route) else HTTPStatus.NOT_FOUND


def _knows(persona: str, route: Route) -> bool:
    """Whether somebody may know that what the address names exists."""
    if not _names_something(route):
        return True
    if route.name.startswith(OF_MEMBERS):
        return persona in MEMBERS
    return PERSONAS[persona] > Rank.STRANGER


def _names_something(route: Route) -> bool:
    """What is global is administrators' alone, there or not."""
    of_all = ("promotions:global_", "promotions:admission", "repositories:global_")
    is_global = route.name.startswith(of_all)
    return bool(route.parameters) and not is_global


@pytest.mark.parametrize("name", sorted(POST_ONLY))
def test_what_changes_something_is_not_to_be_looked_at(cast, browser_of, name):
    url = ROUTES[name].url(cast)
    assert browser_of("admin").get(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.parametrize("name", sorted(POST_ONLY))
def test_a_stranger_changes_nothing(cast, browser_of, name):
    url = ROUTES[name].url(cast)
    assert browser_of("anonymous").post(url).status_code == HTTPStatus.FOUND
    if ROUTES[name].parameters:
        refused = _expected("stranger", Need.ADMINISTER, ROUTES[name])
        assert browser_of("stranger").post(url).status_code == refused
