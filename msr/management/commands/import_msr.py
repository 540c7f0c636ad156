"""`manage.py import_msr URL`: come here from Mirantis Secure Registry."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm
from typing_extensions import override

from accounts.access import Actor
from accounts.models import User
from promotions.models import Import
from promotions.services import importing

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterable, Iterator

SECRET = "IMPORT_MSR_SECRET"  # noqa: S105 - the name of a variable
PHASES = ("structure", "compare", "switch-on")


class Command(BaseCommand):
    """Three phases, each of which may be run again."""

    help = (
        "Take organizations, teams, repositories and promotion policies over from"
        " Mirantis Secure Registry (2.3 to 3.1), or from another portal of this kind."
        " Policies come switched off. What was taken over is not taken over again."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", help="such as https://msr.example.com")
        parser.add_argument(
            "--phase",
            choices=PHASES,
            default=PHASES[0],
            help=(
                "structure (the default), compare (tags on both sides, and what each"
                " policy would do now), or switch-on (the policies of one namespace)"
            ),
        )
        parser.add_argument(
            "--namespace",
            action="append",
            default=[],
            metavar="NAME",
            help="only this one; may be given again. For switch-on, * is global ones",
        )
        self._add_source(parser)
        self._add_choices(parser)

    @staticmethod
    def _add_source(parser: ArgumentParser) -> None:
        parser.add_argument("--user", help="an administrator there")
        parser.add_argument(
            "--token-file",
            type=Path,
            metavar="FILE",
            help=(
                "holds the password or access token; else it is taken from the variable"
                f" {SECRET}, or asked for"
            ),
        )
        parser.add_argument(
            "--insecure-http",
            action="store_true",
            help="send the secret in clear text to an http:// address",
        )

    @staticmethod
    def _add_choices(parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as",
            dest="administrator",
            default="",
            metavar="NAME",
            help="the administrator here who imports; needed where there are several",
        )
        parser.add_argument(
            "--merge",
            action="append",
            default=[],
            metavar="NAME",
            help="a namespace that is here already and is to be added to",
        )
        parser.add_argument(
            "--existing-users-only",
            action="store_true",
            help="make nobody: list who is not here",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="do everything, and undo it"
        )
        parser.add_argument(
            "--apply",
            action="store_true",
            help="switch-on: look at the tags that exist, too",
        )
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write the report as JSON"
        )

    @override
    def handle(self, **options: Any) -> None:
        if options["report"]:
            _make_private(options["report"])
        try:
            document = self._run(options)
        except (importing.ImportFailed, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        if options["report"]:
            text = json.dumps(document, indent=2, ensure_ascii=False)
            options["report"].write_text(f"{text}\n", encoding="utf-8")

    def _run(self, options: dict[str, Any]) -> dict[str, Any]:
        actor = _administrator(options["administrator"])
        if options["phase"] == "switch-on":
            return self._switch_on(actor, options)
        source = importing.Source(_connection(options))
        if options["phase"] == "compare":
            return self._compare(actor, source, options)
        return self._structure(actor, source, options)

    def _structure(
        self, actor: Actor, source: importing.Source, options: dict[str, Any]
    ) -> dict[str, Any]:
        choices = importing.Choices(
            merge=frozenset(options["merge"]),
            existing_users_only=options["existing_users_only"],
            dry_run=options["dry_run"],
        )
        with _bar() as progress:
            snapshot = importing.read(
                source, namespaces=options["namespace"], progress=progress
            )
            ledger = importing.take_over(
                actor=actor, snapshot=snapshot, choices=choices, progress=progress
            )
        report = importing.Report.of(ledger)
        self._say(importing.report_lines(report, dry_run=choices.dry_run))
        return {"dryRun": choices.dry_run, **report.to_json()}

    def _say(self, lines: Iterable[str]) -> None:
        """Write lines; what others named may hold what moves a terminal."""
        for line in lines:
            shown = (
                char if char.isprintable() else "\N{REPLACEMENT CHARACTER}"
                for char in line
            )
            self.stdout.write("".join(shown))

    def _compare(
        self, actor: Actor, source: importing.Source, options: dict[str, Any]
    ) -> dict[str, Any]:
        with _bar() as progress:
            comparison = importing.compare(
                actor=actor,
                source=source,
                of=_import(source.url),
                namespaces=options["namespace"],
                progress=progress,
            )
        self._say(importing.comparison_lines(comparison))
        return importing.comparison_json(comparison)

    def _switch_on(self, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        if not options["namespace"]:
            message = "Name what to switch on: --namespace dev."
            raise CommandError(message)
        url = importing.checked_url(options["url"], insecure_http=True)
        answers = [
            answer
            for namespace in options["namespace"]
            for answer in importing.switch_on(
                actor=actor,
                source=_import(url),
                namespace=namespace,
                apply=options["apply"],
            )
        ]
        self._say(importing.switched_lines(answers))
        return {
            "policies": [
                {"name": row.name, "key": row.key, "on": not reason, "reason": reason}
                for row, reason in answers
            ]
        }


def _make_private(file: Path) -> None:
    """Make the report's file: the addresses of receivers are among what it holds."""
    try:
        file.touch(mode=0o600)
    except OSError as error:
        message = f"The report cannot be written to {file}."
        raise CommandError(message) from error


def _connection(options: dict[str, Any]) -> importing.Connection:
    if not options["user"]:
        message = "Say who reads there: --user NAME."
        raise CommandError(message)
    return importing.Connection.to(
        options["url"],
        username=options["user"],
        secret=_secret(options["token_file"]),
        insecure_http=options["insecure_http"],
    )


def _secret(file: Path | None) -> str:
    if file is not None:
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            message = f"{file} cannot be read."
            raise CommandError(message) from error
    else:
        secret = os.environ.get(SECRET, "")
        if not secret and sys.stdin.isatty():
            secret = getpass("Password or access token: ")
    if not secret:
        message = f"Give the secret: --token-file FILE, or the variable {SECRET}."
        raise CommandError(message)
    return secret


def _administrator(name: str) -> Actor:
    rows = User.objects.filter(is_superuser=True, is_active=True)
    found = list(rows.filter(username=name) if name else rows[:2])
    if len(found) != 1:
        message = "Say which administrator of this portal imports: --as NAME."
        raise CommandError(message)
    return Actor(found[0])


def _import(url: str) -> Import:
    found = Import.objects.filter(source_url=url).first()
    if found is None:
        message = f"Nothing was taken over from {url} yet: run the phase structure."
        raise CommandError(message)
    return found


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar where somebody looks at it."""
    if not sys.stderr.isatty():
        yield importing.quiet
        return
    with tqdm(dynamic_ncols=True) as bar:
        shown = ""

        def progress(stage: str, done: int, total: int) -> None:
            nonlocal shown
            if stage != shown:
                shown = stage
                bar.set_description(stage)
                bar.reset(total)
            bar.update(done - bar.n)

        yield progress
