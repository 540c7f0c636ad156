"""`manage.py load_advisories PATH`: take in known vulnerabilities from files."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm
from typing_extensions import override

from repositories.scanning.advisories import UnusableSource
from repositories.scanning.ecosystems import spoken
from repositories.services.advisories import (
    Loaded,
    NothingReadable,
    load,
    rematch,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterator

SHOWN = 20
OLD_DAYS = 30


class Command(BaseCommand):
    """Loads, and then matches the images that were scanned before once more."""

    help = (
        "Load advisories in the OSV format from a folder, a zip or a git checkout, and"
        " match all images against them. Only what changed is written: run it nightly."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the folder or the zip")
        parser.add_argument(
            "--prune",
            action="store_true",
            help="remove what an earlier load from here had and this one has not",
        )
        parser.add_argument(
            "--source",
            default="",
            metavar="NAME",
            help="what to call where they are from (default: the path)",
        )

    @override
    def handle(self, *, path: Path, prune: bool, source: str, **_options: Any) -> None:
        try:
            with _bar("advisories") as progress:
                loaded = load(path=path, source=source, prune=prune, progress=progress)
        except (UnusableSource, NothingReadable) as error:
            raise CommandError(str(error)) from error
        self._say(loaded)
        with _bar("scans") as progress:
            matched = rematch(progress=progress)
        self.stdout.write(
            f"Matched {matched.scans} scans again: {matched.changed} have other"
            " vulnerabilities now."
        )

    def _say(self, loaded: Loaded) -> None:
        numbers = (
            f"{loaded.new} new",
            f"{loaded.changed} changed",
            f"{loaded.unchanged} unchanged",
            f"{loaded.removed} removed",
            f"{loaded.withdrawn} withdrawn",
            f"{loaded.unlisted} about nothing that images hold",
            f"{loaded.failed} unreadable",
        )
        self.stdout.write(f"Read {loaded.read} advisories: {', '.join(numbers)}.")
        for ecosystem, count in sorted(loaded.ecosystems.items()):
            part = "" if loaded.vouched_for(ecosystem) else " beside others, not all"
            self.stdout.write(f"  {spoken(ecosystem)}: {count}{part}")
        self._complain(loaded)

    def _complain(self, loaded: Loaded) -> None:
        for name, reason in loaded.unreadable[:SHOWN]:
            self.stderr.write(f"unreadable: {name}: {reason}")
        if loaded.failed > SHOWN:
            self.stderr.write(f"unreadable: {loaded.failed - SHOWN} more")
        old = timezone.now() - timedelta(days=OLD_DAYS)
        newest = max(loaded.newest.values(), default=None)
        if newest is not None and newest < old:
            self.stderr.write(
                f"The newest of them is of {newest:%Y-%m-%d}: is the copy kept current?"
            )


@contextmanager
def _bar(unit: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar where somebody looks at it."""
    if not sys.stderr.isatty():
        yield None
        return
    with tqdm(unit=f" {unit}", dynamic_ncols=True) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
