"""Each page of namespaces, organizations and repositories, opened by everybody.

`dev` is Dana's organization with the team `developers`; `dev/website` is private and
`dev/open` public.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from accounts.access import SYSTEM, AccessLevel
from accounts.models import AuditEvent, Namespace, Organization, Team
from accounts.services import organizations, teams
from repositories.models import Repository
from tests.factories import grant, make_repository, make_tag, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE = (
    *("anonymous", "stranger", "reader", "writer", "admin", "member"),
    *("captain", "owner", "root"),
)
# What each of PEOPLE hears.
EVERYBODY = (302, 200, 200, 200, 200, 200, 200, 200, 200)
READERS = (302, 404, 200, 200, 200, 404, 200, 200, 200)
ADMINS = (302, 404, 403, 403, 200, 404, 200, 200, 200)
MEMBERS = (302, 404, 404, 404, 404, 200, 200, 200, 200)
OWNERS = (302, 404, 404, 404, 404, 403, 200, 200, 200)
ADMINISTRATORS = (302, 403, 403, 403, 403, 403, 403, 403, 200)

ORGANIZATION = "/organizations/dev"
TEAM = f"{ORGANIZATION}/teams/developers"
PAGES = {
    "/repositories": EVERYBODY,
    "/organizations/new": ADMINISTRATORS,
    f"{ORGANIZATION}/members": MEMBERS,
    f"{ORGANIZATION}/members/member/remove": OWNERS,
    f"{ORGANIZATION}/teams": MEMBERS,
    f"{ORGANIZATION}/teams/new": OWNERS,
    TEAM: MEMBERS,
    f"{TEAM}/edit": OWNERS,
    f"{TEAM}/delete": OWNERS,
    "/r/dev/": EVERYBODY,  # for the sake of dev/open
    "/r/dev/permissions": OWNERS,
    "/r/dev/permissions/teams/developers": MEMBERS,
    "/r/dev/settings": OWNERS,
    "/r/dev/scans/hidden": EVERYBODY,
    "/r/dev/website": READERS,
    "/r/dev/website/permissions": ADMINS,
    "/r/dev/website/settings": ADMINS,
    "/r/dev/website/settings/delete": ADMINS,
    "/r/dev/open": EVERYBODY,
}
GRANT = {"kind": "user", "name": "member", "level": "admin"}
REVOKE = {"kind": "user", "name": "reader", "level": "read_only", "do": "revoke"}
TAKE = {"kind": "team", "name": "developers", "level": "admin", "do": "revoke"}
POSTS = [
    (f"{ORGANIZATION}/members", {"user": "stranger", "role": "owner"}, OWNERS),
    (f"{ORGANIZATION}/members/member/role", {"role": "owner"}, OWNERS),
    (f"{ORGANIZATION}/members/member/remove", {}, OWNERS),
    (f"{ORGANIZATION}/teams/new", {"name": "more"}, OWNERS),
    (TEAM, {"user": "stranger"}, OWNERS),
    (f"{TEAM}/edit", {"name": "other"}, OWNERS),
    (f"{TEAM}/delete", {}, OWNERS),
    (f"{TEAM}/members/captain/remove", {}, OWNERS),
    ("/r/dev/permissions", GRANT, OWNERS),
    ("/r/dev/permissions", TAKE, OWNERS),
    ("/r/dev/permissions/teams/developers", {"level": "read_only"}, OWNERS),
    ("/r/dev/settings", {"create_on_push": "on", "primary_owner": "dana"}, OWNERS),
    ("/r/dev/website/permissions", GRANT, ADMINS),
    ("/r/dev/website/permissions", REVOKE, ADMINS),
    ("/r/dev/website/settings", {"visibility": "public"}, ADMINS),
    ("/r/dev/website", {}, (302, *[405] * 8)),
]


@pytest.fixture
def clients(source, dana) -> Callable[[str], Client]:
    """Build the tenant; return a function that gives somebody's browser."""
    people = {name: make_user(name=name) for name in PEOPLE[1:-2]}
    people |= {"owner": dana, "root": make_user(name="root", is_superuser=True)}
    dev = Organization.objects.get()
    make_tag(repository=source, name="1.0")
    make_repository(name="dev/open", visibility="public")
    organizations.set_member(actor=SYSTEM, organization=dev, user=people["member"])
    team = teams.create(actor=SYSTEM, organization=dev, name="developers")
    teams.add_member(actor=SYSTEM, team=team, user=people["captain"])
    grant(to=team, on=dev.namespace, level=AccessLevel.ADMIN)
    for name, level in (
        ("reader", AccessLevel.READ_ONLY),
        ("writer", AccessLevel.READ_WRITE),
        ("admin", AccessLevel.ADMIN),
    ):
        grant(to=people[name], on=source, level=level)

    def sign_in(name: str) -> Client:
        client = Client()
        if name in people:
            client.force_login(people[name])
        return client

    return sign_in


@pytest.mark.parametrize("who", PEOPLE)
def test_each_page_opens_for_whom_it_should(clients, who):
    client = clients(who)
    opened = {url: client.get(url).status_code for url in PAGES}
    assert opened == {url: heard[PEOPLE.index(who)] for url, heard in PAGES.items()}


@pytest.mark.parametrize("who", PEOPLE)
def test_what_cannot_be_opened_says_no_more_than_what_is_missing(clients, who):
    client = clients(who)
    for url in PAGES:
        response = client.get(url)
        if response.status_code != 404:
            continue
        text = response.text.replace(url, "")
        for word in ("developers", "captain", "website", "primary owner"):
            assert word not in text, url


@pytest.mark.parametrize("number", range(len(POSTS)))
def test_a_forged_form_does_nothing(clients, number):
    url, data, heard = POSTS[number]
    entries = AuditEvent.objects.count()
    for who, expected in zip(PEOPLE, heard, strict=True):
        if expected != 200:
            response = clients(who).post(url, data)
            assert response.status_code == expected, who
            assert expected != 302 or response.url.startswith("/login")
    assert AuditEvent.objects.count() == entries


@pytest.mark.parametrize("number", range(len(POSTS) - 1))
def test_the_same_form_of_an_owner_is_taken(clients, number):
    url, data, _ = POSTS[number]
    client = clients("owner")
    entries = AuditEvent.objects.count()
    assert client.post(url, data).status_code == 302
    assert AuditEvent.objects.count() == entries + 1
    assert AuditEvent.objects.latest("id").actor == "dana"


@pytest.mark.parametrize("who", ["reader", "member"])
def test_a_refusal_says_whom_to_ask(clients, who):
    url = "/r/dev/website/settings" if who == "reader" else "/r/dev/settings"
    assert "ask one of its admins" in clients(who).get(url).text


@pytest.mark.parametrize(
    ("who", "tabs"),
    [
        ("stranger", ["Repositories", "Hidden vulnerabilities", "Activity"]),
        (
            "member",
            [
                *("Repositories", "Members", "Teams"),
                *("Hidden vulnerabilities", "Activity"),
            ],
        ),
        (
            "owner",
            [
                *("Repositories", "Promotions", "Members", "Teams", "Access"),
                *("Robots", "Hidden vulnerabilities", "Webhooks", "Activity"),
                "Settings",
            ],
        ),
    ],
)
def test_a_namespace_shows_the_tabs_that_open(clients, who, tabs):
    client = clients(who)
    page = client.get("/r/dev/")
    assert [link.tab.title for link in page.context["tabs"]] == tabs
    for link in page.context["tabs"]:
        opened = client.get(link.url)
        assert opened.status_code == 200
        current = [tab.url for tab in opened.context["tabs"] if tab.is_current]
        assert current == [link.url]


def test_a_page_needs_no_more_than_twelve_queries(
    clients, django_assert_max_num_queries
):
    website, dev = (
        Repository.objects.get(name="website"),
        Namespace.objects.get(name="dev"),
    )
    for number in range(60):
        repository = make_repository(name=f"dev/repository{number}")
        make_tag(repository=repository)
        make_tag(repository=website, name=f"1.{number}")
        person = make_user()
        grant(to=person, on=website, level=AccessLevel.READ_ONLY)
        grant(to=person, on=website, level=AccessLevel.SCAN)
        grant(to=person, on=dev, level=AccessLevel.READ_ONLY)
        organization = Organization.objects.get()
        team = teams.create(actor=SYSTEM, organization=organization, name=f"t{number}")
        grant(to=team, on=website, level=AccessLevel.READ_ONLY)
        grant(to=team, on=dev, level=AccessLevel.READ_ONLY)
    assert Team.objects.count() > 60
    client = clients("owner")
    for url, heard in PAGES.items():
        if heard[PEOPLE.index("owner")] == 200:
            with django_assert_max_num_queries(12):
                client.get(url)
