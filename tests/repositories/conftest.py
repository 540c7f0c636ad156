"""What the tests of the repositories app share."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from repositories.models import Registry, Repository, TagMove
from repositories.signals import tag_pushed
from tests.conftest import forget_registry
from tests.factories import make_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.hostile_registry import Answering, HostileServer


@pytest.fixture
def repository(db: None, request: pytest.FixtureRequest) -> Repository:
    """A repository whose name no other test uses in the shared registry."""
    name = request.node.name.partition("[")[0].removeprefix("test_")
    return make_repository(name=f"dev/{name.replace('__', '_')}")


@pytest.fixture
def several_connections() -> None:
    """Skip where threads cannot have connections of their own."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite in memory has one connection; runs on PostgreSQL")


@pytest.fixture
def announced() -> Iterator[list[TagMove]]:
    """The moves that other apps heard about."""
    heard: list[TagMove] = []

    def listen(*, move_id: int, **_kwargs: Any) -> None:
        heard.append(TagMove.objects.get(pk=move_id))

    tag_pushed.connect(listen)
    yield heard
    tag_pushed.disconnect(listen)


@pytest.fixture
def sick_registry(
    registry: object, settings, make_server: Callable[[Answering], HostileServer]
) -> Callable[[Answering], HostileServer]:
    """Put a registry that answers as the test says in the place of the real one."""

    def start(answering: Answering) -> HostileServer:
        server = make_server(answering)
        settings.REGISTRY_URL = server.url
        settings.REGISTRY_READ_TIMEOUT = 0.5
        forget_registry()
        return server

    return start


@contextmanager
def registry_at(settings, url: str) -> Iterator[None]:
    """Speak to another registry for a while."""
    before, settings.REGISTRY_URL = settings.REGISTRY_URL, url
    forget_registry()
    yield
    settings.REGISTRY_URL = before
    forget_registry()


def reconcile_is_wanted() -> bool:
    return Registry.objects.filter(reconcile_wanted_at__isnull=False).exists()


def moves_of(repository: Repository, tag: str) -> list[str | None]:
    """Where the tag pointed, one digest after the other; None: it was deleted."""
    rows = TagMove.objects.filter(repository=repository, tag=tag).order_by("id")
    return list(rows.values_list("to_manifest__digest", flat=True))


def points_to(repository: Repository, tag: str) -> str | None:
    rows = repository.tags.filter(name=tag)
    return rows.values_list("manifest__digest", flat=True).first()
