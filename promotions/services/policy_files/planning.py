"""Plan a file, and apply a plan: the same work, which a plan takes back at its end."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from promotions.services.policy_files.comparing import Comparison
from promotions.services.policy_files.examples import failures
from promotions.services.policy_files.parsing import parse
from promotions.services.policy_files.problems import StalePlan
from promotions.services.policy_files.state import (
    fingerprint,
    namespaces_in,
    policies_of,
    repositories_in,
)
from promotions.services.policy_files.steps import Action, Options, Plan
from promotions.services.policy_files.taking import ORDER, take

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accounts.access import Actor
    from promotions.models import PromotionPolicy
    from promotions.services.policy_files.comparing import Work
    from promotions.services.policy_files.shape import PolicyFile
    from promotions.services.policy_files.steps import Step


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, and the policies that are to look at the tags that exist."""

    plan: Plan
    to_evaluate: tuple[int, ...]


def plan(*, actor: Actor, content: bytes | str, options: Options) -> Plan:
    """Return what applying the file would do now, and do nothing.

    Every step is taken and taken back, so that whatever would refuse it has been asked.
    Raises InvalidFile, and Http404 or PermissionDenied for a scope that is not the
    actor's.
    """
    file = parse(content)
    with _or_stale(), transaction.atomic():
        made, _ = _work(actor, file, content, options)
        transaction.set_rollback(True)
    return replace(made, steps=tuple(map(_yet_unmade, made.steps)))


def apply(
    *, actor: Actor, content: bytes | str, options: Options, expected: str
) -> Applied:
    """Do all that a plan said, or nothing.

    `expected` is the plan's fingerprint. Raises StalePlan where it does not hold any
    more, ValidationError with all that refuses a step or failed as a test, and what
    `plan` raises. The caller enqueues `apply_policy` for what is to be evaluated.
    """
    file = parse(content)
    with _or_stale(), transaction.atomic():
        made, touched = _work(actor, file, content, options, expected)
        if made.objections:
            raise ValidationError(made.objections)
    return Applied(made, tuple(one.pk for one in touched if one.apply_wanted_at))


@contextmanager
def _or_stale() -> Iterator[None]:
    """Read as another's work at the same time what only the database noticed."""
    try:
        yield
    except IntegrityError as error:
        raise StalePlan from error


def _work(
    actor: Actor,
    file: PolicyFile,
    content: bytes | str,
    options: Options,
    expected: str | None = None,
) -> tuple[Plan, list[PromotionPolicy]]:
    """Take all steps; return the plan as it came out, and the policies touched."""
    namespaces = {row.name: row for row in namespaces_in(actor, file.scope)}
    found = policies_of(file.scope, locked=True)
    mark = fingerprint(content, asdict(options), found)
    if expected not in {None, mark}:
        raise StalePlan
    named = repositories_in(actor, file)
    works = Comparison(actor, file, namespaces, named, found, options).works()
    steps, touched = _taken(actor, works, file.name, options)
    made = Plan(
        name=file.name,
        steps=tuple(steps),
        failures=tuple(failures(file)),
        refusals=tuple(_too_many(works, options)),
        fingerprint=mark,
    )
    return made, touched


def _taken(
    actor: Actor, works: list[Work], file: str, options: Options
) -> tuple[list[Step], list[PromotionPolicy]]:
    """Take the steps in an order in which none is in another's way."""
    steps, touched = {}, []
    for work in sorted(works, key=lambda one: ORDER[one.step.action]):
        steps[id(work)], policy = take(actor, work, file, options)
        if policy is not None:
            touched.append(policy)
    return [steps[id(work)] for work in works], touched


def _too_many(works: Iterable[Work], options: Options) -> Iterator[str]:
    deletes = sum(work.step.action is Action.DELETE for work in works)
    if deletes > options.max_deletes:
        yield (
            f"It would delete {deletes} policies, and at most {options.max_deletes} may"
            " be: look at them, and allow more if that is right."
        )


def _yet_unmade(step: Step) -> Step:
    """Forget the id of a policy that was made for trying only."""
    return replace(step, uuid=None) if step.action is Action.CREATE else step
