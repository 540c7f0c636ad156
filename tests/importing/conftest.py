"""A registry to import from, and an administrator who does."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from accounts.access import Actor
from promotions.services.importing import Connection, Source, connection
from tests.factories import make_user
from tests.importing.fake_msr import SECRET, USER, FakeMSR

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import Settings as SettingsWrapper


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(connection, "PAUSES", ())


@pytest.fixture
def allow(settings: SettingsWrapper) -> Callable[[int], None]:
    """Let an import call a port of this machine."""

    def allow(port: int) -> None:
        settings.OUTBOUND_ALLOW = [f"import=127.0.0.1:{port}"]

    return allow


@pytest.fixture
def msr(make_server, allow) -> FakeMSR:
    server = make_server(lambda handler: handler.reply(404))
    made = FakeMSR(server)
    server.answering = made.answer
    allow(server.server_port)
    return made


@pytest.fixture
def source(msr: FakeMSR) -> Source:
    return Source(
        Connection.to(msr.url, username=USER, secret=SECRET, insecure_http=True)
    )


@pytest.fixture
def root(db) -> Actor:
    return Actor(make_user(name="root", is_superuser=True))


@pytest.fixture
def import_msr(msr: FakeMSR, root: Actor, monkeypatch) -> Callable[..., str]:
    """Run the command against the registry; returns what it says."""
    monkeypatch.setenv("IMPORT_MSR_SECRET", SECRET)

    def run(*arguments: str, url: str = msr.url, **options: Any) -> str:
        out = io.StringIO()
        options.setdefault("user", USER)
        options.setdefault("insecure_http", True)
        call_command("import_msr", url, *arguments, stdout=out, **options)
        return out.getvalue()

    return run
