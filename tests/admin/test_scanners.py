"""Scanners in the admin: registered, tried out, and never showing their secret."""

from __future__ import annotations

import pytest
from django.urls import reverse

from repositories.models import Scanner
from tests import scanner_adapter as script
from tests.admin.factories import make_organization, make_user

LIST = reverse("admin:repositories_scanner_changelist")
ADD = reverse("admin:repositories_scanner_add")
SECRET = "the-canary-secret"


@pytest.fixture
def form(scanner_adapter, settings):
    """What the page to add one sends for the scripted adapter, with changes."""
    port = scanner_adapter.port
    purposes = ("scanner", "tenant-scanner")
    settings.OUTBOUND_ALLOW = [f"{purpose}=127.0.0.1:{port}" for purpose in purposes]

    def fill(**changes: object) -> dict[str, object]:
        return {
            "namespace": "",
            "name": "clair",
            "url": scanner_adapter.url,
            "authentication": "none",
            "username": "",
            "secret": "",
            "ca_certificate": "",
            "is_enabled": "on",
            "position": "50",
            **changes,
        }

    return fill


def page_of(scanner: Scanner) -> str:
    return reverse("admin:repositories_scanner_change", args=(scanner.pk,))


def said(browser) -> str:
    page: str = browser.get(LIST).content.decode()
    return page


def test_an_adapter_is_registered(browser, form):
    sent = form(authentication="basic", username="portal", secret=SECRET)
    assert browser.post(ADD, sent).status_code == 302
    scanner = Scanner.objects.get(name="clair")
    assert (scanner.kind, scanner.username, scanner.secret, scanner.position) == (
        "adapter",
        "portal",
        SECRET,
        50,
    )
    assert SECRET not in browser.get(page_of(scanner)).content.decode()


def test_a_namespaces_own_is_registered(browser, form, administrator):
    namespace = make_organization("qa", make_user("quentin")).namespace
    assert browser.post(ADD, form(namespace=namespace.pk)).status_code == 302
    assert Scanner.objects.get(namespace=namespace).name == "qa.clair"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"url": "http://10.0.0.1:8080"}, "MSR_OUTBOUND_ALLOW=scanner=10.0.0.1:8080"),
        ({"name": "trivy"}, "stands for other results"),
        ({"name": "Clair"}, "cannot be a name"),
        ({"authentication": "bearer"}, "needs a password or a token"),
        ({"ca_certificate": "nothing"}, "no certificate in PEM"),
    ],
)
def test_what_is_refused_is_said_on_the_form(browser, form, changes, why):
    response = browser.post(ADD, form(**changes))
    assert why in response.content.decode()
    assert not Scanner.objects.filter(url__gt="").exists()


def test_what_was_refused_does_not_show_the_secret_again(browser, form):
    response = browser.post(ADD, form(name="trivy", secret=SECRET))
    assert SECRET not in response.content.decode()


def test_an_adapter_is_changed_and_keeps_its_secret_and_name(browser, form):
    browser.post(ADD, form(authentication="bearer", secret=SECRET))
    scanner = Scanner.objects.get(name="clair")
    sent = form(name="other", authentication="bearer", position="7", is_enabled="")
    assert browser.post(page_of(scanner), sent).status_code == 302
    scanner.refresh_from_db()
    assert (scanner.name, scanner.secret) == ("clair", SECRET)
    assert (scanner.position, scanner.is_enabled) == (7, False)


def test_of_the_built_in_only_use_and_place_are_offered(browser, form):
    built_in = Scanner.objects.get(name="built-in")
    page = browser.get(page_of(built_in)).content.decode()
    assert 'name="position"' in page
    assert not [name for name in ("url", "secret") if f'name="{name}"' in page]
    sent = {"position": "3", "url": "http://elsewhere.example.com", "secret": SECRET}
    assert browser.post(page_of(built_in), sent).status_code == 302
    built_in.refresh_from_db()
    assert (built_in.position, built_in.is_enabled) == (3, False)
    assert (built_in.url, built_in.secret) == ("", "")


def test_scanners_are_not_deleted(browser, form):
    browser.post(ADD, form())
    scanner = Scanner.objects.get(name="clair")
    url = reverse("admin:repositories_scanner_delete", args=(scanner.pk,))
    assert browser.post(url, {"post": "yes"}).status_code == 403


def test_the_connection_is_tried_out(browser, form, scanner_adapter):
    browser.post(ADD, form())
    scanner = Scanner.objects.get(name="clair")
    sent = {"action": "test_connection", "_selected_action": [scanner.pk]}
    browser.post(LIST, sent)
    assert "lair: Probe 1.2.3 by Tests: sbom, vulnerability" in said(browser)
    page = browser.get(page_of(scanner)).content.decode()
    assert "&quot;vendor&quot;: &quot;Tests&quot;" in page
    scanner_adapter.instead["metadata"] = script.failing(500, "<b>broken</b>")
    browser.post(LIST, sent)
    page = said(browser)
    assert "reported an error (HTTP 500): &lt;b&gt;broken&lt;/b&gt;." in page
    assert "<b>broken" not in page


def test_what_is_no_adapter_cannot_be_tried_out(browser, db):
    built_in = Scanner.objects.get(name="built-in")
    sent = {"action": "test_connection", "_selected_action": [built_in.pk]}
    browser.post(LIST, sent)
    assert "is no adapter that could be asked" in said(browser)
