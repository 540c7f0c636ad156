"""Which ports the quickstart takes, and what it says when it cannot."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from msr.quickstart import ports
from msr.quickstart.errors import QuickstartError
from tests.stack.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def listening(address: str = "127.0.0.1") -> Iterator[int]:
    """A port of this machine that somebody listens on."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((address, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_is_taken_is_named_together_with_the_option(tmp_path: Path) -> None:
    with (
        listening() as taken,
        pytest.raises(QuickstartError, match=rf"Port {taken} .* with --port\."),
    ):
        ports.choose(taken, None, tmp_path / "ports.json")


def test_a_taken_registry_port_names_its_own_option(tmp_path: Path) -> None:
    with (
        listening() as taken,
        pytest.raises(QuickstartError, match=rf"Port {taken} .* --registry-port\."),
    ):
        ports.choose(free_port(), taken, tmp_path / "ports.json")


def test_one_port_for_both_parts_is_refused(tmp_path: Path) -> None:
    port = free_port()

    with pytest.raises(QuickstartError, match="the other part has it"):
        ports.choose(port, port, tmp_path / "ports.json")


def test_the_next_free_port_is_taken_when_none_is_given() -> None:
    with listening() as taken:
        assert ports.first_free(taken) > taken


def test_a_port_somebody_has_on_the_other_loopback_address_is_not_free() -> None:
    try:
        with listening("::1") as taken:
            assert ports.obstacle_at(taken) == os.strerror(errno.EADDRINUSE)
    except OSError:
        pytest.skip("needs IPv6 on this machine")


def test_the_next_run_gets_the_ports_of_the_last_one(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    first = ports.choose(free_port(), free_port(), memory)

    assert ports.choose(None, None, memory) == first
