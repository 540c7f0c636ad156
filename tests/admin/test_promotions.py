"""Promotions, done again and cancelled through the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.services.evaluate import evaluate_move
from tests.factories import make_manifest, make_policy, make_repository, make_tag

URL = "admin:promotions_promotion_changelist"


@pytest.fixture
def woken(monkeypatch):
    """The keys of the promotions that were enqueued."""
    keys: list[int] = []
    monkeypatch.setattr(
        "promotions.admin.history.wake", lambda _task, key: keys.append(key)
    )
    return keys


@pytest.fixture
def promotions(administrator):
    """One that failed, and one that waits for a worker."""
    source, target = make_repository(name="dev/web"), make_repository(name="qa/web")
    make_policy(source=source, target=target)
    for name in ("broken", "waiting"):
        tag = make_tag(
            repository=source, name=name, manifest=make_manifest(repository=source)
        )
        evaluate_move(move_id=tag.current_move_id)
    Promotion.objects.filter(source_tag="broken").update(
        state=State.FAILED, error_code="DENIED", finished_at=timezone.now()
    )
    return list(Promotion.objects.order_by("id"))


def act(browser: Client, action: str, rows: list[Promotion]) -> str:
    keys = [row.pk for row in rows]
    data = {"action": action, "_selected_action": keys, "confirmed": "yes"}
    return browser.post(reverse(URL), data, follow=True).content.decode()


def test_what_ended_is_promoted_again_and_the_rest_says_why_not(
    browser, administrator, promotions, woken
):
    page = act(browser, "promote_again", promotions)
    again = Promotion.objects.get(repeats=promotions[0])
    assert again.requested_by == administrator
    assert woken == [again.pk]
    assert "Promoted again: 1." in page
    assert "The promotion is pending: wait for its end, or cancel it." in page
    entry = AuditEvent.objects.latest("id")
    assert (entry.actor, entry.action) == ("admin", "promote again")


def test_what_waits_is_cancelled_and_the_rest_says_why_not(browser, promotions, woken):
    page = act(browser, "cancel", promotions)
    states = Promotion.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == [State.FAILED, State.CANCELLED]
    assert "Cancelled, or told to stop: 1." in page
    assert "nothing left to cancel" in page
    assert not woken


def test_staff_without_a_namespace_can_act_on_nothing(promotions, woken, db):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="change_promotion"))
    client = Client()
    client.force_login(clerk, "accounts.authentication.people.PeopleBackend")
    assert "dev/web" not in client.get(reverse(URL)).content.decode()
    for action in ("promote_again", "cancel"):
        act(client, action, promotions)
    assert Promotion.objects.filter(state=State.PENDING).count() == 1
    assert Promotion.objects.count() == 2


@pytest.mark.parametrize(
    ("query", "count"),
    [("error_code=DENIED", 1), ("error_code=OTHER", 0), ("policy__isempty=1", 0)],
)
def test_the_list_is_filtered(browser, promotions, query, count):
    page = browser.get(f"{reverse(URL)}?{query}")
    assert page.context["cl"].result_count == count
    assert "error_code=DENIED" in page.content.decode()
