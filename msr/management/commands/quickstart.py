"""`manage.py quickstart`: the whole product with a demo, on this machine."""

from __future__ import annotations

import os
import signal
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from msr.quickstart.errors import QuickstartError
from msr.quickstart.guide import guide
from msr.quickstart.installation import Plan, running
from msr.quickstart.ports import choose
from msr.quickstart.state import opened

if TYPE_CHECKING:
    from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    """Runs every part as a child until it is interrupted."""

    help = "Run the portal, its workers, a registry and Redis here, with a demo."
    # It runs before there is a configuration; the children check theirs.
    requires_system_checks = ()

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--state-dir",
            type=Path,
            default=Path(".state"),
            metavar="DIR",
            help="where data, secrets and logs are kept (default: .state)",
        )
        parser.add_argument(
            "--port",
            type=_port,
            metavar="N",
            help="the portal's port (default: the last, or the first free from 8000)",
        )
        parser.add_argument(
            "--registry-port",
            type=_port,
            metavar="N",
            help="the registry's port (default: the last, or the first free from 5000)",
        )
        parser.add_argument(
            "--workers",
            type=_processes,
            default=1,
            metavar="N",
            help="processes of the portal (default: 1)",
        )

    @override
    def handle(
        self,
        *,
        state_dir: Path,
        port: int | None,
        registry_port: int | None,
        workers: int,
        **_options: object,
    ) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, _interrupt)
        try:
            with opened(state_dir) as state:
                ports = choose(port, registry_port, state.ports)
                self._run(Plan(state, ports, os.environ, workers))
        except QuickstartError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _run(self, plan: Plan) -> None:
        self._say(f"Starting in {plan.state.directory} ...")
        with running(plan) as installation:
            self._say(guide(plan.state))
            self._say("ready")
            installation.children.watch()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Begin to stop; whoever asks again has to wait for the end of it."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _port(text: str) -> int:
    """Read the number of a port."""
    return _number(text, 1, 2**16 - 1)


def _processes(text: str) -> int:
    """Read how many processes to start."""
    return _number(text, 1, 64)


def _number(text: str, lowest: int, highest: int) -> int:
    """Read a whole number within bounds; argparse prints the sentence otherwise."""
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        msg = f"{text!r} is no number from {lowest} to {highest}."
        raise ArgumentTypeError(msg)
    return int(text)
