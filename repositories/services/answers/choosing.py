"""Which scan answers for an image in a repository, kind by kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from repositories.scanning.report import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from repositories.models import Repository, Scan

LAST = 2**16


@dataclass(frozen=True, slots=True)
class Answer:
    """The scan that answers for a kind of evidence; None where none looked for it.

    `gap` says why it does not tell all, and `remedy` what to do; both are sentences
    without capital letter and full stop.
    """

    scan: Scan | None = None
    gap: str = ""
    remedy: str = ""


Answers = dict[Kind, Answer]


def ranked(repository: Repository, scans: Iterable[Scan]) -> list[Scan]:
    """Put those that count first, first.

    That is what the repository names, then the registry's scanners, then those of its
    namespace, then reports that were uploaded; `scanner` should be loaded with the
    scans.
    """
    order = {name: place for place, name in enumerate(repository.scanners)}
    return sorted(scans, key=partial(_rank, order))


def _rank(order: dict[str, int], scan: Scan) -> tuple[int, bool, int, int]:
    named = order.get(scan.origin, len(order))
    is_own = bool(scan.trusted_namespace_id or scan.trusted_repository_id)
    return named, is_own, scan.scanner.position if scan.scanner else LAST, scan.pk


def choose(scans: Iterable[Scan]) -> Answers:
    """Return per kind the first scan that tells all, else the first that tells some.

    `scans` are completed, and in the order of `ranked`.
    """
    found = [scan for scan in scans if scan.is_current]
    return {kind: _choose(found, kind) for kind in Kind}


def _choose(scans: list[Scan], kind: Kind) -> Answer:
    partial_answer: Answer | None = None
    for scan in scans:
        covered = scan.coverage.get(kind)
        if covered is None:
            continue
        answer = _answer(scan, kind, covered)
        if not answer.gap:
            return answer
        partial_answer = partial_answer or answer
    return partial_answer or Answer()


def _answer(scan: Scan, kind: Kind, covered: dict[str, Any]) -> Answer:
    if covered:
        reason = str(covered.get("reason") or f"{scan.source or scan.origin} saw none")
        return Answer(scan, reason, str(covered.get("remedy", "")))
    if kind is Kind.VULNERABILITIES and is_old(scan):
        days = settings.EVIDENCE_MAX_AGE_DAYS
        return Answer(scan, f"what it knew is older than {days} days", "scan again")
    return Answer(scan)


def is_old(scan: Scan) -> bool:
    """Tell whether what the scan knew of vulnerabilities is too old to decide by."""
    at = known_at(scan)
    limit = timedelta(days=settings.EVIDENCE_MAX_AGE_DAYS)
    return at is not None and at <= timezone.now() - limit


def known_at(scan: Scan) -> datetime | None:
    """Return how new the scan's knowledge of vulnerabilities is; None if not known."""
    return scan.advisories_at or scan.finished_at
