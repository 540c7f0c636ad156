"""What the parts are started with: our defaults, and what was set already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msr.quickstart.environment import for_parts, value
from msr.quickstart.ports import Ports
from msr.quickstart.state import State, opened

if TYPE_CHECKING:
    from pathlib import Path


def environment(state: State, **given: str) -> dict[str, str]:
    return for_parts(given, state, Ports(8001, 5001), "redis+socket:///r")


def test_parts_learn_the_addresses_and_where_the_secrets_are(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        parts = environment(state)

        assert parts["MSR_DATABASE_URL"] == f"sqlite:///{tmp_path}/msr.sqlite3"
        assert parts["MSR_PUBLIC_URL"] == "http://localhost:8001"
        assert parts["MSR_REGISTRY_URL"] == "http://127.0.0.1:5001"
        assert parts["MSR_REGISTRY_PUBLIC_HOST"] == "localhost:5001"
        assert value(parts, "SECRET_KEY") == state.secret_key.read_text()
        assert state.secret_key.read_text() not in parts.values()


def test_settings_that_are_set_already_win(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    parts = environment(
        State(tmp_path),
        MSR_DATABASE_URL="postgres://db/msr",
        MSR_NOTIFICATION_SECRET_FILE=str(tmp_path / "password"),
    )

    assert parts["MSR_DATABASE_URL"] == "postgres://db/msr"
    assert value(parts, "NOTIFICATION_SECRET") == "s3cret"


def test_a_registry_elsewhere_is_also_where_people_push_to(tmp_path: Path) -> None:
    parts = environment(State(tmp_path), MSR_REGISTRY_URL="https://r.example:444/")

    assert parts["MSR_REGISTRY_PUBLIC_HOST"] == "r.example:444"


def test_the_shell_cannot_change_the_generated_registry_configuration(
    tmp_path: Path,
) -> None:
    assert "REGISTRY_AUTH" not in environment(State(tmp_path), REGISTRY_AUTH="none")


def test_parts_are_reached_directly_where_the_shell_has_a_proxy(
    tmp_path: Path,
) -> None:
    parts = environment(State(tmp_path), no_proxy="example.com")

    assert parts["no_proxy"] == "example.com,localhost,127.0.0.1"


def test_parts_run_on_the_products_own_settings(tmp_path: Path) -> None:
    parts = environment(State(tmp_path), DJANGO_SETTINGS_MODULE="tests.settings")

    assert parts["DJANGO_SETTINGS_MODULE"] == "msr.settings"
