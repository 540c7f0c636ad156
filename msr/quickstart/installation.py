"""Every part of one installation: what it is started with, and in which order."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msr.quickstart import broker, registry
from msr.quickstart.children import Children, Part
from msr.quickstart.environment import for_parts, is_given
from msr.quickstart.probes import http_answers
from msr.quickstart.readiness import VARIABLE as READY_FILE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from msr.quickstart.ports import Ports
    from msr.quickstart.state import State

PROJECT = Path(__file__).resolve().parent.parent.parent
PORTAL_THREADS = 8
QUEUES = "ingest,promote,notify,maintenance"
# What the workers say to one another on starting takes a second, and nobody listens.
QUIET = ("--without-mingle", "--without-gossip")


@dataclass(frozen=True, slots=True)
class Plan:
    """One installation; `given` are the settings that win over our own."""

    state: State
    ports: Ports
    given: Mapping[str, str]
    portal_workers: int = 1


@dataclass(frozen=True, slots=True)
class Running:
    """An installation whose parts are all ready, and what they were started with."""

    children: Children
    environment: Mapping[str, str]


@contextmanager
def running(plan: Plan) -> Iterator[Running]:
    """Run the installation: ready on entering, stopped on leaving.

    Raises QuickstartError when a part is missing, ends by itself or is never ready.
    """
    with (
        broker.socket_path(plan.state) as socket,
        Children(plan.state.logs, PROJECT) as children,
    ):
        environment = for_parts(plan.given, plan.state, plan.ports, broker.url(socket))
        _launch(plan, children, environment, socket)
        yield Running(children, environment)


def _launch(
    plan: Plan, children: Children, environment: Mapping[str, str], socket: Path
) -> None:
    children.start(*_servers(plan, environment, socket))
    children.run(_management("migrate", environment, "--no-input"))
    children.start(
        _portal(plan, environment),
        _worker(plan, environment, "worker", *_with_beat(plan.state)),
        _worker(plan, environment, "scan-worker", "-Q", "scan", "-c", "1"),
    )
    credentials = str(plan.state.credentials)
    children.run(_management("seed_demo", environment, credentials))
    children.wait_until_ready()


def _servers(
    plan: Plan, environment: Mapping[str, str], socket: Path
) -> Iterator[Part]:
    if not is_given(plan.given, "REGISTRY_URL"):
        yield registry.part(plan.state, plan.ports, environment)
    if not is_given(plan.given, "REDIS_URL"):
        yield broker.part(socket, environment)


def _management(command: str, environment: Mapping[str, str], *arguments: str) -> Part:
    manage = str(PROJECT / "manage.py")
    return Part(command, (sys.executable, manage, command, *arguments), environment)


def _portal(plan: Plan, environment: Mapping[str, str]) -> Part:
    command = (
        *(sys.executable, "-m", "gunicorn", "msr.wsgi:application"),
        *("--bind", f"127.0.0.1:{plan.ports.portal}"),
        *("--workers", str(plan.portal_workers)),
        *("--worker-class", "gthread", "--threads", str(PORTAL_THREADS)),
        "--no-control-socket",
    )
    is_ready = partial(http_answers, plan.ports.portal, "/healthz", (200,))
    return Part("portal", command, environment, is_ready)


def _with_beat(state: State) -> tuple[str, ...]:
    schedule = str(state.beat_schedule)
    return ("-Q", QUEUES, "-c", "4", "-B", "--schedule", schedule)


def _worker(
    plan: Plan, environment: Mapping[str, str], name: str, *options: str
) -> Part:
    ready_file = plan.state.ready_file(name)
    ready_file.unlink(missing_ok=True)
    command = (
        *(sys.executable, "-m", "celery", "-A", "msr", "worker"),
        *("-n", f"{name}@%h", "--include", "msr.quickstart.readiness"),
        *QUIET,
        *options,
    )
    return Part(
        name,
        command,
        {**environment, READY_FILE_VARIABLE: str(ready_file)},
        ready_file.exists,
    )
