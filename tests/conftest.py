"""Fixtures that every test may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis
import pytest

from repositories.services import registry as registry_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings as SettingsWrapper

    from tests.live_registry import LiveRegistry

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("msr", deadline=None)
hypothesis.settings.load_profile("msr")

pytest_plugins = [
    "tests.browser.fixtures",
    "tests.hostile_registry",
    "tests.live_registry",
    "tests.scanner_adapter",
    "tests.stack.fixtures",
]


@pytest.fixture
def registry(
    live_registry: LiveRegistry, settings: SettingsWrapper
) -> Iterator[LiveRegistry]:
    """A real registry that the portal's services speak to."""
    settings.REGISTRY_URL = live_registry.url
    settings.TOKEN_KEY_FILE = str(live_registry.folder / "key.pem")
    settings.TOKEN_CERT_FILE = str(live_registry.folder / "certificate.pem")
    settings.TOKEN_ISSUER = live_registry.signer.issuer
    settings.TOKEN_SERVICE = live_registry.signer.service
    forget_registry()
    yield live_registry
    forget_registry()


def forget_registry() -> None:
    """Make the services read the settings of the registry again."""
    registry_service.client.cache_clear()
    registry_service.signer.cache_clear()
