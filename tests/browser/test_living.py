"""Pages that change while somebody looks at them, and what they leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from django.urls import reverse
from django.utils import timezone

from promotions.models import Promotion
from repositories.models import Scan
from tests.factories import make_scan, make_tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


@pytest.fixture
def open_page(page_as, live_server) -> Callable[..., Page]:
    """Return a function that opens a page as Dana."""

    def opened(view: str, *arguments: object) -> Page:
        page: Page = page_as("dana")
        page.goto(live_server.url + reverse(view, args=arguments))
        return page

    return opened


def test_a_copy_goes_on_under_the_eyes_of_the_reader(cast, open_page):
    running = Promotion.objects.filter(state=Promotion.State.RUNNING)
    running.update(blobs_done=2, blobs_total=12)
    page = open_page("promotions:promotion", running.get().uuid)
    page.get_by_role("button", name="Copy the digest").focus()
    place = page.locator("#copy").bounding_box()
    running.update(blobs_done=7)
    page.locator('progress[value="7"]').wait_for()
    page.get_by_text("7 of 12 blobs in the target").first.wait_for()
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused) == "Copy the digest"
    assert page.locator("#copy").bounding_box() == place
    running.update(state=Promotion.State.SUCCEEDED, finished_at=timezone.now())
    page.locator("#announcer", has_text="Promotion succeeded").wait_for(
        state="attached"
    )
    assert page.locator("[hx-get]").count() == 0


def test_a_list_tells_news_and_keeps_what_was_selected(cast, open_page):
    scan = Scan.objects.create(
        manifest=make_tag(repository=cast.source, name="busy").manifest, origin="other"
    )
    page = open_page("repositories:tags", "dev", "website")
    page.get_by_label("Select 1.0", exact=True).check()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="busy"))
    row.get_by_text("Waiting for a scanner").wait_for()
    make_tag(repository=cast.source, name="brand-new")
    scan.delete()
    make_scan(manifest=cast.source.tags.get(name="busy").manifest)
    row.get_by_text("Clean").wait_for()
    page.get_by_text("1 tag was pushed since.").wait_for()
    assert page.get_by_label("Select 1.0", exact=True).is_checked()
    assert page.get_by_role("link", name="brand-new").count() == 0
    page.get_by_role("link", name="Show it").click()
    page.get_by_role("link", name="brand-new").wait_for()


def test_going_back_brings_the_list_back_as_it_was(cast, open_page):
    page = open_page("repositories:tags", "dev", "website")
    page.get_by_label("Name contains").fill("stable")
    page.get_by_label("Sort by").select_option("name")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text("Clear").click()
    page.wait_for_url("**/tags?sort=name")
    page.go_back()
    assert page.get_by_label("Name contains").input_value() == "stable"
    assert page.get_by_role("link", name="broken").count() == 0


def test_who_waits_for_a_scan_is_led_to_what_it_found(cast, open_page):
    tag = make_tag(repository=cast.source, name="busy")
    scan = Scan.objects.create(manifest=tag.manifest, origin="other")
    page = open_page("repositories:vulnerabilities", "dev", "website", "busy")
    page.get_by_text("A scan is under way").wait_for()
    scan.delete()
    make_scan(manifest=tag.manifest)
    page.get_by_text("Clean: no known vulnerability").wait_for()


def test_a_lost_session_asks_who_one_is(cast, open_page, context):
    running = Promotion.objects.get(state=Promotion.State.RUNNING)
    page = open_page("promotions:promotion", running.uuid)
    context.clear_cookies()
    page.wait_for_url("**/login?next=*")
    assert unquote(page.url).endswith(f"next=/promotions/{running.uuid}")
