"""Sessions: listed, ended, lost."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.models import AuditEvent
from tests.factories import make_organization
from tests.sign_in.browser import Browser

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAID = "You were signed out before this was sent, so nothing was changed."


def sign_in(name: str = "dana", **values: str) -> Browser:
    browser = Browser(**values)
    browser.sign_in(name)
    return browser


def test_sessions_are_listed_and_one_is_ended(dana):
    here, there = sign_in(), sign_in(ip="2001:db8::1", HTTP_USER_AGENT=FIREFOX)
    shown = here.get("/profile/security").text
    assert "Firefox on Linux" in shown
    assert "2001:db8::1" in shown
    row = UserSession.objects.get(ip="2001:db8::1")
    assert here.post(f"/profile/security/sessions/{row.pk}/end").status_code == 302
    assert here.is_signed_in
    assert not there.is_signed_in
    assert "2001:db8::1" not in here.get("/profile/security").text
    assert AuditEvent.objects.filter(action="end sessions", actor="dana").exists()


def test_all_other_sessions_are_ended(dana, quinn):
    here, others, stranger = sign_in(), [sign_in(), sign_in()], sign_in("quinn")
    here.post("/profile/security/sessions/end")
    assert here.is_signed_in
    assert stranger.is_signed_in
    assert not any(other.is_signed_in for other in others)


def test_nobody_ends_the_sessions_of_others(dana, quinn):
    theirs, mine = sign_in(), sign_in("quinn")
    row = UserSession.objects.get(user=dana)
    response = mine.post(f"/profile/security/sessions/{row.pk}/end")
    assert response.status_code == 404
    assert theirs.is_signed_in


def test_the_list_costs_the_same_for_many(dana, django_assert_max_num_queries):
    here, *_ = [sign_in() for _ in range(12)]
    with django_assert_max_num_queries(12):
        assert here.get("/profile/security").text.count("a program") >= 12


# --- lost sessions ------------------------------------------------------------------


def test_a_lost_form_leads_back_to_the_page_it_was_on(dana, db):
    page = "http://localhost/organizations/dev/members?q=x"
    browser = Browser()
    response = browser.post("/organizations/dev/members", headers={"Referer": page})
    assert response.url == "/login?next=%2Forganizations%2Fdev%2Fmembers%3Fq%3Dx"
    assert SAID in browser.get(response.url).text


@pytest.mark.parametrize("page", ["", "https://evil.example/x", "//evil.example/x"])
def test_a_lost_form_leads_to_no_other_site(db, page):
    response = Browser().post("/organizations/new", headers={"Referer": page})
    assert response.url == "/login"


def test_a_lost_fragment_leads_the_whole_page_to_sign_in(db):
    headers = {
        "HX-Request": "true",
        "HX-Current-URL": "http://localhost/r/dev/website/tags?after=1",
    }
    response = Browser().get("/r/dev/website/tags", headers=headers)
    assert response.status_code == 200
    assert response.content == b""
    address = "/login?next=%2Fr%2Fdev%2Fwebsite%2Ftags%3Fafter%3D1"
    assert response.headers["HX-Redirect"] == address
    headers["HX-Current-URL"] = "https://evil.example/x"
    response = Browser().get("/r/dev/website/tags", headers=headers)
    assert response.headers["HX-Redirect"] == "/login"


def test_a_form_without_its_token_leads_back_to_its_page(dana):
    make_organization(name="dev", owner=dana)
    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    client.force_login(dana)
    page = {"Referer": "http://localhost/organizations/dev/members"}
    response = client.post("/organizations/dev/members", headers=page)
    assert response.status_code == 403
    assert 'href="/organizations/dev/members"' in response.text
    elsewhere = {"Referer": "https://evil.example/"}
    response = client.post("/organizations/dev/members", headers=elsewhere)
    assert "evil.example" not in response.text
    fragment = client.post("/logout", headers={"HX-Request": "true"})
    assert fragment.headers["HX-Refresh"] == "true"


def test_a_form_without_its_token_leads_to_no_other_site(dana):
    browser = Browser(enforce_csrf_checks=True)
    shown = browser.post(
        "/login", headers={"Referer": "http://localhost//evil.example"}
    )
    assert shown.status_code == 403
    assert "evil.example" not in shown.text


def test_sessions_from_before_there_was_a_list_end_too(dana, quinn):
    old, other, here = Browser(), Browser(), Browser()
    for browser, user in ((old, dana), (other, quinn)):
        browser.force_login(user)
    UserSession.objects.all().delete()
    here.sign_in("dana")
    here.post("/profile/security/sessions/end")
    assert not old.is_signed_in
    assert here.is_signed_in
    assert other.is_signed_in


@pytest.mark.parametrize("page", ["/", "/profile/tokens", "/api/v0/repositories"])
def test_no_cache_keeps_what_was_made_for_somebody(signed_in, page):
    response = signed_in.get(page)
    assert response.status_code == 200
    assert {"private", "no-cache"} <= set(response["Cache-Control"].split(", "))
    assert "Cookie" in response["Vary"]
