"""Findings as they are read: graded, folded, and with what is hidden told apart."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from django.utils import timezone

from repositories.models import Finding, VulnerabilityException
from repositories.scanning import severity
from repositories.scanning.identifiers import page_of
from repositories.scanning.severity import Bucket, Counts, Graded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from repositories.models import Repository


WEB = ("https://", "http://")


class Placed(Graded, Protocol):
    """A finding with the component in which it is, as exceptions name it."""

    @property
    def component(self) -> str: ...

    @property
    def version(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Found:
    """One vulnerability in one component, as a scan found it."""

    scan_id: int
    component_id: int
    id: str
    aliases: Sequence[str]
    severity: str
    cvss3: float | None
    cvss2: float | None
    vector: str
    component: str
    version: str
    fixed_version: str
    layer: str
    summary: str = ""
    link: str = ""

    @property
    def bucket(self) -> Bucket:
        return severity.bucket_of(self)

    @property
    def score(self) -> float | None:
        """The score that decides: of CVSS 3, else 2; None where there is none."""
        return self.cvss3 or self.cvss2 or None


@dataclass(frozen=True, slots=True)
class Hidden:
    """A finding that does not count, and the exception that says so."""

    found: Found
    exception: VulnerabilityException


@dataclass(frozen=True)
class Known:
    """One vulnerability of an image under all its names, wherever it is in it."""

    members: list[Found]
    hidden: list[Hidden] = field(default_factory=list)

    @cached_property
    def all(self) -> list[Found]:
        """Return also the findings that do not count."""
        return [*self.members, *(one.found for one in self.hidden)]

    @cached_property
    def names(self) -> list[str]:
        """Return its names, a CVE first."""
        named = [one.id for one in self.all]
        named += [alias for one in self.all for alias in one.aliases]
        distinct: dict[str, str] = {}
        for name in filter(None, named):
            distinct.setdefault(name.strip().upper(), name)
        found = distinct.values()
        return sorted(found, key=lambda name: not name.upper().startswith("CVE-"))

    @property
    def name(self) -> str:
        return self.names[0] if self.names else "without an id"

    @property
    def is_hidden(self) -> bool:
        """Whether none of its findings counts."""
        return not self.members

    @cached_property
    def bucket(self) -> Bucket:
        return severity.worst(self.members or self.all)

    @cached_property
    def score(self) -> float | None:
        scores = [one.score for one in self.all if one.score is not None]
        return max(scores, default=None)

    @property
    def vector(self) -> str:
        return next((one.vector for one in self.all if one.vector), "")

    @property
    def link(self) -> str:
        """Return where to read about it: as its advisory says, else its database.

        Of addresses of the web the first; an advisory may name anything.
        """
        links = [one.link for one in self.all]
        links += [page_of(name) for name in self.names]
        return next((link for link in links if link.startswith(WEB)), "")

    @property
    def summary(self) -> str:
        return next((one.summary for one in self.all if one.summary), "")

    @property
    def is_fixable(self) -> bool:
        return any(one.fixed_version for one in self.all)

    @property
    def order(self) -> tuple[bool, int, float, str]:
        """The worst first, what is hidden last."""
        return self.is_hidden, self.bucket.rank, -(self.score or 0.0), self.name


def findings_of(scans: Iterable[int]) -> dict[int, list[Found]]:
    """Return the findings of scans by their keys, in one query."""
    found: dict[int, list[Found]] = defaultdict(list)
    keys = set(scans)
    if not keys:
        return found
    rows = Finding.objects.filter(scan__in=keys).order_by("id")
    for values in rows.values_list(
        *("scan", "component", "vulnerability__identifier", "aliases", "severity"),
        *("cvss3_score", "cvss2_score", "cvss_vector"),
        *("component__name", "component__version", "fixed_version", "layer_digest"),
        *("vulnerability__summary", "vulnerability__link"),
    ):
        one = Found(*values)
        found[one.scan_id].append(one)
    return found


def in_force(
    repository: Repository, digests: Iterable[str]
) -> list[VulnerabilityException]:
    """Return what is hidden now in images of a repository, the oldest first."""
    rows = VulnerabilityException.objects.in_force(timezone.now())
    rows = rows.covering(repository, digests).order_by("id")
    return list(rows.select_related("author", "namespace", "repository__namespace"))


def applying(
    exceptions: Iterable[VulnerabilityException], digests: Iterable[str]
) -> list[VulnerabilityException]:
    """Leave out those of single images that have none of the digests."""
    wanted = {"", *digests}
    return [one for one in exceptions if one.digest in wanted]


def covers(exception: VulnerabilityException, found: Placed, layer: str) -> bool:
    """Tell whether a finding is what the exception hides; empty fields mean any."""
    narrowed = (
        (exception.component_name, found.component),
        (exception.component_version, found.version),
        (exception.layer_digest, layer),
    )
    named = exception.vulnerability.strip().upper() in severity.names_of(found)
    return named and all(wanted in {"", seen} for wanted, seen in narrowed)


def subtract(
    findings: Iterable[Found], exceptions: Sequence[VulnerabilityException]
) -> tuple[list[Found], list[Hidden]]:
    """Split findings into those that count and those that are hidden."""
    counted, hidden = [], []
    for one in findings:
        by = next((ex for ex in exceptions if covers(ex, one, one.layer)), None)
        if by is None:
            counted.append(one)
        else:
            hidden.append(Hidden(one, by))
    return counted, hidden


def counts_of(
    findings: Iterable[Found], exceptions: Sequence[VulnerabilityException]
) -> Counts:
    """Count what is not hidden."""
    return severity.counts(subtract(findings, exceptions)[0])


def known_in(counted: Iterable[Found], hidden: Iterable[Hidden]) -> list[Known]:
    """Return each vulnerability once, the worst first."""
    members = [Known(group) for group in severity.fold(counted)]
    known = members + _only_hidden(hidden, members)
    return sorted(known, key=lambda one: one.order)


def _only_hidden(hidden: Iterable[Hidden], members: list[Known]) -> list[Known]:
    """Add to what counts its hidden findings; return what is hidden altogether."""
    by_name = {
        name: known
        for known in members
        for one in known.members
        for name in severity.names_of(one)
    }
    rest: list[Hidden] = []
    for one in hidden:
        names = severity.names_of(one.found)
        owner = next((by_name[name] for name in names if name in by_name), None)
        (owner.hidden if owner else rest).append(one)
    by_found = {id(one.found): one for one in rest}
    groups = severity.fold([one.found for one in rest])
    return [Known([], [by_found[id(one)] for one in group]) for group in groups]
