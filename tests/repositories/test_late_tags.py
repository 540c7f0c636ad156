"""Distribution reports a push before it writes the tag; who is quick finds the old."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from repositories.models import RegistryEvent
from repositories.services import ingest
from tests.repositories.conftest import moves_of, points_to
from tests.repositories.events import ingested

if TYPE_CHECKING:
    from repositories.models import Repository
    from tests.live_registry import LiveRegistry

pytestmark = pytest.mark.django_db
State = RegistryEvent.State


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(ingest, "TAG_PAUSES", (0.0,))


def take_up_again(event: RegistryEvent) -> RegistryEvent:
    RegistryEvent.objects.filter(pk=event.pk).update(due_at=None)
    ingest.process(event_id=event.event_id)
    event.refresh_from_db()
    return event


def test_a_tag_that_is_written_while_it_is_asked_for_is_found(
    registry: LiveRegistry, repository: Repository, make_image, monkeypatch
):
    image, name = make_image("a"), repository.full_name
    digest = registry.push(image, name, "other")
    monkeypatch.setattr(
        ingest, "sleep", lambda _seconds: registry.push(image, name, "1.0")
    )

    event = ingested(repository=name, digest=digest)

    assert (event.state, event.error) == (State.DONE, "")
    assert points_to(repository, "1.0") == str(digest)


def test_a_tag_that_is_written_later_still_is_found_later(
    registry: LiveRegistry, repository: Repository, make_image, announced
):
    name = repository.full_name
    before = registry.push(make_image("a"), name, "1.0")
    ingested(repository=name, digest=before)
    image = make_image("b")
    digest = registry.push(image, name, "other")

    event = ingested(repository=name, digest=digest)

    assert (event.state, event.error) == (
        State.PENDING,
        "The registry has not written the tag yet.",
    )
    assert moves_of(repository, "1.0") == [str(before)]
    registry.push(image, name, "1.0")
    assert take_up_again(event).state == State.DONE
    assert points_to(repository, "1.0") == str(digest)
    assert len(announced) == 2


def test_a_tag_that_went_back_in_the_meantime_is_not_waited_for_for_ever(
    registry: LiveRegistry, repository: Repository, make_image
):
    name = repository.full_name
    before = registry.push(make_image("a"), name, "1.0")
    ingested(repository=name, digest=before)
    event = ingested(
        repository=name, digest=registry.push(make_image("b"), name, "other")
    )
    while event.state == State.PENDING:
        take_up_again(event)

    assert event.attempts == ingest.TAG_ATTEMPTS
    assert event.error == "The tag has moved on since."
    assert points_to(repository, "1.0") == str(before)


def test_news_from_before_what_is_known_is_not_waited_for(
    registry: LiveRegistry, repository: Repository, make_image
):
    name = repository.full_name
    ingested(repository=name, digest=registry.push(make_image("a"), name, "1.0"))
    old = registry.push(make_image("b"), name, "other")

    event = ingested(repository=name, digest=old, timestamp="2026-01-01T00:00:00Z")

    assert (event.state, event.attempts) == (State.DONE, 1)
