"""The inbox: who gets which event, and when."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.utils import timezone

from repositories import tasks
from repositories.models import Registry, RegistryEvent
from repositories.services import inbox
from repositories.services.reconcile import is_wanted
from tests.repositories.events import report

if TYPE_CHECKING:
    from uuid import UUID

pytestmark = pytest.mark.django_db
State = RegistryEvent.State


def claim(event: RegistryEvent) -> UUID | None:
    return RegistryEvent.objects.claim(event.event_id, lease_seconds=60)


def finish(event: RegistryEvent, state: State = State.DONE) -> None:
    RegistryEvent.objects.filter(pk=event.pk).update(state=state)


def run_out(event: RegistryEvent) -> None:
    past = timezone.now() - timedelta(seconds=1)
    RegistryEvent.objects.filter(pk=event.pk).update(leased_until=past)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the sweeper sends."""
    found: list[str] = []
    monkeypatch.setattr(
        tasks, "wake", lambda _task, event_id, **_options: found.append(event_id)
    )
    monkeypatch.setattr(tasks.reconcile, "delay", lambda: found.append("reconcile"))
    return found


def test_one_worker_gets_an_event():
    event = report()
    assert claim(event) is not None
    assert claim(event) is None


def test_events_of_one_tag_are_had_in_the_order_of_arrival():
    first, second = report(), report()
    other = report(tag="2.0")

    assert claim(second) is None
    assert claim(other) is not None
    assert claim(first) is not None
    assert claim(second) is None
    finish(first)
    assert claim(second) is not None


def test_poison_holds_nothing_back():
    first, second = report(), report()
    finish(first, State.POISON)
    assert claim(second) is not None


def test_the_sweeper_finds_what_a_dead_worker_left(woken):
    event = report()
    assert claim(event) is not None
    tasks.sweep_events()
    assert woken == []

    run_out(event)
    tasks.sweep_events()
    assert woken == [event.event_id]
    assert claim(event) is not None
    event.refresh_from_db()
    assert event.attempts == 2


def test_the_sweeper_sends_for_what_was_never_sent_and_is_next(woken):
    first, _second, other = report(), report(), report(tag="2.0")
    tasks.sweep_events()
    assert woken == [first.event_id, other.event_id]


def test_what_was_put_back_waits_for_its_time(woken):
    event = report()
    later = timezone.now() + timedelta(minutes=1)
    RegistryEvent.objects.filter(pk=event.pk).update(due_at=later)
    tasks.sweep_events()
    assert woken == []
    assert claim(event) is None


def test_a_wish_to_reconcile_is_sent_until_it_is_granted(woken):
    inbox.want_reconcile(reason="An event was lost.")
    tasks.sweep_events()
    tasks.sweep_events()
    assert woken == ["reconcile"] * 2


@pytest.mark.parametrize(
    "state",
    [
        {"brake": Registry.Brake.ENGAGED},
        {"reconcile_leased_until": timezone.now() + timedelta(days=1)},
        {"reconcile_wanted_at": timezone.now() + timedelta(days=1)},
        {"reconcile_wanted_at": None},
    ],
    ids=["brake", "under way", "not its turn", "granted"],
)
def test_no_walk_is_sent_for_while(woken, state):
    inbox.want_reconcile(reason="An event was lost.")
    Registry.objects.update(**state)
    tasks.sweep_events()
    assert woken == []


def test_a_second_wish_does_not_jump_the_queue():
    inbox.want_reconcile(reason="first")
    later = timezone.now() + timedelta(minutes=1)
    Registry.objects.update(reconcile_wanted_at=later)
    inbox.want_reconcile(reason="second")
    assert Registry.objects.get().reconcile_wanted_at == later
    assert not is_wanted()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("several_connections")
def test_of_workers_that_ask_at_once_one_gets_the_event():
    event, start = report(), Barrier(8)

    def ask() -> UUID | None:
        start.wait()
        try:
            return claim(event)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(ask) for _ in range(8)]
        leases = [answer.result() for answer in answers if answer.result()]
    event.refresh_from_db()
    assert leases == [event.lease_token]
    assert event.attempts == 1
