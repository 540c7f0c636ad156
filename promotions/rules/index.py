"""Facts made ready for many policies that ask about the same push."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from promotions.rules.facts import (
    Evidence,
    EvidenceKind,
    ImageFacts,
    Missing,
    PlatformFacts,
)
from promotions.rules.findings import fold
from promotions.rules.spdx import License, is_stated, read_license
from promotions.rules.text_operators import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promotions.rules.counting import Tally
    from promotions.rules.facts import Component, Vulnerability
    from promotions.rules.findings import Finding

T = TypeVar("T")

PLATFORM_KINDS = (
    EvidenceKind.COMPONENTS,
    EvidenceKind.LICENSES,
    EvidenceKind.VULNERABILITIES,
    EvidenceKind.CONFIG,
)
"""The evidence that each platform has of its own."""

_UNKNOWN = (PlatformFacts(),)
_MAVEN = "pkg:maven/"


class Texts:
    """Many texts that one rule asks about; `shown` is how each stands in a sentence."""

    def __init__(self, shown: Mapping[str, str]) -> None:
        self.shown = shown
        self.values = frozenset(shown)
        self.matched: dict[str, bool] = {}
        """Whether some text matches a pattern, for patterns asked before."""

    @cached_property
    def whole(self) -> str:
        r"""All texts in one, each between "\0", which no value of a rule contains."""
        return "\0".join(["", *(text.replace("\0", "?") for text in self.shown), ""])


class PlatformIndex:
    """The facts of one platform; everything is worked out when first asked for."""

    def __init__(self, facts: PlatformFacts) -> None:
        self.facts = facts
        self.tallies: dict[str, Tally] = {}
        """Counts of vulnerabilities by what is counted, and how."""

    @cached_property
    def components(self) -> Texts:
        """Every name of every component."""
        return Texts(
            {
                name: _component(one)
                for one in self._components()
                for name in _names(one)
            }
        )

    @cached_property
    def purls(self) -> Texts:
        found = (one.purl for one in self._components())
        return Texts({purl: plain(purl) for purl in found if purl})

    @cached_property
    def labels(self) -> Texts:
        labels = _value(self.facts.labels, {})
        pairs = (f"{key}={value}" for key, value in labels.items())
        return Texts({pair: plain(pair) for pair in pairs})

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        found: tuple[Vulnerability, ...] = _value(self.facts.vulnerabilities, ())
        return fold(found)

    @property
    def hidden(self) -> str:
        """How a sentence on vulnerabilities ends when some are hidden."""
        count = len(self.facts.hidden)
        if not count:
            return ""
        return f"; {count} hidden {'does' if count == 1 else 'do'} not count"

    @cached_property
    def ids(self) -> Texts:
        """Every name of every vulnerability, as it was reported."""
        return Texts(self._ids())

    @cached_property
    def upper_ids(self) -> Texts:
        return Texts({name.upper(): shown for name, shown in self._ids().items()})

    @cached_property
    def licenses(self) -> tuple[tuple[Component, tuple[License, ...]], ...]:
        """Each component with its licenses, read; none where none was found."""
        return tuple(
            (one, tuple(map(read_license, filter(is_stated, one.licenses))))
            for one in _value(self.facts.licenses, ())
        )

    @cached_property
    def distinct_licenses(self) -> tuple[License, ...]:
        found = (one for _, licenses in self.licenses for one in licenses)
        return tuple(dict.fromkeys(found))

    @cached_property
    def has_unlicensed(self) -> bool:
        return any(not licenses for _, licenses in self.licenses)

    def _components(self) -> tuple[Component, ...]:
        return _value(self.facts.components, ())

    def _ids(self) -> dict[str, str]:
        return {
            name.strip(): _finding(name.strip(), finding)
            for finding in self.findings
            for name in finding.names
            if name.strip()
        }


class ImageIndex:
    """The facts of one push; without platforms, one of which nothing is known."""

    def __init__(self, facts: ImageFacts) -> None:
        self.facts = facts
        self.platforms = tuple(map(PlatformIndex, facts.platforms or _UNKNOWN))
        self.known = {kind: self._known(kind) for kind in PLATFORM_KINDS}
        self.missing = {kind: self._missing(kind) for kind in PLATFORM_KINDS}

    @cached_property
    def platform_names(self) -> Texts:
        """The platforms that are known."""
        names = sorted({one.facts.platform for one in self.platforms} - {""})
        return Texts({name: plain(name) for name in names})

    @cached_property
    def knows_platforms(self) -> bool:
        return all(one.facts.platform for one in self.platforms)

    @cached_property
    def signatures(self) -> Texts:
        """The names whose signatures were verified."""
        names = _value(self.facts.signatures, ())
        return Texts({name: plain(name) for name in names})

    def _known(self, kind: EvidenceKind) -> tuple[PlatformIndex, ...]:
        return tuple(
            one
            for one in self.platforms
            if not isinstance(evidence_of(one, kind), Missing)
        )

    def _missing(self, kind: EvidenceKind) -> tuple[tuple[PlatformIndex, Missing], ...]:
        found = ((one, evidence_of(one, kind)) for one in self.platforms)
        return tuple((one, what) for one, what in found if isinstance(what, Missing))


def evidence_of(platform: PlatformIndex, kind: EvidenceKind) -> Evidence[Any] | Missing:
    """Return what is known of a platform."""
    facts = platform.facts
    match kind:
        case EvidenceKind.COMPONENTS:
            return facts.components
        case EvidenceKind.LICENSES:
            return facts.licenses
        case EvidenceKind.VULNERABILITIES:
            return facts.vulnerabilities
    return facts.labels


def index(facts: ImageFacts) -> ImageIndex:
    """Return the index of the facts, made once and kept with them."""
    kept: ImageIndex | None = facts._index  # noqa: SLF001 - the place made for it
    if kept is None:
        kept = ImageIndex(facts)
        object.__setattr__(facts, "_index", kept)
    return kept


def _value(evidence: Evidence[T] | Missing, default: T) -> T:
    return evidence.value if isinstance(evidence, Evidence) else default


def _finding(name: str, finding: Finding) -> str:
    where = finding.where
    return f"{plain(name)} ({where})" if where else plain(name)


def _names(one: Component) -> tuple[str, ...]:
    """Return the name of a component, and the one people call it by without a group.

    Maven's artifacts stand with their group in a purl; the tools that name them, and
    those who warn of them, say `log4j-core`.
    """
    group, colon, artifact = one.name.rpartition(":")
    if group and colon and artifact and one.purl.startswith(_MAVEN):
        return one.name, artifact
    return (one.name,)


def _component(one: Component) -> str:
    return plain(f"{one.name} {one.version}".rstrip())
