"""Signing in with an OpenID Connect provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts.models import AuditEvent, User
from msr import oidc
from tests.factories import make_organization
from tests.sign_in.browser import Browser, code
from tests.sign_in.issuer import CLIENT, Issuer

if TYPE_CHECKING:
    from collections.abc import Iterator

START, BACK = "/login/with/corp", "/login/with/corp/callback"


@pytest.fixture
def issuer(settings) -> Iterator[Issuer]:
    with Issuer(claims={"sub": "s-1", "preferred_username": "erin"}) as made:
        offer(settings, made)
        yield made


def offer(settings: Any, issuer: Issuer, **more: Any) -> None:
    """Have the portal offer the provider."""
    entry: dict[str, Any] = {"id": "corp", "name": "Corp", "server_url": issuer.url}
    entry |= {"client_id": CLIENT, "secret": "s", "create_users": True, **more}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"APPS": [oidc.app_of(entry)], "OAUTH_PKCE_ENABLED": True}
    }


def go(browser: Browser, **data: str) -> Any:
    """Go to the provider and come back; return the portal's answer."""
    leaving = browser.post(START, data)
    query = parse_qs(urlsplit(leaving.context["address"]).query)
    assert query["code_challenge_method"] == ["S256"]
    return browser.get(BACK, {"code": "c", "state": query["state"][0]})


def said(browser: Browser) -> str:
    return " ".join(str(one) for one in browser.get("/login").context["messages"])


def test_a_first_login_makes_a_user_and_the_next_finds_it(issuer, browser):
    issuer.claims |= {"name": "Erin Gray", "email": "erin@example.com"}
    assert "Sign in with Corp" in browser.get("/login").text
    assert go(browser, next="/profile").url == "/profile"
    erin: Any = User.objects.get()
    assert (erin.username, erin.get_full_name()) == ("erin", "Erin Gray")
    assert erin.namespace.name == "erin"
    assert not erin.has_usable_password()
    issuer.claims["preferred_username"] = "renamed"
    other = Browser()
    go(other)
    assert other.is_signed_in
    assert User.objects.get() == erin


def test_the_way_there_is_no_redirect_of_a_form(issuer, browser):
    leaving = browser.post(START)
    assert leaving.status_code == 200
    assert "form-action 'self'" in leaving.headers["Content-Security-Policy"]
    assert f"{issuer.url}/authorize?" in leaving.text
    assert browser.get(START).status_code == 405


def test_a_login_never_becomes_an_account_that_is_there(issuer, dana, browser):
    dana.email = "dana@example.com"
    dana.save()
    issuer.claims |= {
        "preferred_username": "dana",
        "email": "dana@example.com",
        "email_verified": True,
    }
    assert go(browser).url == "/login"
    assert "called “dana” already" in said(browser)
    assert not browser.is_signed_in
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("name", ["dev", "", "tags", "a/b", "ä", "x" * 65, None])
def test_a_first_login_takes_no_name_that_cannot_be(issuer, dana, browser, name):
    make_organization(name="dev", owner=dana)
    issuer.claims["preferred_username"] = name
    assert go(browser).url == "/login"
    assert "Corp let you in, but:" in said(browser)
    assert User.objects.count() == 1


def test_an_address_as_name_is_cut_at_the_sign(issuer, browser):
    issuer.claims["preferred_username"] = "Erin@corp.example"
    go(browser)
    assert User.objects.get().username == "erin"


def test_unknown_people_are_told_what_to_do(issuer, browser, settings):
    offer(settings, issuer, create_users=False)
    assert go(browser).url == "/login"
    assert "Nobody here is connected with this login at Corp." in said(browser)
    assert not User.objects.exists()


def test_a_login_is_connected_used_and_disconnected(issuer, signed_in, settings):
    offer(settings, issuer, create_users=False)
    assert go(signed_in, process="connect").url == "/profile/security"
    other = Browser()
    go(other)
    assert 'class="name">dana' in other.get("/profile").text
    pk = SocialAccount.objects.get().pk
    page = f"/profile/security/logins/{pk}/disconnect"
    assert page in signed_in.get("/profile/security").text
    signed_in.post(page)
    assert not SocialAccount.objects.exists()
    actions = AuditEvent.objects.values_list("action", flat=True)
    assert {"connect login", "disconnect login"} <= set(actions)


def test_connecting_asks_who_one_is(issuer, dana, browser):
    browser.sign_in("dana")
    assert go(browser, process="connect").url == "/login/confirm"
    assert not SocialAccount.objects.exists()
    browser.confirm()
    assert SocialAccount.objects.get().user == dana


def test_a_login_of_somebody_else_is_not_connected(issuer, signed_in):
    go(Browser())
    shown = go(signed_in, process="connect")
    text = signed_in.get(shown.url).text
    assert "connected with another account here" in text
    assert SocialAccount.objects.get().user.username == "erin"


def test_logins_of_others_cannot_be_disconnected(issuer, signed_in):
    go(Browser())
    pk = SocialAccount.objects.get().pk
    page = f"/profile/security/logins/{pk}/disconnect"
    assert signed_in.post(page).status_code == 404


def test_the_only_way_in_is_not_thrown_away(issuer, browser):
    go(browser)
    pk = SocialAccount.objects.get().pk
    browser.post(f"/profile/security/logins/{pk}/disconnect")
    assert SocialAccount.objects.exists()
    assert "could not sign in any more" in browser.get("/profile/security").text


def test_a_second_factor_is_asked_for_after_the_provider(issuer, signed_in):
    go(signed_in, process="connect")
    secret = signed_in.set_up_app()
    other = Browser()
    assert go(other).url == "/login/second-step"
    other.post("/login/second-step", {"code": code(secret, steps=1)})
    assert other.is_signed_in


def test_a_disabled_account_is_not_let_in(issuer, browser):
    go(browser)
    User.objects.update(is_active=False)
    other = Browser()
    assert go(other).url == "/login"
    assert "switched off" in said(other)


def test_another_issuer_under_the_same_id_is_other_people(issuer, browser, settings):
    go(browser)
    with Issuer(claims={"sub": "s-1", "preferred_username": "mallory"}) as other:
        offer(settings, other)
        go(Browser())
    assert sorted(User.objects.values_list("username", flat=True)) == [
        "erin",
        "mallory",
    ]


LIES = {
    "another issuer in discovery": {"discovery": {"issuer": "https://other.example"}},
    "another issuer in the token": {"claims": {"iss": "https://other.example"}},
    "another audience": {"claims": {"aud": "somebody-else"}},
    "an old token": {"claims": {"exp": 1}},
    "no subject": {"claims": {"sub": ""}},
    "two people": {"userinfo": {"sub": "s-2", "preferred_username": "erin"}},
    "a name that is none": {"claims": {"preferred_username": 7.5}},
    "no endpoints": {"discovery": {"token_endpoint": None}},
    "out of order": {"broken": 500},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_provider_that_is_wrong_lets_nobody_in(issuer, browser, lie):
    leaving = browser.post(START)
    query = parse_qs(urlsplit(leaving.context["address"]).query)
    for name, value in lie.items():
        old = getattr(issuer, name)
        setattr(issuer, name, {**(old or {}), **value} if value != 500 else value)
    response = browser.get(BACK, {"code": "c", "state": query["state"][0]})
    assert response.url == "/login"
    assert "Signing in with Corp did not work." in said(browser)
    assert not User.objects.exists()


@pytest.mark.parametrize("answer", [["s-1"], "s-1", 7])
def test_an_answer_of_another_shape_lets_nobody_in(issuer, browser, answer):
    issuer.userinfo = answer
    assert go(browser).url == "/login"
    assert "Signing in with Corp did not work." in said(browser)


def test_a_provider_that_is_away_is_told(issuer, browser):
    issuer.broken = 503
    assert browser.post(START).url == "/login"
    assert "Signing in with Corp did not work." in said(browser)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({}, "did not work"),
        ({"code": "c"}, "did not work"),
        ({"code": "c", "state": "x"}, "did not work"),
        ({"error": "access_denied"}, "did not work"),
    ],
)
def test_who_comes_back_without_having_gone_is_not_let_in(issuer, browser, query, told):
    assert browser.get(BACK, query).url == "/login"
    assert told in said(browser)
    assert "/token" not in issuer.asked


def test_cancelling_there_is_told(issuer, browser):
    leaving = browser.post(START)
    state = parse_qs(urlsplit(leaving.context["address"]).query)["state"][0]
    browser.get(BACK, {"error": "access_denied", "state": state})
    assert "Signing in with Corp was cancelled there." in said(browser)


def test_providers_that_are_not_offered_are_not_there(issuer, browser):
    assert browser.post("/login/with/other").status_code == 404
    assert browser.get("/login/with/other/callback").status_code == 404
    assert browser.post("/login/with/openid_connect").status_code == 404
