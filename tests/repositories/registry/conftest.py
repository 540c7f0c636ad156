"""A client of the real registry."""

from __future__ import annotations

import pytest

from repositories.registry import (
    RegistryClient,
)


@pytest.fixture
def client(live_registry):
    client = RegistryClient(live_registry.url, live_registry.token, read_timeout=10)
    yield client
    client.close()
