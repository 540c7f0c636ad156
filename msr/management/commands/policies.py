"""`manage.py policies export|plan|apply|schema`: policies as code."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.http import Http404
from typing_extensions import override

from accounts.access import Actor
from accounts.models import User
from promotions.services import policy_files
from promotions.services.policy_files import MAX_BYTES, MAX_DELETES, Options, Scope
from promotions.tasks import apply_policy
from repositories.tasks import wake

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable

    from promotions.services.policy_files import Plan

STDIN = "-"
REFUSALS = (ValidationError, Http404, PermissionDenied)


class Command(BaseCommand):
    """Reads or writes a file, calls one service, and says what came of it."""

    help = (
        "Keep promotion policies in a file: export them, plan what a file would"
        " change, and apply that."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="write the policies to a file")
        export.add_argument("file", nargs="?", default=STDIN, metavar="FILE")
        export.add_argument(
            "--namespace",
            action="append",
            default=[],
            metavar="NAME",
            help="only this one's; may be repeated (default: all, and global ones)",
        )
        plan = verbs.add_parser("plan", help="say what a file would change")
        plan.add_argument("--json", action="store_true", help="for programs")
        apply = verbs.add_parser("apply", help="do what a plan said")
        apply.add_argument(
            "--plan",
            required=True,
            metavar="FINGERPRINT",
            help="the last line of the plan that was looked at",
        )
        for verb in (plan, apply):
            _add_options(verb)
        for verb in (export, plan, apply):
            verb.add_argument(
                "--as",
                dest="username",
                default="",
                metavar="USER",
                help="in whose rights (default: the only administrator)",
            )
        verbs.add_parser("schema", help="print the JSON Schema of such files")

    @override
    def handle(self, *, verb: str, **options: Any) -> None:
        verbs: dict[str, Callable[..., None]] = {
            "export": self._export,
            "plan": self._plan,
            "apply": self._apply,
            "schema": self._schema,
        }
        try:
            verbs[verb](**options)
        except REFUSALS as error:
            raise CommandError(_said(error)) from error

    def _export(
        self, *, file: str, namespace: list[str], username: str, **_options: Any
    ) -> None:
        actor = _actor(username)
        scope = policy_files.everything(actor)
        if namespace:
            scope = Scope(tuple(sorted(set(namespace))))
        url = f"{settings.PUBLIC_URL}/api/v0/promotionPolicies/schema"
        content = policy_files.export(actor=actor, scope=scope, schema_url=url)
        if file == STDIN:
            self.stdout.write(content, ending="")
        else:
            Path(file).write_text(content, encoding="utf-8")

    def _plan(self, *, file: str, username: str, **options: Any) -> None:
        plan = policy_files.plan(
            actor=_actor(username), content=_content(file), options=_options(options)
        )
        if options["json"]:
            self.stdout.write(json.dumps(plan.to_json(), indent=2))
        else:
            self._tell(plan)
        if plan.objections:
            sys.exit(1)

    def _apply(self, *, file: str, username: str, plan: str, **options: Any) -> None:
        applied = policy_files.apply(
            actor=_actor(username),
            content=_content(file),
            options=_options(options),
            expected=plan,
        )
        for policy_id in applied.to_evaluate:
            wake(apply_policy, policy_id)
        self._tell(applied.plan)
        self.stdout.write("Applied.")

    def _schema(self, **_options: Any) -> None:
        self.stdout.write(json.dumps(policy_files.file_schema(), indent=2))

    def _tell(self, plan: Plan) -> None:
        for line in policy_files.told(plan):
            self.stdout.write(line)


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="- is the standard input")
    parser.add_argument(
        "--prune",
        action="store_true",
        help="delete what the file owned and has no more",
    )
    parser.add_argument(
        "--max-deletes",
        type=int,
        default=MAX_DELETES,
        metavar="N",
        help=f"at most so many (default: {MAX_DELETES})",
    )
    parser.add_argument(
        "--restore",
        action="store_true",
        help="undo what somebody switched against the file",
    )
    parser.add_argument(
        "--no-evaluate",
        dest="evaluate",
        action="store_false",
        help="look at pushes from now on, not at the tags that exist",
    )


def _options(given: dict[str, Any]) -> Options:
    names = ("prune", "max_deletes", "restore", "evaluate")
    return Options(**{name: given[name] for name in names})


def _actor(username: str) -> Actor:
    rows = User.objects.filter(is_active=True)
    if username:
        found = rows.filter(username=username).first()
        if found is None:
            message = f"There is no active user {username}."
            raise CommandError(message)
        return Actor(found)
    administrators = list(rows.filter(is_superuser=True)[:2])
    if len(administrators) != 1:
        message = "Say with --as in whose rights: there is not one administrator alone."
        raise CommandError(message)
    return Actor(administrators[0])


def _content(file: str) -> bytes:
    """Read no more of a file than is enough to see that it is too long."""
    try:
        if file == STDIN:
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(file).open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise CommandError(message) from error


def _said(error: Exception) -> str:
    """Return what was refused, line by line; it may quote what others wrote."""
    if isinstance(error, ValidationError):
        return "\n".join(map(policy_files.harmless, error.messages))
    return policy_files.harmless(str(error) or "You may not do this.")
