"""Robots in the portal: made, renewed, given tokens and trusts by admins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.authentication import BadCredentials, sign_in
from accounts.models import AccessToken, CITrust, Namespace, Robot
from accounts.services import access_tokens, robots, trusted_issuers, users
from tests.factories import grant, make_organization, make_user
from tests.sign_in.browser import Browser

LIST = "/r/dev/settings/robots"
PAGE = f"{LIST}/ci"
ISSUER = "https://ci.example.com"


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    cache.clear()


@pytest.fixture
def dev(source) -> Namespace:
    return Namespace.objects.get(name="dev")


@pytest.fixture
def robot(dana, dev) -> Robot:
    return robots.create(
        actor=Actor(dana),
        namespace=dev,
        name="ci",
        expires_at=timezone.now() + timedelta(days=30),
        description="<b>build</b>",
    )


@pytest.fixture
def portal(dana) -> Browser:
    browser = Browser()
    browser.force_login(dana)
    browser.confirm()
    return browser


def test_a_robot_is_made_and_listed(portal, dev):
    assert "No robot yet" in portal.get(LIST).text
    assert 'href="/r/dev/settings/robots"' in portal.get("/r/dev/").text
    form = {"name": "ci", "description": "<b>build</b>", "days": "30"}
    assert portal.post(f"{LIST}/new", form).url == PAGE
    made = Robot.objects.get()
    assert 29 <= (made.expires_at - timezone.now()).days <= 30
    listed = portal.get(LIST).text
    assert "dev+ci" in listed
    assert "&lt;b&gt;build&lt;/b&gt;" in listed
    assert "No robot is named like" in portal.get(LIST, {"q": "zz"}).text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "Big Name"}, "cannot be a name"),
        ({"name": "a+b"}, "cannot be a name"),
        ({"days": "9999"}, "Select a valid choice"),
    ],
)
def test_a_robot_cannot_be_so(portal, dev, values, said):
    form = {"name": "ci", "days": "30", **values}
    assert said in portal.post(f"{LIST}/new", form).text
    assert not Robot.objects.exists()


def test_a_name_that_is_taken_is_said_at_its_field(portal, robot):
    page = portal.post(f"{LIST}/new", {"name": "ci", "days": "30"})
    assert page.context["form"].errors["name"]


def test_it_is_renewed_disabled_and_enabled(portal, robot):
    portal.post(f"{PAGE}/edit", {"description": "new", "days": "365"})
    robot.refresh_from_db()
    assert robot.description == "new"
    assert (robot.expires_at - timezone.now()).days >= 364
    portal.post(f"{PAGE}/edit", {"description": "newer", "days": ""})
    assert Robot.objects.get().expires_at == robot.expires_at
    portal.post(f"{PAGE}/switch")
    assert "disabled" in portal.get(LIST).text
    assert not Robot.objects.get().user.is_active
    portal.post(f"{PAGE}/switch", {"do": "enable"})
    assert Robot.objects.get().user.is_active


def test_a_token_is_made_shown_once_and_revoked(portal, robot):
    form = {"label": "CI", "scopes": ["pull"], "days": "", "request_id": str(uuid4())}
    made = portal.post(f"{PAGE}/tokens/new", form)
    secret = made.context["issued"].secret
    assert secret in made.text
    assert "docker login -u dev+ci" in made.text
    assert "no-store" in made.headers["Cache-Control"]
    row = AccessToken.objects.get()
    assert row.expires_at == robot.expires_at
    shown = portal.get(PAGE).text
    assert secret not in shown
    assert sign_in("dev+ci", secret).name == "dev+ci"
    portal.post(f"{PAGE}/tokens/{row.uuid}/revoke")
    with pytest.raises(BadCredentials):
        sign_in("dev+ci", secret)
    assert "made already" in portal.post(f"{PAGE}/tokens/new", form).text


def test_a_token_that_would_outlive_the_robot_is_said_at_its_field(portal, robot):
    form = {"label": "CI", "scopes": ["pull"], "days": "365"}
    page = portal.post(f"{PAGE}/tokens/new", {**form, "request_id": str(uuid4())})
    assert "renew it first" in str(page.context["form"].errors["days"])


@pytest.mark.parametrize("page", ["tokens/new", "ci/new"])
def test_what_outlives_a_session_asks_who_one_is(dana, robot, page):
    browser = Browser()
    browser.force_login(dana)
    for method in (browser.get, browser.post):
        assert "/login/confirm" in method(f"{PAGE}/{page}").url


def test_tokens_and_trusts_of_others_are_not_ended_here(portal, robot, quinn):
    theirs = access_tokens.issue(actor=Actor(quinn), user=quinn, label="x").row
    assert portal.post(f"{PAGE}/tokens/{theirs.uuid}/revoke").status_code == 404
    assert portal.post(f"{PAGE}/ci/{uuid4()}/end").status_code == 404
    assert AccessToken.objects.get().is_active


# --- CI -----------------------------------------------------------------------------


def trusted(**values: Any) -> dict[str, Any]:
    claims = "repository_id = 4711\n\nref=refs/heads/*\n"
    form = {"issuer": ISSUER, "claims": claims, "scopes": ["pull", "push"]}
    return {**form, "seconds": "300", **values}


@pytest.fixture
def issuer(db):
    return trusted_issuers.create(
        actor=SYSTEM, url=ISSUER, immutable_claims=["repository_id"]
    )


def test_a_ci_is_trusted_and_no_longer(portal, robot, issuer):
    assert "wants repository_id named exactly" in portal.get(f"{PAGE}/ci/new").text
    assert portal.post(f"{PAGE}/ci/new", trusted()).url == PAGE
    trust = CITrust.objects.get()
    assert trust.claims == {"repository_id": "4711", "ref": "refs/heads/*"}
    assert (trust.lifetime_seconds, trust.created_by.username) == (300, "dana")
    shown = portal.get(PAGE).text
    assert "ref=refs/heads/*" in shown
    assert str(trust.uuid) in shown
    assert portal.post(f"{PAGE}/ci/{trust.uuid}/end").url == PAGE
    assert not CITrust.objects.exists()


def test_without_an_issuer_the_page_says_who_can_help(portal, robot):
    assert "No issuer is allowed yet" in portal.get(f"{PAGE}/ci/new").text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"claims": "repository_id"}, "is no line like name=value"),
        ({"claims": "a=1\na=2"}, "is there twice"),
        ({"claims": "ref=refs/heads/main"}, "Name repository_id"),
        ({"claims": "repository_id=*"}, "would fit anything"),
        ({"scopes": []}, "Choose at least one use."),
        ({"issuer": "https://elsewhere.example"}, "Select a valid choice"),
        ({"seconds": "86400"}, "Select a valid choice"),
    ],
)
def test_a_trust_cannot_be_so(portal, robot, issuer, values, said):
    page = portal.post(f"{PAGE}/ci/new", trusted(**values))
    assert said in str(page.context["form"].errors)
    assert not CITrust.objects.exists()


# --- who may ------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "status"), [("reader", 404), ("stranger", 404)])
def test_who_administers_nothing_here_finds_no_robots(source, robot, who, status):
    person = make_user(name=f"some-{who}")
    if who == "reader":
        grant(to=person, on=source, level=AccessLevel.READ_ONLY)
    browser = Browser()
    browser.force_login(person)
    browser.confirm()
    for page in ("", "/new", "/ci", "/ci/edit", "/ci/tokens/new", "/ci/ci/new"):
        assert browser.get(f"{LIST}{page}").status_code == status, page
    for page in ("new", "ci/edit", "ci/switch", "ci/take-over", "ci/tokens/new"):
        assert browser.post(f"{LIST}/{page}", {"name": "x"}).status_code == status


def test_the_robot_of_another_namespace_is_none_of_this_one(portal, robot, dana):
    make_organization(name="ops", owner=dana)
    assert portal.get("/r/ops/settings/robots/ci").status_code == 404


def test_a_robot_without_its_person_is_marked_and_taken_over(portal, robot, dev, dana):
    ada = make_user(name="ada")
    Robot.objects.update(responsible=ada)
    assert "to take over" in portal.get(LIST).text
    assert "Take it over" in portal.get(PAGE).text
    assert "Robots to take over" in portal.get("/notices").text
    assert "ada was responsible" in portal.get("/notices").text
    portal.post(f"{PAGE}/take-over")
    assert "Robots to take over" not in portal.get("/notices").text
    assert Robot.objects.get().responsible == dana
    assert "to take over" not in portal.get(LIST).text
    root = Actor(make_user(name="root", is_superuser=True))
    users.set_active(actor=root, user=dana, is_active=False)
    assert [str(one) for one in Robot.objects.to_take_over()] == ["dev+ci"]


def test_access_is_given_to_it_as_to_people(portal, robot):
    form = {"kind": "user", "name": "dev+ci", "level": "read_write"}
    assert portal.post("/r/dev/permissions", form).status_code == 302
    assert "dev+ci" in portal.get("/r/dev/permissions").text


def test_it_is_not_made_a_member(portal, robot):
    page = portal.post(
        "/organizations/dev/members", {"user": "dev+ci", "role": "owner"}
    )
    assert "is a robot" in page.text


def test_many_robots_and_tokens_cost_no_more(
    portal, robot, dev, dana, issuer, django_assert_max_num_queries
):
    for number in range(8):
        robots.create(
            actor=Actor(dana),
            namespace=dev,
            name=f"r{number}",
            expires_at=timezone.now() + timedelta(days=1),
        )
        access_tokens.issue(actor=Actor(dana), user=robot.user, label=f"t{number}")
        claims = f"repository_id={number}"
        portal.post(f"{PAGE}/ci/new", trusted(claims=claims))
    for page in (LIST, PAGE):
        with django_assert_max_num_queries(12):
            assert portal.get(page).status_code == 200
