"""Questions in dialogs, and what is said when a request of the page's own fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from promotions.models import Promotion, PromotionPolicy
from tests.browser.accessibility import barriers

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


@pytest.fixture
def policy_page(cast, page_as, live_server) -> Page:
    page: Page = page_as("dana")
    address = reverse("promotions:policy", args=["dev", "website", cast.policy.uuid])
    page.goto(live_server.url + address)
    return page


def test_a_question_is_asked_in_a_dialog_and_may_be_left(cast, policy_page):
    delete = policy_page.get_by_role("link", name="Delete")
    delete.click()
    dialog = policy_page.get_by_role("dialog", name="Delete this promotion policy?")
    dialog.wait_for()
    assert not barriers(policy_page)
    policy_page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert delete.evaluate("link => link === document.activeElement")
    delete.click()
    dialog.get_by_role("link", name="Keep it").click()
    dialog.wait_for(state="hidden")
    assert PromotionPolicy.objects.filter(pk=cast.policy.pk, deleted_at=None).exists()


def test_what_is_answered_in_a_dialog_is_done(cast, policy_page):
    policy_page.get_by_role("link", name="Delete").click()
    policy_page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    policy_page.get_by_text("The policy is deleted").wait_for()


def test_without_a_script_the_question_is_a_page(cast, browser, live_server, page_as):
    cookies = page_as("dana").context.cookies()
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(cookies)
    page = plain.new_page()
    address = reverse("promotions:policy", args=["dev", "website", cast.policy.uuid])
    page.goto(live_server.url + address)
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("heading", name="Delete this promotion policy?").wait_for()
    plain.close()


def test_a_failed_request_of_the_page_is_said_once(
    cast, page_as, live_server, complaints
):
    running = Promotion.objects.get(state=Promotion.State.RUNNING)
    address = reverse("promotions:promotion", args=[running.uuid])
    page = page_as("dana")
    page.goto(live_server.url + address)
    sentence = "The portal does not reach its database."
    page.route(
        f"**{address}",
        lambda route: route.fulfill(
            status=503, content_type="text/plain; charset=utf-8", body=sentence
        ),
    )
    for _ in range(2):
        with page.expect_response(f"**{address}"):
            pass
    toast = page.get_by_role("alert").get_by_text(sentence)
    toast.wait_for()
    assert toast.count() == 1
    page.unroute(f"**{address}")
    toast.wait_for(state="hidden")
    complaints.clear()  # that it failed is what this is about
