"""The story of MSR's promotion page through the portal alone, in Chromium."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.people import Person, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow
NEAR = 15_000  # milliseconds for a push to show where somebody watches


@pytest.fixture
def portal(stack: Stack, context: BrowserContext) -> Callable[[str], Page]:
    """Return a function that signs somebody in by the page for it."""

    def sign_in(name: str) -> Page:
        page = context.new_page()
        page.goto(f"{stack.url}/login")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(stack.credentials["users"][name]["password"])
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("#me")).to_contain_text(name)
        return page

    return sign_in


def make_organization(page: Page, stack: Stack, name: str) -> None:
    page.goto(f"{stack.url}/organizations/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def make_repository(page: Page, stack: Stack, namespace: str, name: str) -> None:
    page.goto(f"{stack.url}/r/{namespace}/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{namespace}/{name}")


def test_a_policy_made_by_the_form_promotes_what_is_pushed(
    portal: Callable[[str], Page],
    stack: Stack,
    admin: Person,
    new_image: Callable[..., Image],
) -> None:
    page = portal("admin")
    for namespace in ("web", "live"):
        make_organization(page, stack, namespace)
        make_repository(page, stack, namespace, "site")

    page.goto(f"{stack.url}/r/web/site/promotions")
    page.get_by_role("link", name="New promotion policy").first.click()
    page.get_by_label("Comparison").select_option("ew")
    page.locator("#id_rules-0-values_editor").fill("stable")
    page.locator("#id_rules-0-values_editor").press("Enter")
    page.get_by_label("Target repository").fill("live/site")
    page.get_by_label("Tag in the target", exact=True).fill("%n-%Y")
    expect(page.locator("#policy-form")).to_contain_text(re.compile(r"-20\d\d"))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("it looks at every push from now on")).to_be_visible()

    page.goto(f"{stack.url}/r/web/site/promotions")
    expect(page.get_by_text("Nothing was promoted yet")).to_be_visible()
    opened = page.evaluate("performance.timeOrigin")
    assert admin.push(new_image(), "web/site:1.0-stable") == ""
    expect(page.locator("#promotions")).to_contain_text("succeeded", timeout=NEAR)
    expect(page.locator("#promotions")).to_contain_text("live/site:1.0-stable-20")
    assert page.evaluate("performance.timeOrigin") == opened  # it was never reloaded

    assert admin.push(new_image(), "web/site:1.1-beta") == ""
    wait_for(lambda: {"1.1-beta"} <= {one["name"] for one in admin.tags("web/site")})
    page.goto(f"{stack.url}/r/web/site/tags/1.1-beta/decisions")
    main = page.get_by_role("main")
    expect(main).to_contain_text('tag "1.1-beta" does not end with "stable"')
