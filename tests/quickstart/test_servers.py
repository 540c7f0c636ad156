"""The registry and the Redis that the quickstart configures and starts."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from msr.quickstart import broker, registry
from msr.quickstart.children import Children
from msr.quickstart.environment import for_parts
from msr.quickstart.errors import QuickstartError
from msr.quickstart.ports import Ports
from msr.quickstart.state import State, opened

if TYPE_CHECKING:
    from pathlib import Path

PORTS = Ports(8001, 5001)


def environment(state: State) -> dict[str, str]:
    return for_parts({}, state, PORTS, "redis+socket:///r")


def test_without_a_registry_it_says_what_to_install_or_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(QuickstartError, match=r"docker-registry.*MSR_REGISTRY_URL"):
        registry.find_program()


def test_without_redis_it_says_what_to_install_or_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(QuickstartError, match=r"redis-server.*MSR_REDIS_URL"):
        broker.find_program()


def test_the_registry_asks_our_token_server_and_reports_to_our_inbox(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as state:
        content = registry.configuration(state, PORTS, environment(state))
        secret = state.notification_secret.read_text()

    assert content["http"] == {"addr": "127.0.0.1:5001"}  # and no debug port
    assert content["storage"]["filesystem"]["rootdirectory"].startswith(str(tmp_path))
    assert content["storage"]["delete"]["enabled"] is True
    assert content["auth"]["token"] == {
        "realm": "http://127.0.0.1:8001/auth/token",
        "service": "registry",
        "issuer": "msr",
        "rootcertbundle": str(tmp_path / "token.crt"),
    }
    (endpoint,) = content["notifications"]["endpoints"]
    assert endpoint["url"] == "http://127.0.0.1:8001/registry/notifications"
    assert endpoint["headers"] == {"Authorization": [f"Bearer {secret}"]}
    assert endpoint["ignore"]["actions"] == ["pull"]


def test_the_file_with_the_notification_secret_is_private(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        registry.part(state, PORTS, environment(state))

        assert stat.S_IMODE(state.registry_configuration.stat().st_mode) == 0o600


def test_a_deep_state_folder_gets_its_redis_socket_elsewhere(tmp_path: Path) -> None:
    deep = State(tmp_path / ("d" * 108))

    with broker.socket_path(deep) as socket_path:
        assert len(bytes(socket_path)) <= 107
        folder = socket_path.parent

    assert not folder.exists()


def test_redis_runs_on_its_socket_alone(tmp_path: Path) -> None:
    with (
        opened(tmp_path) as state,
        broker.socket_path(state) as path,
        Children(state.logs, tmp_path) as children,
    ):
        children.start(broker.part(path, os.environ))
        children.wait_until_ready()

        assert path.is_socket()
        assert "port=0" in (state.logs / "redis.log").read_text()
