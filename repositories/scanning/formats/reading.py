"""What a format's reader collects on its way through a document."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from repositories.scanning import purls
from repositories.scanning.formats import identifiers, packages, scores
from repositories.scanning.formats.values import UnreadableReport, plain
from repositories.scanning.report import (
    FoundComponent,
    FoundVulnerability,
    Gap,
    Kind,
    Place,
    Report,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MAX_COMPONENTS = 250_000
MAX_VULNERABILITIES = 250_000
MAX_LICENSES = 500  # of one component
MAX_STEPS = 5_000_000  # so that few bytes cannot ask for hours of work
MAX_PLACES = 100  # of one component; more are left out
NO_COMPONENT = Gap(
    "the report recognised no package source and lists no component",
    "scan the image with a tool that knows its packages",
    unscannable=True,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding as the report has it, before its names are folded.

    `severity` is the scanner's word; where it has none and there is only a score of
    CVSS 4, the word follows from that.
    """

    name: str
    purl: str
    others: Iterable[str] = ()
    severity: str = ""
    rating: scores.Scores = field(default_factory=scores.Scores)
    fixed_version: str = ""
    summary: str = ""
    link: str = ""
    layer: str = ""


@dataclass(slots=True)
class Reading:
    """Collects components and findings, each once, and what the report covers.

    `undecided` are kinds of which the document does not tell whether they were looked
    for: they count only where the uploader says so.
    """

    format: str
    source: str = ""
    digests: set[str] = field(default_factory=set)
    config_digests: set[str] = field(default_factory=set)
    coverage: dict[Kind, Gap | None] = field(default_factory=dict)
    undecided: dict[Kind, Gap] = field(default_factory=dict)
    distribution: str = ""
    generated_at: datetime | None = None
    advisories_at: datetime | None = None
    _components: dict[str, FoundComponent] = field(default_factory=dict)
    _findings: dict[tuple[str, str], FoundVulnerability] = field(default_factory=dict)
    _canonical: dict[str, str | None] = field(default_factory=dict)
    _steps: int = 0

    def purl(self, text: str) -> str | None:
        """Return a package URL as it is stored; None for what is none."""
        if packages.is_canonical(text):
            return text
        if text not in self._canonical:
            self._canonical[text] = purls.canonical(text) if text else None
        return self._canonical[text]

    def known(self, text: str, name: str, version: str = "", kind: str = "") -> str:
        """Return the package URL in the text, or one made from what else is known."""
        if found := self.purl(text):
            return found
        made = packages.made(kind, name, version)
        if packages.is_plain(name) and packages.is_plain(version or "0"):
            return made
        return self.purl(made) or purls.generic("unknown")

    def add_component(
        self, purl: str, licenses: Iterable[str] = (), places: Iterable[Place] = ()
    ) -> None:
        """Add a component; seen again, its licenses and places are joined."""
        found = self._components.get(purl) or FoundComponent(purl)
        self._spend(1 + len(found.licenses))
        joined = tuple(dict.fromkeys([*found.licenses, *licenses]))
        seen = tuple(dict.fromkeys([*found.places, *places]))[:MAX_PLACES]
        if len(joined) > MAX_LICENSES:
            raise UnreadableReport(f"{purl} has more than {MAX_LICENSES} licenses.")
        self._components[purl] = FoundComponent(purl, joined, seen)
        if len(self._components) > MAX_COMPONENTS:
            raise UnreadableReport(f"It lists more than {MAX_COMPONENTS} components.")

    def add_finding(self, finding: Finding) -> None:
        """Add a finding; found again in the same component, the worst of both stays."""
        layer = finding.layer or self._layer_of(finding.purl)
        others = tuple(finding.others)
        self._spend(5 + len(others))
        for name, aliases in identifiers.folded(finding.name, others):
            found = _vulnerability(finding, name, aliases, layer)
            key = (found.id, found.purl)
            known = self._findings.get(key)
            self._findings[key] = _worst(known, found) if known else found
        if len(self._findings) > MAX_VULNERABILITIES:
            raise UnreadableReport(
                f"It lists more than {MAX_VULNERABILITIES} vulnerabilities."
            )

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise UnreadableReport("The report repeats itself too often.")

    def _layer_of(self, purl: str) -> str:
        component = self._components.get(purl)
        places = component.places if component else ()
        return next((place.layer for place in places if place.layer), "")

    def cover(self, kind: Kind, gap: Gap | None = None) -> None:
        """Note that a kind was looked for; the first gap noted stays."""
        self.coverage[kind] = self.coverage.get(kind) or gap

    def has_licenses(self) -> bool:
        """Say whether any component has a license."""
        return any(found.licenses for found in self._components.values())

    def report(self, complete: frozenset[Kind] = frozenset()) -> Report:
        """Return the report; `complete` are the kinds the uploader states as such."""
        if Kind.COMPONENTS in complete and not self._components:
            self._components.update(self._mentioned())
        return Report(
            source=self.source,
            components=tuple(self._components.values()),
            vulnerabilities=tuple(self._findings.values()),
            coverage=self._concluded(complete),
            digests=frozenset(self.digests),
            config_digests=frozenset(self.config_digests),
            distribution=self.distribution,
            generated_at=self.generated_at,
            advisories_at=self.advisories_at,
            format=self.format,
        )

    def _mentioned(self) -> dict[str, FoundComponent]:
        return {purl: FoundComponent(purl) for _, purl in self._findings}

    def _concluded(self, complete: frozenset[Kind]) -> dict[Kind, Gap | None]:
        coverage = dict(self.coverage)
        for kind in complete:
            coverage.setdefault(kind, None)
        for kind, gap in self.undecided.items():
            coverage.setdefault(kind, gap)
        if Kind.COMPONENTS in coverage and not self._components:
            # Who saw no package cannot vouch for anything else either.
            return {kind: gap or NO_COMPONENT for kind, gap in coverage.items()}
        return coverage


def tool(name: str, version: str = "") -> str:
    """Return how a tool is called in `Report.source`, such as "Trivy 0.55.1"."""
    number = version.removeprefix("v") if version[1:2].isdigit() else version
    number = "" if number.startswith("[") else number  # "[not provided]"
    return " ".join(part for part in (plain(name, 100), plain(number, 60)) if part)


def _vulnerability(
    finding: Finding, name: str, aliases: tuple[str, ...], layer: str
) -> FoundVulnerability:
    rating = finding.rating
    unscored = rating.cvss3 is None and rating.cvss2 is None
    return FoundVulnerability(
        id=name,
        purl=finding.purl,
        aliases=aliases,
        severity=finding.severity or (rating.severity if unscored else ""),
        cvss3=rating.cvss3,
        cvss2=rating.cvss2,
        vector=rating.vector,
        fixed_version=finding.fixed_version,
        summary=finding.summary,
        link=finding.link,
        layer=layer,
    )


def _worst(one: FoundVulnerability, other: FoundVulnerability) -> FoundVulnerability:
    aliases = dict.fromkeys([*one.aliases, *other.aliases])
    worse = max((one, other), key=lambda found: found.cvss3 or 0)
    return replace(
        one,
        aliases=tuple(aliases)[: identifiers.MAX_ALIASES],
        severity=scores.worse(one.severity, other.severity),
        cvss3=worse.cvss3,
        cvss2=max((one.cvss2, other.cvss2), key=lambda value: value or 0),
        vector=worse.vector or one.vector or other.vector,
        fixed_version=one.fixed_version or other.fixed_version,
        summary=one.summary or other.summary,
        link=one.link or other.link,
        layer=one.layer or other.layer,
    )
