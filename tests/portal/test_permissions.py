"""Who may do what on a repository and in a namespace: shown, explained, changed."""

from __future__ import annotations

import re

import pytest

from accounts.access import SYSTEM, AccessLevel, Action, Actor
from accounts.models import (
    NamespaceGroupGrant,
    NamespaceUserGrant,
    Organization,
    Team,
    User,
)
from accounts.permissions import check
from accounts.services import teams
from repositories.models import RepositoryGroupGrant, RepositoryUserGrant
from tests.factories import grant, make_organization, make_repository, make_user

REPOSITORY = "/r/dev/website/permissions"
NAMESPACE = "/r/dev/permissions"
PLACES = [REPOSITORY, NAMESPACE]


@pytest.fixture
def developers(source) -> Team:
    organization = Organization.objects.get(namespace__name="dev")
    return teams.create(actor=SYSTEM, organization=organization, name="developers")


@pytest.fixture
def testers(source, target) -> Team:
    """A team of the other tenant."""
    organization = Organization.objects.get(namespace__name="qa")
    return teams.create(actor=SYSTEM, organization=organization, name="testers")


def given(kind: str, name: str, level: str, **values: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "level": level, **values}


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


@pytest.mark.parametrize("url", PLACES)
def test_a_level_is_given_changed_and_taken_away(browser, dana, stranger, source, url):
    client, reader = browser(dana), Actor(stranger)
    page = client.post(url, given("user", "stranger", "read_only"), follow=True)
    assert "stranger has “read-only” on dev" in page.text
    assert check(reader, Action.PULL, source)
    assert not check(reader, Action.PUSH, source)
    client.post(url, given("user", "stranger", "read_write"))
    assert check(reader, Action.PUSH, source)
    client.post(url, given("user", "stranger", "read_write", do="revoke"))
    assert not check(reader, Action.PULL, source)


@pytest.mark.parametrize("url", PLACES)
def test_scan_is_given_beside_a_level_and_taken_alone(
    browser, dana, stranger, source, url
):
    client, reader = browser(dana), Actor(stranger)
    for level in ("read_only", "scan"):
        client.post(url, given("user", "stranger", level))
    assert check(reader, Action.SCAN, source)
    client.post(url, given("user", "stranger", "scan", do="revoke"))
    assert not check(reader, Action.SCAN, source)
    assert check(reader, Action.PULL, source)


@pytest.mark.parametrize("url", PLACES)
def test_a_team_is_given_a_level(browser, dana, stranger, developers, source, url):
    teams.add_member(actor=SYSTEM, team=developers, user=stranger)
    client = browser(dana)
    client.post(url, given("team", "developers", "read_write"))
    assert check(Actor(stranger), Action.PUSH, source)
    assert 'href="/organizations/dev/teams/developers"' in client.get(url).text
    client.post(url, given("team", "developers", "read_write", do="revoke"))
    assert not check(Actor(stranger), Action.PULL, source)


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        (given("team", "testers", "admin"), "name", "dev has no team “testers”."),
        (given("team", "qa/testers", "admin"), "name", "dev has no team"),
        (given("team", "quinn", "admin"), "name", "dev has no team “quinn”."),
        (given("user", "testers", "admin"), "name", "No user is called “testers”"),
        (given("user", "asleep", "admin"), "name", "No user is called “asleep”"),
        (given("user", "QUINN", "admin"), "name", "No user is called “QUINN”"),
        (given("user", "qui", "admin"), "name", "No user is called “qui”"),
        (given("user", "quinn", "owner"), "level", "Select a valid choice"),
        (given("root", "quinn", "admin"), "kind", "Select a valid choice"),
        (given("user", "qu\0inn", "admin"), "name", "Null characters"),
        (given("user", "", "admin"), "name", "This field is required"),
    ],
)
def test_what_cannot_be_given_is_said_at_its_field(
    browser, dana, testers, data, field, sentence
):
    User.objects.filter(pk=make_user(name="asleep").pk).update(is_active=False)
    for url in PLACES:
        page = browser(dana).post(url, data)
        assert page.status_code == 200
        errors = page.context["form"].errors
        assert list(errors) == [field]
        assert sentence in errors[field][0]
    assert not RepositoryGroupGrant.objects.exists()
    assert not NamespaceGroupGrant.objects.exists()
    assert not NamespaceUserGrant.objects.exists()
    assert RepositoryUserGrant.objects.count() == 1  # Dana's on qa/website


@pytest.mark.parametrize("url", PLACES)
@pytest.mark.parametrize("name", ["quinn", "nobody", "", "\0", "<b>x</b>"])
def test_taking_away_does_not_tell_who_exists(browser, dana, quinn, source, url, name):
    data = given("user", name, "admin", do="revoke")
    page = browser(dana).post(url, data, follow=True)
    assert page.status_code == 200
    assert "had no grant on dev" in page.text
    assert "<b>x" not in page.text


def test_a_grant_of_another_tenant_is_not_taken_away(browser, dana, testers, target):
    grant(to=testers, on=target, level=AccessLevel.ADMIN)
    for url in PLACES:
        browser(dana).post(url, given("team", "testers", "admin", do="revoke"))
    assert RepositoryGroupGrant.objects.count() == 1


def test_who_is_switched_off_can_still_be_taken_away(browser, dana, stranger, source):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    browser(dana).post(REPOSITORY, given("user", "stranger", "read_only", do="revoke"))
    assert not RepositoryUserGrant.objects.exists()


def test_an_admin_who_gives_up_the_right_lands_where_they_may_be(
    browser, stranger, source
):
    grant(to=stranger, on=source, level=AccessLevel.ADMIN)
    data = given("user", "stranger", "admin", do="revoke")
    response = browser(stranger).post(REPOSITORY, data, follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert "stranger has no grant on dev/website any more." in response.text


def test_the_page_says_why_each_may_do_something(
    browser, dana, quinn, stranger, developers, source
):
    grant(to=quinn, on=source.namespace, level=AccessLevel.READ_WRITE)
    grant(to=developers, on=source.namespace, level=AccessLevel.READ_ONLY)
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    page = browser(dana).get(REPOSITORY)
    assert [one.name for one in page.context["holders"].people] == ["stranger"]
    text = words(page.text)
    assert "quinn from the namespace read-write" in text
    assert "developers (team) from the namespace read-only" in text
    assert "dana owner" in text
    assert "because the repository is public" not in text
    source.visibility = "public"
    source.save()
    assert "because the repository is public" in browser(dana).get(REPOSITORY).text


def test_nobody_is_suggested_but_ones_own_teams_and_members(
    browser, dana, quinn, stranger, developers, source
):
    make_organization(name="more")
    teams.add_member(actor=SYSTEM, team=developers, user=stranger)
    for url in PLACES:
        offered = browser(dana).get(url).context["grantees"]
        assert offered == ["dana", "developers", "stranger"]


def test_a_personal_namespace_has_no_teams_to_give_to(browser, dana, stranger):
    mine = make_repository(name="dana/app")
    client = browser(dana)
    page = client.get("/r/dana/app/permissions")
    assert "team" not in words(page.text).lower()
    refused = client.post("/r/dana/permissions", given("team", "x", "admin"))
    assert list(refused.context["form"].errors) == ["kind"]
    client.post("/r/dana/app/permissions", given("user", "stranger", "admin"))
    assert check(Actor(stranger), Action.ADMIN, mine)


def test_a_long_list_is_searched(browser, dana, source):
    people = User.objects.bulk_create(
        [User(username=f"person{number:03}") for number in range(150)]
    )
    for user in people:
        grant(to=user, on=source, level=AccessLevel.READ_ONLY)
    client = browser(dana)
    page = client.get(REPOSITORY)
    assert len(page.context["holders"].people) == 100
    assert "search for the others" in page.text
    found = client.get(REPOSITORY, {"q": "son149"}).context["holders"].people
    assert [one.name for one in found] == ["person149"]
