"""A PostgreSQL server of the tests' own, fast because it may lose its data."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from msr.quickstart.children import Children, Part
from tests.stack.missing import MissingProgram
from tests.stack.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGED = Path("/usr/lib/postgresql")
ROLE = DATABASE = "msr"
ACCOUNTS = ("postgres", "nobody")
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
}


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server with one empty database; give its URL."""
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="msr-pg-") as name:
        folder = Path(name)
        prefix = _as_another_user(folder)
        _initialize(programs, folder, prefix)
        port = free_port()
        with Children(folder, folder) as children:
            children.start(_server(programs, folder, prefix, port))
            children.wait_until_ready()
            with _connect(port) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            yield f"postgres://{ROLE}@127.0.0.1:{port}/{DATABASE}"


def _programs() -> Path:
    """Return the folder of the newest server's programs."""
    if (initdb := shutil.which("initdb")) is not None:
        return Path(initdb).resolve().parent
    versions = [path.parent for path in PACKAGED.glob("*/bin/initdb")]
    if not versions:
        raise MissingProgram("postgresql")
    return max(versions, key=lambda path: float(path.parent.name))


def _as_another_user(folder: Path) -> tuple[str, ...]:
    """Give the folder to another account when we are root: the server refuses root."""
    if os.geteuid() != 0:
        return ()
    names = {entry.pw_name for entry in pwd.getpwall()}
    account = pwd.getpwnam(next(name for name in ACCOUNTS if name in names))
    os.chown(folder, account.pw_uid, account.pw_gid)
    return (
        *("setpriv", "--reuid", account.pw_name, "--regid", str(account.pw_gid)),
        *("--clear-groups", "--pdeathsig", "INT", "--"),
    )


def _initialize(programs: Path, folder: Path, prefix: tuple[str, ...]) -> None:
    subprocess.run(
        [
            *prefix,
            *(str(programs / "initdb"), "--pgdata", str(folder / "data")),
            *("--username", ROLE, "--auth", "trust", "--encoding", "UTF8"),
            *("--locale", "C.UTF-8", "--no-sync"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def _server(programs: Path, folder: Path, prefix: tuple[str, ...], port: int) -> Part:
    settings = {**SETTINGS, "port": str(port), "unix_socket_directories": str(folder)}
    options = (text for name in settings for text in ("-c", f"{name}={settings[name]}"))
    return Part(
        "postgresql",
        (*prefix, str(programs / "postgres"), "-D", str(folder / "data"), *options),
        os.environ,
        partial(_answers, port),
        stop_signal=signal.SIGINT,
    )


def _answers(port: int) -> bool:
    try:
        _connect(port).close()
    except psycopg.OperationalError:
        return False
    return True


def _connect(port: int) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host="127.0.0.1", port=port, user=ROLE, dbname="postgres", autocommit=True
    )
