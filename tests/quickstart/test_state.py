"""The state folder: private, lasting, and used by one quickstart at a time."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from msr.quickstart.errors import QuickstartError
from msr.quickstart.state import State, opened

if TYPE_CHECKING:
    from pathlib import Path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def secret_files(state: State) -> list[Path]:
    return [
        state.secret_key,
        state.notification_secret,
        state.token_key,
        state.token_certificate,
    ]


def test_only_its_owner_may_read_the_state(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as state:
        assert mode(state.directory) == 0o700
        assert {mode(path) for path in secret_files(state)} == {0o600}


def test_secrets_and_keys_stay_the_same_from_run_to_run(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        first = [path.read_bytes() for path in secret_files(state)]

    with opened(tmp_path) as state:
        assert [path.read_bytes() for path in secret_files(state)] == first
    assert len(set(first)) == len(first)


def test_two_quickstarts_do_not_share_a_state_folder(tmp_path: Path) -> None:
    with (
        opened(tmp_path),
        pytest.raises(QuickstartError, match=r"Another quickstart .* --state-dir"),
        opened(tmp_path),
    ):
        pytest.fail("the second one got in")


def test_a_state_folder_that_cannot_be_made_says_which_option_to_change(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(QuickstartError, match="--state-dir"),
        opened(tmp_path / "file" / "state"),
    ):
        pytest.fail("a file was used as a folder")
