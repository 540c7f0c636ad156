"""Policies, switched and deleted through the admin; lists that do not count on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from accounts.access import SYSTEM
from accounts.admin_mixins import lists
from accounts.models import AuditEvent
from promotions.services import policies
from promotions.services.policies.managed import write
from repositories.services import repositories
from tests.admin.factories import (
    make_organization,
    make_policy,
    make_repository,
    make_user,
)

if TYPE_CHECKING:
    from django.test import Client

    from promotions.models import PromotionPolicy


@pytest.fixture
def policy(administrator):
    owner = make_user("owner")
    acme = make_organization("acme", owner)
    return make_policy(
        owner, make_repository(acme, "web"), make_repository(acme, "production")
    )


def act(browser: Client, action: str, *rows: PromotionPolicy) -> str:
    url = reverse("admin:promotions_promotionpolicy_changelist")
    keys = [row.pk for row in rows]
    data = {"action": action, "_selected_action": keys, "confirmed": "yes"}
    return browser.post(url, data, follow=True).content.decode()


def test_policies_are_switched_by_the_service(browser, policy):
    assert "Policies disabled: 1." in act(browser, "disable", policy)
    policy.refresh_from_db()
    assert not policy.enabled
    entry = AuditEvent.objects.latest("id")
    assert (entry.actor, entry.after["enabled"]) == ("admin", False)
    act(browser, "enable", policy)
    policy.refresh_from_db()
    assert policy.enabled


def test_a_deleted_policy_keeps_its_row_and_stays_off(browser, policy):
    assert "Policies deleted: 1." in act(browser, "delete", policy)
    act(browser, "enable", policy)
    policy.refresh_from_db()
    assert policy.deleted_at
    assert not policy.enabled


def test_what_a_file_owns_is_switched_and_not_deleted(browser, policy):
    write(policy, key="web")
    policies.mark(actor=SYSTEM, policy=policy, file="acme-release", enabled=True)
    assert "The file “acme-release” owns this policy" in act(browser, "delete", policy)
    assert "Policies disabled: 1." in act(browser, "disable", policy)
    policy.refresh_from_db()
    assert (policy.deleted_at, policy.enabled) == (None, False)


def test_what_the_service_refuses_is_said(browser, policy):
    target = policy.current_version.target_namespace.repositories.get(name="production")
    repositories.delete(actor=SYSTEM, repository=target)
    policy.enabled = False
    policy.save()
    assert "does not exist any more" in act(browser, "enable", policy)
    policy.refresh_from_db()
    assert not policy.enabled


def test_the_page_of_a_policy_lists_its_versions(browser, policy):
    url = reverse("admin:promotions_promotionpolicy_change", args=(policy.pk,))
    page = browser.get(url).content.decode()
    version = policy.current_version
    assert reverse("admin:promotions_policyversion_change", args=(version.pk,)) in page
    assert "acme/production" in page


def test_a_list_counts_no_further_than_it_pages(browser, monkeypatch):
    monkeypatch.setattr(lists, "COUNTED_ROWS", 2)
    for name in ("a", "b", "c"):
        make_user(name)
    page = browser.get(reverse("admin:accounts_auditevent_changelist"))
    assert page.context["cl"].result_count == 2
