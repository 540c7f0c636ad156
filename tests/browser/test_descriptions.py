"""Writing a description: it is shown beside the form while one types."""

from __future__ import annotations

import pytest
from django.urls import reverse

pytestmark = pytest.mark.slow


@pytest.fixture
def settings_page(cast, page_as, live_server):
    page = page_as("admin")
    names = (cast.source.namespace.name, cast.source.name)
    page.goto(live_server.url + reverse("repositories:settings", args=names))
    return page


def test_the_preview_follows_what_one_types(settings_page):
    box = settings_page.get_by_label("Long description")
    box.fill("# Start\n\nit **moves** [x](javascript:alert(1))")
    preview = settings_page.get_by_role("region", name="Preview of the description")
    preview.get_by_role("heading", name="Start", level=3).wait_for()
    assert preview.locator("strong").inner_text() == "moves"
    assert preview.get_by_role("link").count() == 0
    box.press_sequentially(" on")
    preview.get_by_text("on", exact=False).first.wait_for()
    focused = "document.activeElement.id"
    assert settings_page.evaluate(focused) == "id_long_description"


def test_a_preview_saves_nothing_and_save_does(settings_page, cast):
    settings_page.get_by_label("Long description").fill("*new*")
    settings_page.get_by_role("button", name="Preview").click()
    settings_page.locator("#preview em").wait_for()
    cast.source.refresh_from_db()
    assert cast.source.long_description != "*new*"
    settings_page.get_by_role("button", name="Save").click()
    settings_page.get_by_text("The settings are saved.").wait_for()
    cast.source.refresh_from_db()
    assert cast.source.long_description == "*new*"
