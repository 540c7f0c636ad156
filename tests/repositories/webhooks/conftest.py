"""A receiver on this machine, and somebody who may subscribe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accounts.access import AccessLevel, Actor
from repositories.services import webhooks
from tests.factories import grant, make_repository, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.models import User
    from repositories.models import Repository, Webhook
    from tests.hostile_registry import Answering, HostileServer


def takes(handler: Any) -> None:
    handler.reply(204)


@pytest.fixture
def receive(
    make_server: Callable[[Answering], HostileServer], settings: Any
) -> Callable[..., HostileServer]:
    """Start receivers that may be called: `receive(answering)`."""

    def start(answering: Answering = takes) -> HostileServer:
        server = make_server(answering)
        settings.OUTBOUND_ALLOW = [
            *settings.OUTBOUND_ALLOW,
            f"tenant-webhook=127.0.0.1:{server.server_port}",
            f"webhook=127.0.0.1:{server.server_port}",
        ]
        return server

    return start


@pytest.fixture
def website(db: None) -> Repository:
    return make_repository(name="dev/website")


@pytest.fixture
def author(website: Repository) -> User:
    """An admin of dev, and of nothing else."""
    person = make_user(name="olga")
    grant(to=person, on=website.namespace, level=AccessLevel.ADMIN)
    return person


@pytest.fixture
def subscribe(website: Repository, author: User) -> Callable[..., Webhook]:
    """Subscribe to dev/website: `subscribe(server)`; TAG_PUSH unless said."""

    def make(
        server: HostileServer,
        wanted: str = "TAG_PUSH",
        scope: Any = website,
        **draft: Any,
    ) -> Webhook:
        by = draft.pop("by", author)
        told = webhooks.Draft(type=wanted, endpoint=f"{server.url}/hook", **draft)
        return webhooks.create(actor=Actor(by), scope=scope, draft=told)

    return make
