"""The bar: its links stand in it where there is room, and in a menu elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.routes import NARROW, WIDE

pytestmark = pytest.mark.slow


def test_a_narrow_bar_keeps_its_links_in_a_menu(page_as, live_server):
    page = page_as("admin")
    page.set_viewport_size(NARROW)
    page.goto(live_server.url)
    links = page.get_by_role("navigation", name="Portal")
    expect(links).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    links.get_by_role("link", name="Pipeline").click()
    page.wait_for_url("**/pipeline")


def test_a_wide_bar_shows_its_links(page_as, live_server):
    page = page_as("admin")
    page.set_viewport_size(WIDE)
    page.goto(live_server.url)
    links = page.get_by_role("navigation", name="Portal")
    expect(links.get_by_role("link", name="Pipeline")).to_be_visible()
    expect(page.get_by_role("button", name="Menu")).to_be_hidden()
