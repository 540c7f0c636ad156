"""`manage.py reconcile`: walk the registry for pushes nobody reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from repositories.registry import RegistryError
from repositories.services.reconcile import AlreadyRunning, BrakeEngaged, reconcile

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Walk once, in this process, and say what was found."""

    help = (
        "Walk the registry and take in pushes whose notification was lost. The first"
        " walk records what is there and promotes nothing."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--accept",
            choices=("record", "evaluate"),
            default="",
            help=(
                "Release the brake for this walk: record (write the tags, promote"
                " nothing) or evaluate (treat the changes as pushes)."
            ),
        )

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            report = reconcile(accept=options["accept"])
        except (
            AlreadyRunning,
            BrakeEngaged,
            ImproperlyConfigured,
            RegistryError,
        ) as error:
            raise CommandError(str(error)) from error
        kind = "baseline" if report.is_baseline else "walk"
        self.stdout.write(
            f"{kind}: {report.repositories} repositories, {report.tags} tags;"
            f" recorded {report.recorded}, removed {report.removed},"
            f" missed for the first time {report.missed}."
        )
        for name in report.unmanaged:
            self.stdout.write(f"unmanaged: {name}")
        for sentence in report.refused:
            self.stderr.write(f"refused: {sentence}")
