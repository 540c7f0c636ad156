"""Two tenants, the people in them, and a client for each."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.api import factories

PEOPLE = ("olga", "dana", "drew", "mila", "quentin", "quinn", "ada", "eve")


@dataclass(frozen=True, slots=True)
class World:
    """Two tenants, `dev` and `qa`; only ada and root know of both.

    olga owns dev; dana may write there, drew reads dev/website only; mila is a mere
    member. quentin owns qa; quinn reads there. ada administers both. eve is in none.
    """

    people: SimpleNamespace
    dev: Any
    qa: Any
    website: Any
    app: Any
    private: Any
    opened: Any
    target: Any

    def client(self, name: str = "", secret: str = factories.PASSWORD) -> APIClient:
        """Return an API client of that person; no name means nobody."""
        client = APIClient()
        if name:
            pair = b64encode(f"{name}:{secret}".encode()).decode()
            client.credentials(HTTP_AUTHORIZATION=f"Basic {pair}")
        client.default_format = "json"
        return client


@pytest.fixture
def world(db):
    people = SimpleNamespace(**{name: factories.person(name) for name in PEOPLE})
    people.root = factories.person("root", is_superuser=True)
    dev = factories.organization("dev", people.olga)
    qa = factories.organization("qa", people.quentin)
    factories.team(dev, "developers", people.dana, level="read_write")
    factories.team(dev, "visitors", people.mila)
    factories.team(qa, "testers", people.quinn, level="read_only")
    for organization in (dev, qa):
        factories.grant(people.ada, "admin", organization.namespace)
    website = factories.repository("dev/website")
    factories.grant(people.drew, "read_only", website)
    return World(
        people=people,
        dev=dev,
        qa=qa,
        website=website,
        app=factories.repository("dev/team/app"),
        private=factories.repository("dev/secret"),
        opened=factories.repository("dev/open", visibility="public"),
        target=factories.repository("qa/website"),
    )


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    """The tasks the API enqueued, as (name, key), instead of a broker."""
    sent: list[tuple[str, int]] = []

    def wake(task, key):
        sent.append((task.name.rpartition(".")[2], key))

    monkeypatch.setattr("promotions.api.policies.wake", wake)
    monkeypatch.setattr("promotions.api.promotions.wake", wake)
    return sent


@pytest.fixture(autouse=True)
def _collected_static_files(settings, tmp_path):
    """A folder, so that whitenoise does not warn that there is none."""
    settings.STATIC_ROOT = tmp_path
