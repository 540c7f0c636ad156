"""Passkeys: added, used after the password and alone, renamed, removed."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator as Row

from tests.sign_in.authenticator import Authenticator
from tests.sign_in.browser import Browser

ADD, STEP = "/profile/security/passkeys/add", "/login/second-step"
JSON = {"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"}


def add(browser: Browser, key: Authenticator, name: str = "laptop", **more: str):
    options = json.loads(browser.get(ADD).context["passkey_options"])
    credential = key.create(options, alone="passwordless" in more)
    return browser.post(ADD, {"name": name, "credential": credential, **more})


@pytest.fixture
def key(signed_in) -> Authenticator:
    """Dana's key, which signs in alone."""
    made = Authenticator()
    assert add(signed_in, made, passwordless="on").url == "/profile/security/codes"
    return made


def sign_in_alone(browser: Browser, key: Authenticator, **more: str):
    asked = browser.get("/login/passkey", headers=JSON).json()["request_options"]
    data = {"credential": key.get(asked["publicKey"]), **more}
    return browser.post("/login/passkey", data)


def test_a_passkey_is_the_second_factor(key, dana):
    browser = Browser()
    assert browser.sign_in("dana").url == STEP
    options = json.loads(browser.get(STEP).context["passkey_options"])
    assert browser.post(STEP, {"credential": key.get(options)}).url == "/"
    assert browser.is_signed_in


def test_a_passkey_signs_in_alone_and_leads_back(key):
    browser = Browser()
    assert sign_in_alone(browser, key, next="/profile").url == "/profile"
    assert browser.is_signed_in
    elsewhere = sign_in_alone(Browser(), key, next="https://evil.example/")
    assert elsewhere.url == "/"


def test_a_passkey_nobody_added_signs_nobody_in(key, quinn):
    stranger = Authenticator()
    stranger.user = key.user
    browser = Browser()
    browser.sign_in("dana")
    options = json.loads(browser.get(STEP).context["passkey_options"])
    browser.post(STEP, {"credential": stranger.get(options)})
    assert not browser.is_signed_in
    alone = Browser()
    assert sign_in_alone(alone, stranger).url == "/login"
    assert "That passkey is not known here" in alone.get("/login").text


def test_a_passkey_made_for_another_site_signs_nobody_in(key):
    key.origin = "https://evil.example"
    browser = Browser()
    sign_in_alone(browser, key)
    assert not browser.is_signed_in


def test_another_key_under_the_same_name_signs_nobody_in(key):
    forged = Authenticator()
    forged.id, forged.user = key.id, key.user
    browser = Browser()
    assert sign_in_alone(browser, forged).url == "/login"
    assert not browser.is_signed_in


def test_an_answer_counts_once(key):
    browser = Browser()
    options = browser.get("/login/passkey", headers=JSON).json()["request_options"]
    answer = key.get(options["publicKey"])
    other = Browser()
    other.get("/login/passkey", headers=JSON)
    other.post("/login/passkey", {"credential": answer})
    assert not other.is_signed_in


PARTS = ("clientDataJSON", "authenticatorData", "attestationObject", "signature")
RESPONSE = dict.fromkeys((*PARTS, "userHandle"), "AA")
NONSENSE = (
    *("", "{}", "[]", "null", "x", "7", '{"id": 1}', "[" * 99),
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": "x"}',
    '{"id": "AA", "rawId": "AA", "response": {"userHandle": "AA"}}',
    json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": RESPONSE}),
)


@pytest.mark.parametrize("answer", NONSENSE)
@pytest.mark.parametrize("place", ["/login/passkey", STEP, ADD])
def test_answers_that_make_no_sense_are_refused(key, signed_in, place, answer):
    browser = signed_in if place == ADD else Browser()
    if place == STEP:
        browser.sign_in("dana")
    browser.get(place, headers=JSON if place == "/login/passkey" else {})
    response = browser.post(place, {"name": "x", "credential": answer})
    assert response.status_code in (200, 302)
    assert Row.objects.filter(type="webauthn").count() == 1


def test_a_passkey_confirms_that_it_is_you(key, signed_in):
    browser = Browser()
    sign_in_alone(browser, key)
    assert browser.get("/profile/tokens/new").status_code == 302
    place = "/login/confirm/passkey"
    options = json.loads(browser.get(place).context["passkey_options"])
    browser.post(place, {"credential": key.get(options)})
    assert browser.get("/profile/tokens/new").status_code == 200


def test_a_key_without_a_name_and_one_with_a_long_one(key, signed_in):
    add(signed_in, Authenticator(), name="")
    add(signed_in, Authenticator(), name="n" * 500)
    names = [row.wrap().name for row in Row.objects.filter(type="webauthn")]
    assert sorted(names) == ["Passkey 2", "laptop", "n" * 80]


def test_a_passkey_is_renamed_and_removed(key, signed_in):
    pk = Row.objects.get(type="webauthn").pk
    place = f"/profile/security/passkeys/{pk}"
    signed_in.post(f"{place}/rename", {"name": "blue <key>"})
    assert "blue &lt;key&gt;" in signed_in.get("/profile/security").text
    assert "Remove the passkey" in signed_in.get(f"{place}/remove").text
    assert signed_in.post(f"{place}/remove").url == "/profile/security"
    assert not Row.objects.exists()


@pytest.mark.parametrize("what", ["rename", "remove"])
def test_nobody_touches_the_passkeys_of_others(key, quinn, what):
    pk = Row.objects.get(type="webauthn").pk
    browser = Browser()
    browser.sign_in("quinn")
    browser.confirm()
    place = f"/profile/security/passkeys/{pk}/{what}"
    assert browser.get(place).status_code == 404
    assert browser.post(place, {"name": "mine"}).status_code == 404
    assert Row.objects.get(type="webauthn").wrap().name == "laptop"
