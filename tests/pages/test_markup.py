"""The HTML of every page is valid, and keeps to the content security policy."""

from __future__ import annotations

import pytest

from accounts.access import Actor
from promotions.services import policies
from tests.pages.addresses import portal_routes
from tests.pages.markup import faults
from tests.pages.needs import NEEDS


@pytest.mark.parametrize("persona", ["admin", "dana", "rita", "stranger", "anonymous"])
def test_html_is_valid(cast, browser_of, persona):
    client, wrong = browser_of(persona), {}
    for route in portal_routes():
        if route.name not in NEEDS:
            continue
        response = client.get(route.url(cast))
        if response.headers["Content-Type"].startswith("text/html"):
            found = faults(response.text)
            if found and response.status_code != 302:
                wrong[route.name] = found
    assert not wrong


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p><div></div></p>", "unexpected-end-tag"),
        ('<b id="x"></b><i id="x"></i>', "#x twice"),
        ('<label for="gone">x</label>', "for names #gone"),
        ('<a href="/"><button>x</button></a>', "button inside a"),
        ('<p style="color: red">x</p>', "attribute style"),
        ("<script>alert(1)</script>", "a script inside"),
        ('<form method="post"></form>', "a form without its token"),
        ('<script src="https://cdn.example.com/x.js"></script>', "from elsewhere"),
    ],
)
def test_faults_are_found(html, said):
    page = f"<!DOCTYPE html><html><head></head><body>{html}</body></html>"
    assert said in " ".join(faults(page))


def test_html_of_a_change_that_waits_for_consent_is_valid(cast, browser_of):
    changes = {"tag_template": "%n-new", "target": "qa/inbox"}
    dana = Actor(cast.people["dana"])
    policies.update(actor=dana, policy=cast.policy, changes=changes, propose=True)
    cast.policy.refresh_from_db()
    assert cast.policy.proposed_version is not None
    page = browser_of("dana").get(f"/r/dev/website/promotions/{cast.policy.uuid}")
    assert "Proposed change, version 2" in page.text
    assert not faults(page.text)
