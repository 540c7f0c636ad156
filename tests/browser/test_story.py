"""What people come to the portal for, step by step as they would do it."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.authentication import sign_in
from accounts.models import AccessToken
from promotions.models import PolicyConsent
from repositories.models import VulnerabilityException
from tests.factories import PASSWORD

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _nobody_woken(monkeypatch):
    monkeypatch.setattr("promotions.views.policies.wake", lambda *_args: None)


def test_a_proposal_is_found_among_the_notices_and_accepted(cast, page_as, live_server):
    page = page_as("quinn")
    page.goto(live_server.url)
    page.get_by_role("link", name="Notices").click()
    page.get_by_role("link", name="dev/website to qa/inbox").click()
    expect(page.get_by_text("no answer yet")).to_be_visible()
    page.get_by_label("Comment for the target").fill("welcome")
    page.get_by_role("button", name="Agree").click()
    expect(page.get_by_text("You agreed.")).to_be_visible()
    expect(page.get_by_text("“welcome”")).to_be_visible()
    consent = PolicyConsent.objects.get(
        policy_version=cast.objects["proposal"].shown_version, side="target"
    )
    assert consent.decided_by == cast.people["quinn"]


def test_a_vulnerability_is_hidden_with_a_reason(cast, page_as, live_server):
    page = page_as("dana")
    names = ("dev", "website", "1.0")
    page.goto(live_server.url + reverse("repositories:vulnerabilities", args=names))
    page.get_by_role("link", name="CVE-2021-1", exact=True).click()
    page.get_by_role("link", name=re.compile("hide", re.IGNORECASE)).first.click()
    page.get_by_label("Reason").fill("the parser is not reachable")
    page.get_by_role("button", name="Hide", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("hidden")
    hidden = VulnerabilityException.objects.get(vulnerability="CVE-2021-1")
    assert hidden.author == cast.people["dana"]
    assert hidden.expires_at is not None


def test_a_token_is_made_shown_once_and_revoked(cast, page_as, live_server):
    page = page_as("rita")
    page.goto(live_server.url)
    page.locator("#me").click()
    page.get_by_role("link", name="Access tokens").click()
    page.get_by_role("link", name="New token").first.click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Label").fill("laptop")
    page.get_by_role("button", name="Create").click()
    secret = page.get_by_text(re.compile(r"^msr_\w+")).first.inner_text().strip()
    assert sign_in("rita", secret).key == cast.people["rita"].pk
    page.get_by_role("link", name="I have copied it").click()
    assert secret not in page.content()
    page.get_by_role("button", name=re.compile("Revoke")).first.click()
    page.get_by_role("button", name=re.compile("Revoke")).last.click()
    expect(page.get_by_role("main")).to_contain_text("revoked")
    assert not AccessToken.objects.get(label="laptop").is_active
