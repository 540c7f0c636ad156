"""The admin in a browser: nothing that its policy stops, no barrier, no overflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import AccessToken, NamespaceGroupGrant, Organization, User
from promotions.models import Promotion, PromotionPolicy
from repositories.models import Registry, Repository, Scanner, SigningKey, Tag
from tests.admin.factories import make_tenant
from tests.browser.accessibility import barriers
from tests.browser.routes import NARROW, WIDE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model

pytestmark = pytest.mark.slow

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OPENED = (
    Organization,
    Promotion,
    PromotionPolicy,
    Registry,
    Repository,
    Scanner,
    Tag,
    User,
)
ADDED = (AccessToken, NamespaceGroupGrant, Organization, PromotionPolicy, SigningKey)
LOOKS = [(WIDE, "light"), (NARROW, "dark")]


def url_of(model: type[Model], page: str, *keys: object) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=keys)


def addresses() -> Iterator[str]:
    yield from (reverse(f"admin:{name}") for name in ("index", "health"))
    yield reverse("admin:app_list", args=("accounts",))
    yield reverse("admin:repositories_registry_secret")
    for model in MODELS:
        yield url_of(model, "changelist")
    for model in OPENED:
        row = model._default_manager.order_by("pk").last()
        assert row is not None
        yield url_of(model, "change", row.pk)
        yield url_of(model, "history", row.pk)
    yield url_of(Repository, "delete", Repository.objects.latest("pk").pk)
    for model in ADDED:
        yield url_of(model, "add")
    yield url_of(Organization, "add") + "?_to_field=id&_popup=1"


@pytest.mark.parametrize(("size", "colours"), LOOKS, ids=["wide-light", "narrow-dark"])
def test_no_page_of_the_admin_has_a_barrier(cast, page_as, live_server, size, colours):
    make_tenant("a-name-that-is-rather-long")
    User.objects.filter(username="admin").update(is_staff=True)
    page, wrong = page_as("admin"), []
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=colours)
    for address in addresses():
        answer = page.goto(live_server.url + address)
        found = barriers(page)
        if answer is None or not answer.ok:
            found.append("does not answer")
        root = "document.documentElement"
        if page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"):
            found.append("wider than the window")
        wrong += [f"{address}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


def test_people_are_looked_up_and_chosen(cast, page_as, live_server):
    User.objects.filter(username="admin").update(is_staff=True)
    page = page_as("admin")
    page.goto(live_server.url + url_of(Organization, "add"))
    page.get_by_label("Name:", exact=True).fill("chosen")
    page.get_by_role("combobox", name="Primary owner").click()
    page.get_by_label("Search Primary owner").fill("dan")
    page.get_by_role("option", name="dana").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was added successfully").wait_for()
    assert (
        Organization.objects.get(namespace__name="chosen").primary_owner
        == (cast.people["dana"])
    )


def test_an_action_asks_and_the_colours_stay(cast, page_as, live_server):
    User.objects.filter(username="admin").update(is_staff=True)
    page = page_as("admin")
    page.goto(live_server.url + url_of(User, "changelist"))
    page.get_by_role("button", name="Colours").click()
    page.get_by_role("button", name="Colours: light").click()
    page.get_by_role("row", name="dana").get_by_role("checkbox").check()
    page.get_by_text("1 of").wait_for()
    page.locator("select[name=action]").select_option("disable")
    page.get_by_role("button", name="Go").click()
    page.get_by_role("heading", name="Disable these people?").wait_for()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("button", name="Yes, do it").click()
    page.get_by_text("People disabled: 1.").wait_for()
    assert not User.objects.get(username="dana").is_active
