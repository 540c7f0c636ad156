"""A plan in lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.services.policy_files.steps import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promotions.services.policy_files.steps import Plan, Step

_SIGNS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.DRIFT: "!",
    Action.KEPT: "?",
    Action.UNCHANGED: " ",
}


def told(plan: Plan) -> Iterator[str]:
    """Yield the lines: a sign and the policy, under it what changes of it.

    Nothing in them steers the terminal.
    """
    yield from map(harmless, _lines(plan))


def harmless(line: str) -> str:
    """Return a line that steers no terminal, whatever a file says."""
    return line if line.isprintable() else ascii(line)


def _lines(plan: Plan) -> Iterator[str]:
    yield f"File {plan.name}:"
    for step in plan.steps:
        yield from _step(step)
    counts = (f"{count} {action}" for action, count in plan.counts.items() if count)
    yield f"In all: {', '.join(counts) or 'nothing'}."
    for sentence in (*map(str, plan.failures), *plan.refusals):
        yield f"FAILED {sentence}"
    if plan.objections:
        yield "The plan cannot be applied."
    yield f"Fingerprint: {plan.fingerprint}"


def _step(step: Step) -> Iterator[str]:
    yield f"{_SIGNS[step.action]} {step.action:9} {step.name}  ({step.ends})"
    for change in step.changes:
        yield f"      {change.title}:"
        yield from (f"        - {line}" for line in change.removed)
        yield from (f"        + {line}" for line in change.added)
    yield from (f"      note: {note}" for note in step.notes)
    if step.refusal:
        yield f"      REFUSED {step.refusal}"
