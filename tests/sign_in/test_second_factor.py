"""Codes of an authenticator app, recovery codes, and confirming that it is you."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts.access import Actor
from accounts.authentication import PasswordIsNotEnough, sign_in
from accounts.models import AuditEvent
from accounts.services import access_tokens
from tests.factories import PASSWORD
from tests.sign_in.browser import Browser, code

STEP = "/login/second-step"


@pytest.fixture
def secret(signed_in: Browser) -> str:
    return signed_in.set_up_app()


@pytest.fixture
def asked(secret) -> Browser:
    """A browser that has given Dana's password and is asked for a code."""
    browser = Browser()
    assert browser.sign_in("dana", next="/profile/tokens").url == STEP
    assert not browser.is_signed_in
    return browser


def test_a_code_completes_signing_in_and_leads_back(secret, asked):
    assert "One more step" in asked.get(STEP).text
    assert asked.post(STEP, {"code": code(secret, steps=1)}).url == "/profile/tokens"
    assert asked.is_signed_in


@pytest.mark.parametrize("wrong", ["000000", "", "abc", "1" * 500])
def test_a_wrong_code_does_not(asked, wrong):
    response = asked.post(STEP, {"code": wrong})
    assert response.status_code == 200
    assert not asked.is_signed_in


def test_a_code_counts_once(secret, asked):
    once = code(secret, steps=1)
    asked.post(STEP, {"code": once})
    other = Browser()
    other.sign_in("dana")
    assert "That code is not right" in other.post(STEP, {"code": once}).text


def test_codes_are_not_guessed(secret, asked):
    for number in range(5):
        asked.post(STEP, {"code": f"{number:06}"})
    said = asked.post(STEP, {"code": code(secret, steps=1)}).text
    assert "Too many wrong attempts" in said
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        asked.post(STEP, {"code": code(secret)})
        assert asked.is_signed_in


def test_signing_in_half_way_can_be_given_up(asked):
    assert asked.get("/login").url == STEP
    asked.post("/logout")
    assert asked.get("/login").status_code == 200


def test_recovery_codes_are_shown_once_and_work_once(secret, signed_in, asked):
    codes = signed_in.get("/profile/security/codes").context["unused_codes"]
    assert len(set(codes)) == 10
    again = signed_in.get("/profile/security/codes").text
    assert "10 of 10 are left" in again
    assert codes[0] not in again
    asked.post(STEP, {"code": codes[0]})
    assert asked.is_signed_in
    other = Browser()
    other.sign_in("dana")
    assert "That code is not right" in other.post(STEP, {"code": codes[0]}).text


def test_new_recovery_codes_replace_the_old_ones(secret, signed_in, asked):
    old = signed_in.get("/profile/security/codes").context["unused_codes"]
    signed_in.post("/profile/security/codes/new")
    new = signed_in.get("/profile/security/codes").context["unused_codes"]
    assert not set(old) & set(new)
    asked.post(STEP, {"code": old[0]})
    assert not asked.is_signed_in
    asked.post(STEP, {"code": new[0]})
    assert asked.is_signed_in


def test_secrets_are_encrypted_and_useless_without_the_key(secret, asked, settings):
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    rows = {row.type: row.wrap() for row in Authenticator.objects.all()}
    first = rows["recovery_codes"].generate_codes()
    settings.SECRET_KEY = "another key, " + "x" * 40
    # Not codes that everybody could reckon out, but none at all.
    assert rows["recovery_codes"].generate_codes() != first
    made = rows["recovery_codes"].generate_codes()
    assert rows["recovery_codes"].generate_codes() != made


def test_removing_the_app_takes_the_recovery_codes_along(
    signed_in, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        signed_in.set_up_app()
    assert "Remove the authenticator app?" in (
        signed_in.get("/profile/security/app/remove").text
    )
    assert signed_in.post("/profile/security/app/remove").url == "/profile/security"
    assert not Authenticator.objects.exists()
    assert Browser().sign_in("dana").url == "/"
    actions = AuditEvent.objects.values_list("action", flat=True)
    assert {"add sign-in factor", "remove sign-in factor"} <= set(actions)


SENSITIVE = (
    "/profile/security/app",
    "/profile/security/passkeys/add",
    "/profile/tokens/new",
)


@pytest.mark.parametrize("page", SENSITIVE)
def test_what_is_sensitive_asks_again_who_one_is(dana, browser, page):
    browser.sign_in("dana")
    assert browser.get(page).url == f"/login/confirm?next={page.replace('/', '%2F')}"
    data = {"password": "wrong", "next": page}
    assert "The password is wrong." in browser.post("/login/confirm", data).text
    assert browser.get(page).status_code == 302
    data["password"] = PASSWORD
    assert browser.post("/login/confirm", data).url == page
    assert browser.get(page).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert browser.get(page).status_code == 302


def test_a_code_confirms_as_well(secret, asked):
    asked.post(STEP, {"code": code(secret, steps=1)})
    shown = asked.get("/login/confirm").text
    assert "/login/confirm/code" in shown
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        asked.post("/login/confirm/code", {"code": code(secret)})
        assert asked.get("/profile/tokens/new").status_code == 200


def test_confirming_leads_to_no_other_site(signed_in):
    data = {"password": PASSWORD, "next": "https://evil.example/"}
    assert signed_in.post("/login/confirm", data).url == "/"


# --- programs -----------------------------------------------------------------------


def test_the_password_of_an_account_with_a_second_factor_is_for_people(secret, dana):
    with pytest.raises(PasswordIsNotEnough):
        sign_in("dana", PASSWORD)
    issued = access_tokens.issue(actor=Actor(dana), user=dana, label="ci")
    assert sign_in("dana", issued.secret).user == dana


def test_api_and_token_server_say_what_to_use_instead(secret, client):
    basic = client.get("/api/v0/repositories", headers=header(PASSWORD))
    assert basic.status_code == 401
    assert "make an access token" in basic.text
    token = client.get("/auth/token?service=registry", headers=header(PASSWORD))
    assert token.status_code == 401
    assert "make an access token" in token.text
    form = {"grant_type": "password", "username": "dana", "password": PASSWORD}
    assert "make an access token" in client.post("/auth/token", form).text


def test_a_wrong_password_does_not_tell_of_a_second_factor(secret, client):
    wrong = client.get("/api/v0/repositories", headers=header("wrong"))
    assert wrong.status_code == 401
    assert "access token is wrong" in wrong.text


def header(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"dana:{password}".encode()).decode()}
