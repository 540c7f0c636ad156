"""Rules on how many vulnerabilities an image has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promotions.rules.fields import Field
from promotions.rules.findings import Bucket
from promotions.rules.judgements import FAILS, HOLDS, UNKNOWN, Judgement, Told
from promotions.rules.operators import Operator
from promotions.rules.options import Options, Unscored
from promotions.rules.text_operators import joined
from promotions.rules.words import comparison

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from promotions.rules.findings import Finding
    from promotions.rules.index import PlatformIndex
    from promotions.rules.outcomes import OutcomeResult
    from promotions.rules.rule import Rule

    Counted = Callable[[Finding, Options], bool | None]
    """Whether a finding counts; None: it says too little to tell."""
    Settled = Callable[[int, int], OutcomeResult]
    Bound = Callable[[int, int, int], bool]


@dataclass(frozen=True, slots=True)
class Tally:
    """The findings that count, and those of which that cannot be told."""

    counted: tuple[Finding, ...]
    unclear: tuple[Finding, ...]
    low: int
    high: int


def judge_count(rule: Rule, options: Options) -> Judgement[PlatformIndex]:
    """Count, and hold only where no unclear finding could change the answer."""
    return _Count(rule, options).judgement


@dataclass(frozen=True, slots=True)
class _Count:
    rule: Rule
    options: Options

    @property
    def judgement(self) -> Judgement[PlatformIndex]:
        return Judgement(self._compile(), self._tell)

    @property
    def _key(self) -> str:
        options = self.options
        bounds = f"{options.critical_from} {options.major_from} {options.unscored}"
        return f"{self.rule.field} {bounds}"

    def _compile(self) -> Callable[[PlatformIndex, datetime], OutcomeResult]:
        settle = settler(self.rule.operator, int(self.rule.values[0]))
        key, count = self._key, self._tally

        def ask(platform: PlatformIndex, _now: datetime) -> OutcomeResult:
            tally = platform.tallies.get(key) or count(platform)
            return settle(tally.low, tally.high)

        return ask

    def _tally(self, platform: PlatformIndex) -> Tally:
        counts = _COUNTED[self.rule.field]
        found = [(one, counts(one, self.options)) for one in platform.findings]
        counted = tuple(one for one, counted in found if counted)
        unclear = tuple(one for one, counted in found if counted is None)
        if self.options.unscored is Unscored.IGNORE:
            unclear = ()
        tally = Tally(counted, unclear, len(counted), len(counted) + len(unclear))
        platform.tallies[self._key] = tally
        return tally

    def _tell(
        self, platform: PlatformIndex, _now: datetime, result: OutcomeResult
    ) -> Told:
        rule = self.rule
        tally = platform.tallies.get(self._key) or self._tally(platform)
        exact = tally.low == tally.high
        seen = str(tally.low) if exact else f"{tally.low} to {tally.high}"
        wanted = comparison(rule.field, rule.operator, rule.values)
        sentence = (
            f"{rule.field.label}: {seen}{_named(tally.counted)}, wanted {wanted}"
            f"{platform.hidden}"
        )
        if result is not UNKNOWN:
            return Told(seen, sentence, weight=tally.high)
        sentence += f"; not known of {_listed(tally.unclear)}, without a score"
        remedy = "scan with a source that scores them, hide them, or ignore them"
        return Told(seen, sentence, remedy=remedy, weight=tally.high)


def settler(operator: Operator, wanted: int) -> Settled:
    """Return what compares a number known to lie between two bounds."""
    holds, fails = _BOUNDS[operator]

    def settle(low: int, high: int) -> OutcomeResult:
        if holds(low, high, wanted):
            return HOLDS
        return FAILS if fails(low, high, wanted) else UNKNOWN

    return settle


def _is(low: int, high: int, wanted: int) -> bool:
    return low == high == wanted


def _is_not(low: int, high: int, wanted: int) -> bool:
    return not low <= wanted <= high


def _at_most(_low: int, high: int, wanted: int) -> bool:
    return high <= wanted


def _below(_low: int, high: int, wanted: int) -> bool:
    return high < wanted


def _at_least(low: int, _high: int, wanted: int) -> bool:
    return low >= wanted


def _above(low: int, _high: int, wanted: int) -> bool:
    return low > wanted


_BOUNDS: Mapping[Operator, tuple[Bound, Bound]] = {
    Operator.LESS_THAN_OR_EQUALS: (_at_most, _above),
    Operator.LESS_THAN: (_below, _at_least),
    Operator.GREATER_THAN_OR_EQUALS: (_at_least, _below),
    Operator.GREATER_THAN: (_above, _at_most),
    Operator.EQUALS: (_is, _is_not),
    Operator.NOT_EQUALS: (_is_not, _is),
}
"""When a comparison holds, and when it fails, whatever the number between is."""


def _named(findings: tuple[Finding, ...]) -> str:
    return f" ({_listed(findings)})" if findings else ""


def _listed(findings: tuple[Finding, ...]) -> str:
    """Name the findings with the highest scores, then those with a fix, by name."""
    return joined([one.words for one in sorted(findings, key=_order)], separator="; ")


def _order(finding: Finding) -> tuple[float, bool, str]:
    return -(finding.cvss3 or 0.0), not finding.is_fixable, finding.names[0]


def _in(bucket: Bucket) -> Counted:
    def counted(finding: Finding, options: Options) -> bool | None:
        found = finding.bucket(options.critical_from, options.major_from)
        return None if found is None else found is bucket

    return counted


def _cvss3(low: float, high: float) -> Counted:
    def counted(finding: Finding, _options: Options) -> bool | None:
        score = finding.cvss3
        return None if score is None else low <= score < high

    return counted


_COUNTED: Mapping[Field, Counted] = {
    Field.VULNERABILITY_ALL: lambda _finding, _options: True,
    Field.VULNERABILITY_CRITICAL: _in(Bucket.CRITICAL),
    Field.VULNERABILITY_MAJOR: _in(Bucket.MAJOR),
    Field.VULNERABILITY_MINOR: _in(Bucket.MINOR),
    Field.VULNERABILITY_CVSS3_CRITICAL: _cvss3(9.0, 10.1),
    Field.VULNERABILITY_CVSS3_HIGH: _cvss3(7.0, 9.0),
    Field.VULNERABILITY_CVSS3_MEDIUM: _cvss3(4.0, 7.0),
    Field.VULNERABILITY_CVSS3_LOW: _cvss3(0.1, 4.0),
    Field.VULNERABILITY_FIXABLE: lambda finding, _options: finding.is_fixable,
}
