"""What the command says, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.services.importing.report import NEVER_TAKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promotions.models import ImportedObject
    from promotions.services.importing.compare import Comparison
    from promotions.services.importing.report import Report

LISTED = 200  # objects of each sort; the report in a file has all
TAGS = 5
_COLUMNS = "{:<40} {:>7} {:>9} {:>10} {:>9}  {}"


def report_lines(report: Report, *, dry_run: bool) -> Iterator[str]:
    """Tell what was taken over and what not."""
    if dry_run:
        yield "Nothing was written. A run without --dry-run would say:"
    for label, counts in report.counts:
        found = ", ".join(f"{count} {state}" for state, count in counts.items())
        yield f"{label}: {found}"
    for row in report.remarks[:LISTED]:
        yield f"{row.state}: {row}: {row.reason}"
    if len(report.remarks) > LISTED:
        yield f"… and {len(report.remarks) - LISTED} more."
    for row in report.changed[:LISTED]:
        yield f"changed there since, and left as it is here: {row}"
    for what, why in NEVER_TAKEN.items():
        yield f"not taken over: {what}. {why}"
    made = "would be" if dry_run else "were"
    yield f"{report.taken_now} objects {made} taken over by this run."


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Tell a table of repositories, and of each policy what it would do."""
    yield _COLUMNS.format(
        "repository", "same", "different", "only there", "only here", ""
    )
    for row in comparison.repositories:
        groups = (row.different, row.only_there, row.only_here)
        missing = ", ".join((*row.different, *row.only_there)[:TAGS])
        numbers = (row.same, *map(len, groups))
        yield _COLUMNS.format(row.name, *numbers, row.problem or missing)
    for policy in comparison.policies:
        was = "on" if policy.was_enabled else "off"
        ends = ", ".join(f"{n} {what}" for what, n in policy.effects.items() if n)
        said = " ".join(filter(None, (ends or "no tags", policy.problem)))
        yield f"policy {policy.name} ({was} there): {said}"


def switched_lines(answers: Iterable[tuple[ImportedObject, str]]) -> Iterator[str]:
    """Tell of each policy whether it is on, and why not."""
    on = off = 0
    for row, reason in answers:
        on, off = on + (not reason), off + bool(reason)
        yield f"{f'off: {reason}' if reason else 'on'}: {row}"
    yield f"{on} switched on, {off} left off."
