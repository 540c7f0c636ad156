"""The state folder: data, secrets and logs of one installation, and its lock."""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msr.quickstart.errors import QuickstartError
from repositories.registry.token import generate_key_and_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CERTIFICATE_DAYS = 3650


@dataclass(frozen=True, slots=True)
class State:
    """Names every file of the state folder; the folder is an absolute path."""

    directory: Path

    @property
    def lock(self) -> Path:
        return self.directory / "lock"

    @property
    def ports(self) -> Path:
        return self.directory / "ports.json"

    @property
    def database(self) -> Path:
        return self.directory / "msr.sqlite3"

    @property
    def secret_key(self) -> Path:
        return self.directory / "secret-key"

    @property
    def notification_secret(self) -> Path:
        return self.directory / "notification-secret"

    @property
    def token_key(self) -> Path:
        return self.directory / "token.key"

    @property
    def token_certificate(self) -> Path:
        return self.directory / "token.crt"

    @property
    def credentials(self) -> Path:
        return self.directory / "credentials.json"

    @property
    def registry_configuration(self) -> Path:
        return self.directory / "registry.yml"

    @property
    def registry_storage(self) -> Path:
        return self.directory / "registry"

    @property
    def redis_socket(self) -> Path:
        return self.directory / "redis.sock"

    @property
    def beat_schedule(self) -> Path:
        return self.directory / "beat-schedule"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def static(self) -> Path:
        """An empty folder: the portal serves its files from where they are."""
        return self.directory / "static"

    def ready_file(self, part: str) -> Path:
        """Return the file that a part without an address makes when it is ready."""
        return self.directory / f"{part}.ready"


@contextmanager
def opened(directory: Path) -> Iterator[State]:
    """Hold the state folder for one quickstart; make what it lacks, keep what is there.

    Raises QuickstartError while another process holds it, or when it cannot be made.
    """
    state = State(directory.absolute())
    _make_folders(state)
    with state.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = (
                f"Another quickstart is using {state.directory}: stop that one, or "
                "choose another folder with --state-dir."
            )
            raise QuickstartError(msg) from None
        _generate_secrets(state)
        yield state


def _make_folders(state: State) -> None:
    try:
        state.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.logs.mkdir(mode=0o700, exist_ok=True)
        state.static.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        msg = (
            f"The state folder {state.directory} cannot be used ({error.strerror}): "
            "choose another one with --state-dir."
        )
        raise QuickstartError(msg) from error


def _generate_secrets(state: State) -> None:
    for path in (state.secret_key, state.notification_secret):
        if not path.exists():
            write_private(path, secrets.token_urlsafe(48).encode())
    if not (state.token_key.exists() and state.token_certificate.exists()):
        key, certificate = generate_key_and_certificate("msr", CERTIFICATE_DAYS)
        write_private(state.token_key, key)
        write_private(state.token_certificate, certificate)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
