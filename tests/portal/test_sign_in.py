from __future__ import annotations

from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD


def test_everybody_without_a_session_is_led_to_sign_in(client, source):
    for url in ("/", "/r/dev/", "/r/dev/website/tags", "/r/dev/website/promotions/new"):
        response = client.get(url)
        assert response.status_code == 302
        assert response.url == f"{reverse('accounts:login')}?next={url}"


def test_signing_in_leads_back_to_the_page_asked_for(client, dana, source):
    page = "/r/dev/website/tags"
    data = {"username": "dana", "password": PASSWORD, "next": page}
    assert client.post("/login", data).url == page


def test_signing_in_never_leads_to_another_site(client, dana):
    data = {"username": "dana", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/login", data).url == "/"


def test_a_wrong_password_is_told_in_a_sentence(client, dana):
    response = client.post("/login", {"username": "dana", "password": "wrong"})
    assert "The user name or the password is wrong." in response.text


def test_signing_out_takes_a_post(browser, dana):
    client = browser(dana)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").url == "/login"
    assert client.get("/").status_code == 302


def test_pages_carry_nothing_inline(browser, dana, source):
    response = browser(dana).get("/r/dev/website/promotions/new")
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert " style=" not in response.text
    assert " onclick=" not in response.text
    assert "<script>" not in response.text


def test_a_form_without_its_token_is_refused_in_words(dana):
    client = Client(enforce_csrf_checks=True)
    client.force_login(dana)
    response = client.post("/logout")
    assert response.status_code == 403
    assert "This form is too old" in response.text
