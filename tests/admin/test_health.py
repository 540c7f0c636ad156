"""The page that says how every part does, and the secret of the notifications."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.authentication import hash_secret
from accounts.models import AuditEvent
from msr.celery import note_beat
from msr.health.broker import _beat
from msr.health.findings import State
from repositories.models import Registry
from tests.admin.factories import make_event

HEALTH = reverse("admin:health")
SECRET = reverse("admin:repositories_registry_secret")


@pytest.fixture(autouse=True)
def nothing_answers(settings):
    """Addresses at which nobody listens."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.REGISTRY_URL = "http://127.0.0.1:1"


def row_of(browser, part: str, name: str):
    parts = {part.name: part for part in browser.get(HEALTH).context["parts"]}
    (row,) = (row for row in parts[part].rows if row.name.startswith(name))
    return row


def test_what_does_not_answer_is_a_red_row_and_soon(browser):
    started = time.monotonic()
    page = browser.get(HEALTH)
    assert time.monotonic() - started < 3
    assert page.status_code == 200
    assert row_of(browser, "Queues and workers", "Redis").state is State.BAD
    assert row_of(browser, "Registry", "Answers").state is State.BAD
    assert row_of(browser, "Database and clocks", "Migrations").state is State.GOOD


def test_the_registry_answers(browser, registry):
    row = row_of(browser, "Registry", "Answers")
    assert (row.state, row.found) == (State.GOOD, "yes, as registry/2.0")


def test_poison_and_the_brake_are_on_the_overview(browser):
    make_event("one")
    Registry.objects.update(brake="engaged", brake_reason="Too much would change.")
    page = browser.get(reverse("admin:index")).content.decode()
    assert "Too much would change." in page
    assert "notifications: 1" in page


def test_a_late_reconcile_is_said(browser):
    Registry.objects.update(reconciled_at=timezone.now())
    assert row_of(browser, "Registry", "Last reconcile").state is State.GOOD
    Registry.objects.update(reconciled_at=timezone.now() - timedelta(days=3))
    assert row_of(browser, "Registry", "Last reconcile").state is State.WARN


def test_beat_is_seen_by_what_it_sends():
    note_beat()
    assert _beat().state is State.GOOD


def test_a_new_secret_is_shown_once_and_the_old_one_stays_valid(browser):
    old = Registry.objects.get().secret_hash
    page = browser.post(SECRET, {"rotate": ""})
    secret = page.context["secret"]
    registry = Registry.objects.get()
    assert registry.secret_hash == hash_secret(secret)
    assert registry.previous_secret_hash == old
    assert f"Bearer {secret}" in page.content.decode()
    assert secret not in browser.get(SECRET).content.decode()
    assert AuditEvent.objects.latest("id").action == "rotate secret"


def test_a_third_secret_waits_until_the_first_is_forgotten(browser):
    browser.post(SECRET, {"rotate": ""})
    before = Registry.objects.get().secret_hash
    page = browser.post(SECRET, {"rotate": ""}).content.decode()
    assert "forget the old one first" in page
    assert Registry.objects.get().secret_hash == before
    browser.post(SECRET, {"forget": ""})
    registry = Registry.objects.get()
    assert (registry.secret_hash, registry.previous_secret_hash) == (before, "")
