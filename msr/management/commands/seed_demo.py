"""`manage.py seed_demo FILE`: the quickstart's demo, run by it as a child."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandParser
from typing_extensions import override

from msr.quickstart.seed import seed


class Command(BaseCommand):
    """Makes what is missing of the demo and writes its credentials."""

    help = "Make the demo's users, repositories and policy (used by quickstart)."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("credentials", type=Path, help="the file to write")

    @override
    def handle(self, *, credentials: Path, **_options: object) -> None:
        seed(credentials)
