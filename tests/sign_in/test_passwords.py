"""The password: right, wrong, guessed, changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import AuditEvent, User
from tests.factories import PASSWORD
from tests.sign_in.browser import Browser

ADDRESS = "https://evil.example/"


@pytest.mark.parametrize(
    "page",
    [
        ADDRESS,
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "https://127.0.0.1/",  # answered to as well, yet another origin
        "http:evil.example",
    ],
)
def test_signing_in_leads_to_no_other_site(dana, browser, page):
    assert browser.sign_in("dana", next=page).url == "/"


def test_signing_in_leads_back(dana, browser):
    assert browser.sign_in("dana", next="/r/dana/?q=a").url == "/r/dana/?q=a"
    # Who is signed in already goes there at once.
    assert browser.get("/login", {"next": "/profile"}).url == "/profile"
    assert browser.get("/login", {"next": ADDRESS}).url == "/"


def test_a_wrong_password_and_an_unknown_name_look_the_same(dana, browser):
    said = "The user name or the password is wrong."
    assert said in browser.sign_in("dana", "wrong").text
    assert said in browser.sign_in("nobody", "wrong").text
    assert not browser.is_signed_in


def test_behind_a_socket_without_an_address_people_sign_in(dana):
    browser = Browser(ip="")
    assert browser.sign_in("dana").status_code == 302
    assert browser.get("/profile/security").status_code == 200


def test_a_disabled_account_is_not_let_in_nor_told(dana, browser):
    User.objects.update(is_active=False)
    assert "The user name or the password is wrong." in browser.sign_in("dana").text


def test_guessing_is_slowed_down_and_says_for_how_long(dana):
    start = timezone.now()
    for number in range(5):
        wrong = Browser(ip=f"192.0.2.{number}").sign_in("dana", f"guess {number}")
        assert "password is wrong" in wrong.text
    elsewhere = Browser(ip="192.0.2.99")
    stopped = elsewhere.sign_in("dana")
    assert "Try again in 5 minutes." in stopped.text
    assert not elsewhere.is_signed_in
    with time_machine.travel(start + timedelta(minutes=5, seconds=10)):
        elsewhere.sign_in("dana")
        assert elsewhere.is_signed_in


def test_who_was_here_before_is_not_locked_out_by_others(dana, browser):
    browser.sign_in("dana")
    browser.post("/logout")
    for number in range(5):
        Browser(ip=f"192.0.2.{number + 10}").sign_in("dana", "guess")
    stopped = Browser(ip="192.0.2.99").sign_in("dana", "guess")
    assert "Too many wrong passwords" in stopped.text
    browser.sign_in("dana")
    assert browser.is_signed_in


def test_a_browser_that_was_let_in_guesses_no_more_often_than_others(dana, browser):
    browser.sign_in("dana")
    browser.post("/logout")
    for number in range(5):
        browser.sign_in("dana", f"guess {number}")
    assert "Too many wrong passwords" in browser.sign_in("dana").text


def test_a_browser_known_for_one_name_is_not_for_another(dana, quinn, browser):
    browser.sign_in("quinn")
    browser.post("/logout")
    for number in range(5):
        Browser(ip=f"192.0.2.{number + 10}").sign_in("dana", "guess")
    assert "Too many wrong passwords" in browser.sign_in("dana").text


def test_one_address_cannot_try_many_names(dana):
    for number in range(20):
        Browser().sign_in(f"name{number}", "guess")
    said = Browser().sign_in("dana").text
    assert "from your address" in said
    assert "second" in said or "minute" in said


@pytest.mark.parametrize("cookie", ["", "x", "a:b:c", '["b", ["dana"]]'])
def test_a_forged_mark_of_a_known_browser_means_nothing(dana, browser, cookie):
    for number in range(5):
        Browser(ip=f"192.0.2.{number + 10}").sign_in("dana", "guess")
    browser.cookies["known_browser"] = cookie
    assert "Too many wrong passwords" in browser.sign_in("dana").text


NEW = "a longer horse battery"


def change(browser: Browser, old: str = PASSWORD, new: str = NEW, again: str = ""):
    data = {"oldpassword": old, "password1": new, "password2": again or new}
    return browser.post("/profile/security/password", data)


def test_changing_the_password_ends_the_other_sessions_only(dana, signed_in):
    other = Browser()
    other.sign_in("dana")
    assert change(signed_in).url == "/profile/security"
    assert signed_in.is_signed_in
    assert not other.is_signed_in
    assert Browser().sign_in("dana", NEW).url == "/"
    assert AuditEvent.objects.filter(action="change password").exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"old": "wrong"}, "That is not the password you have now."),
        ({"new": "short"}, "too short"),
        ({"again": "another battery"}, "The two new passwords are not the same."),
    ],
)
def test_a_password_is_not_changed_to_that(dana, signed_in, values, said):
    assert said in change(signed_in, **values).text
    assert dana.check_password(PASSWORD)


def test_who_has_no_password_is_told_who_sets_one(dana, browser):
    dana.set_unusable_password()
    dana.save()
    browser.force_login(dana)
    shown = browser.get("/profile/security/password", follow=True)
    assert "Your account has no password. An administrator can set one." in shown.text


def test_signing_out_ends_the_session(signed_in):
    key = signed_in.cookies["sessionid"].value
    assert signed_in.post("/logout").url == "/login"
    signed_in.cookies["sessionid"] = key
    assert not signed_in.is_signed_in
