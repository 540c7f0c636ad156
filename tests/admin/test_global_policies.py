"""Global policies by the portal's own form, in the frame of the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from promotions.models import PromotionPolicy
from tests.admin.factories import make_organization, make_repository, make_user
from tests.portal.test_policies import filled_in

ADD = reverse("admin:promotions_promotionpolicy_add")


@pytest.fixture
def acme(db):
    organization = make_organization("acme", make_user("owner"))
    make_repository(organization, "web")
    return organization


def sent(*, values: str = "-stable", **changes: str) -> dict[str, str]:
    start = {"source_pattern": "acme/*", "target": "acme/out/{repository}"}
    return filled_in(("ew", values), **{**start, **changes})


def page_of(policy: PromotionPolicy) -> str:
    return reverse("admin:promotions_promotionpolicy_change", args=(policy.pk,))


def test_the_form_stands_in_the_frame_of_the_admin(browser, acme):
    page = browser.get(ADD).content.decode()
    assert 'class="admin-nav"' in page
    assert "admin.css" in page
    assert 'name="rules-0-field"' in page
    assert 'name="apply"' in page
    assert page.count("<h1") == 1


def test_a_policy_is_saved_tried_and_changed_there(browser, acme):
    trial = sent()
    trial["try"] = trial.pop("save")
    tried = browser.post(ADD, trial)
    assert tried.status_code == 200
    assert 'class="admin-nav"' in tried.content.decode()
    assert not PromotionPolicy.objects.exists()
    assert browser.post(ADD, sent()).status_code == 302
    policy = PromotionPolicy.objects.get()
    assert policy.scope == "global"
    page = browser.get(page_of(policy))
    assert 'value="acme/*"' in page.content.decode()
    changed = sent(values="-final")
    assert browser.post(page_of(policy), changed).status_code == 302
    policy.refresh_from_db()
    assert policy.shown_version.rules[0]["values"] == ["-final"]


def test_what_is_refused_is_said_on_the_form(browser, acme):
    answer = browser.post(ADD, sent(tag_template="%!"))
    assert answer.status_code == 200
    assert not PromotionPolicy.objects.exists()


def test_staff_get_neither_form(browser, acme):
    browser.post(ADD, sent())
    policy = PromotionPolicy.objects.get()
    owner = acme.primary_owner
    owner.is_staff = True
    owner.save()
    theirs = Client()
    theirs.force_login(owner, "accounts.authentication.people.PeopleBackend")
    assert theirs.get(ADD).status_code == 403
    assert theirs.post(ADD, sent()).status_code == 403
    assert theirs.get(page_of(policy)).status_code == 302
    assert theirs.post(page_of(policy), sent()).status_code in (302, 403)
    assert PromotionPolicy.objects.count() == 1


def test_a_deleted_one_is_for_reading(browser, acme):
    browser.post(ADD, sent())
    policy = PromotionPolicy.objects.get()
    browser.post(
        reverse("admin:promotions_promotionpolicy_changelist"),
        {"action": "delete", "_selected_action": [policy.pk], "confirmed": "yes"},
    )
    page = browser.get(page_of(policy)).content.decode()
    assert 'name="apply"' not in page
    assert "acme" in page


def test_the_portals_pages_of_global_policies_have_the_frame_too(browser, acme):
    page = browser.get(reverse("promotions:global_policies")).content.decode()
    assert 'class="admin-nav"' in page
    assert 'class="admin-nav"' not in browser.get("/").content.decode()
