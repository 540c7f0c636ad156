"""Waking workers up: the message may be lost, what was written never is."""

from __future__ import annotations

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from repositories.tasks import process_event, wake

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_message_waits_for_the_commit(monkeypatch):
    sent: list[str] = []
    monkeypatch.setattr(process_event, "delay", sent.append)
    with transaction.atomic():
        wake(process_event, "event")
        assert sent == []
    assert sent == ["event"]


def test_a_broker_that_is_away_undoes_nothing(monkeypatch):
    def unreachable(_key):
        raise OperationalError("away")

    monkeypatch.setattr(process_event, "delay", unreachable)
    with transaction.atomic():
        wake(process_event, "event")
