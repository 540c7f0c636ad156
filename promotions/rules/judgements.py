"""How rules are answered: fast for many policies, and in words for one.

A judgement is made once per rule and policy version. `ask` answers, `tell` puts the
answer in words; what a platform answers alone is asked of each platform.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from promotions.rules.facts import Evidence, Missing
from promotions.rules.index import ImageIndex, PlatformIndex, evidence_of
from promotions.rules.outcomes import OutcomeResult
from promotions.rules.text_operators import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from promotions.rules.facts import EvidenceKind

S = TypeVar("S", ImageIndex, PlatformIndex)

HOLDS, FAILS, UNKNOWN = OutcomeResult


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in words; the fields are those of an outcome.

    Of several platforms with the same answer the one with the highest `weight` is
    told about.
    """

    seen: str
    sentence: str
    unknown_until: datetime | None = None
    holds_until: datetime | None = None
    platform: str = ""
    source: str = ""
    remedy: str = ""
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Judgement(Generic[S]):
    """How a rule is answered about an image, or about one of its platforms."""

    ask: Callable[[S, datetime], OutcomeResult]
    tell: Callable[[S, datetime, OutcomeResult], Told]


def answer(holds: bool) -> OutcomeResult:  # noqa: FBT001 - the value is the question
    """Return the answer where everything is known."""
    return HOLDS if holds else FAILS


def tell_missing(label: str, missing: Missing) -> Told:
    """Say what is not known, why, and what to do."""
    remedy = f"; {missing.remedy}" if missing.remedy else ""
    return Told(
        "", f"{label}: unknown, {missing.reason}{remedy}", remedy=missing.remedy
    )


def on_each_platform(
    label: str,
    kind: EvidenceKind,
    judgement: Judgement[PlatformIndex],
    *,
    allow_unscannable: bool,
) -> Judgement[ImageIndex]:
    """Ask every platform: one that fails decides, else one of which nothing is known.

    With `allow_unscannable`, what a finished scan could not see holds.
    """
    return _EachPlatform(label, kind, judgement, allow_unscannable).judgement


@dataclass(frozen=True, slots=True)
class _EachPlatform:
    label: str
    kind: EvidenceKind
    one: Judgement[PlatformIndex]
    allows: bool

    @property
    def judgement(self) -> Judgement[ImageIndex]:
        return Judgement(self._compile(), self._tell)

    def _compile(self) -> Callable[[ImageIndex, datetime], OutcomeResult]:
        kind, ask_one, allows = self.kind, self.one.ask, self.allows

        def ask(image: ImageIndex, now: datetime) -> OutcomeResult:
            result = HOLDS
            for platform in image.known[kind]:
                answered = ask_one(platform, now)
                if answered is FAILS:
                    return FAILS
                if answered is UNKNOWN:
                    result = UNKNOWN
            missing = image.missing[kind]
            if missing and not (
                allows and all(what.unscannable for _, what in missing)
            ):
                return UNKNOWN
            return result

        return ask

    def _tell(self, image: ImageIndex, now: datetime, result: OutcomeResult) -> Told:
        several = len(image.platforms) > 1
        told = [
            replace(one, platform=name if several else "")
            for name, answered, one in self._answers(image, now)
            if answered is result
        ]
        deciding = max(told, key=lambda one: one.weight)
        sentence = deciding.sentence
        if several:
            name = plain(deciding.platform) or "one platform"
            sentence = f"{sentence} (on {name})"
        times = [one.unknown_until for one in told if one.unknown_until]
        ends = [one.holds_until for one in told if one.holds_until]
        return replace(
            deciding,
            sentence=sentence,
            platform="" if result is HOLDS else deciding.platform,
            unknown_until=max(times) if len(times) == len(told) else None,
            holds_until=min(ends, default=None),
        )

    def _answers(
        self, image: ImageIndex, now: datetime
    ) -> list[tuple[str, OutcomeResult, Told]]:
        return [
            (one.facts.platform, *self._answer(one, now)) for one in image.platforms
        ]

    def _answer(
        self, platform: PlatformIndex, now: datetime
    ) -> tuple[OutcomeResult, Told]:
        evidence = evidence_of(platform, self.kind)
        if isinstance(evidence, Evidence):
            result = self.one.ask(platform, now)
            told = self.one.tell(platform, now, result)
            return result, replace(told, source=told.source or evidence.source)
        if self.allows and evidence.unscannable:
            sentence = (
                f"{self.label}: {evidence.reason}; "
                "the policy allows what cannot be scanned"
            )
            return HOLDS, Told("", sentence, weight=-1)
        return UNKNOWN, tell_missing(self.label, evidence)
