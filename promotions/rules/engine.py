"""Deciding whether an image meets the rules of a policy, and explaining why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from promotions.rules.facts import ImageFacts
from promotions.rules.operators import Field, Operator
from promotions.rules.text_operators import (
    compile_pattern,
    phrase,
    quoted,
    text_test,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from promotions.rules.rule import Rule


class Result(StrEnum):
    """The answer of all rules together."""

    MATCHED = "matched"
    NOT_MATCHED = "not_matched"
    WAITING = "waiting"
    """Nothing speaks against the image, but evidence is missing."""


class OutcomeResult(StrEnum):
    """The answer of one rule."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"
    """The evidence the rule needs is missing."""


Probe = Callable[[ImageFacts, datetime], OutcomeResult]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one rule was answered: `seen` is the value found, `sentence` for people.

    `unknown_until` is when a rule that depends on time alone can change; else None.
    """

    rule: Rule
    result: OutcomeResult
    seen: str
    sentence: str
    unknown_until: datetime | None = None

    def to_json(self) -> dict[str, object]:
        """Return the outcome as stored with a decision."""
        return {
            "rule": self.rule.to_json(),
            "result": self.result.value,
            "seen": self.seen,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of all rules, in their order, and when to ask again.

    `reevaluate_at` is None when no passing of time can change the answer.
    `groups` are the texts captured by the `matches` rules on the tag, numbered
    through the rules in their order, empty where a group took no part.
    """

    result: Result
    outcomes: tuple[Outcome, ...]
    reevaluate_at: datetime | None = None
    groups: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the verdict as stored with a decision; times are RFC 3339 in UTC."""
        at = self.reevaluate_at
        return {
            "result": self.result.value,
            "outcomes": [outcome.to_json() for outcome in self.outcomes],
            "reevaluate_at": at and at.astimezone(UTC).isoformat(),
            "groups": list(self.groups),
        }


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """Rules made ready for many evaluations; safe to share between threads."""

    rules: tuple[Rule, ...]
    probes: tuple[Probe, ...]
    tag_patterns: tuple[Any, ...]

    @property
    def group_count(self) -> int:
        """How many groups a matching tag captures for the tag template."""
        return sum(pattern.groups for pattern in self.tag_patterns)


@dataclass(frozen=True, slots=True)
class _FieldLogic:
    """How a field is answered (fast) and how the answer is put in words (not)."""

    compile: Callable[[Rule], Probe]
    explain: Callable[[Rule, OutcomeResult, ImageFacts], Outcome]


def compile_rules(rules: Iterable[Rule]) -> CompiledRules:
    """Prepare rules once per policy version."""
    kept = tuple(rules)
    return CompiledRules(
        rules=kept,
        probes=tuple(_FIELDS[rule.field].compile(rule) for rule in kept),
        tag_patterns=tuple(
            compile_pattern(rule.values[0])
            for rule in kept
            if rule.on_tag and rule.operator is Operator.MATCHES
        ),
    )


def matches(compiled: CompiledRules, facts: ImageFacts, now: datetime) -> Result:
    """Answer like `evaluate`, without words: for many policies at each push."""
    result = Result.MATCHED
    for probe in compiled.probes:
        answer = probe(facts, now)
        if answer is OutcomeResult.FAILS:
            return Result.NOT_MATCHED
        if answer is OutcomeResult.UNKNOWN:
            result = Result.WAITING
    return result


def evaluate(compiled: CompiledRules, facts: ImageFacts, now: datetime) -> Verdict:
    """Answer with the outcome of every rule, none skipped."""
    outcomes = tuple(
        _FIELDS[rule.field].explain(rule, probe(facts, now), facts)
        for rule, probe in zip(compiled.rules, compiled.probes, strict=True)
    )
    result = combine(outcome.result for outcome in outcomes)
    if result is Result.NOT_MATCHED:
        return Verdict(result, outcomes)
    return Verdict(
        result, outcomes, _earliest(outcomes), _captured(compiled, facts.tag)
    )


def combine(results: Iterable[OutcomeResult]) -> Result:
    """AND of three values: any failure decides, else anything unknown waits."""
    found = set(results)
    if OutcomeResult.FAILS in found:
        return Result.NOT_MATCHED
    return Result.WAITING if OutcomeResult.UNKNOWN in found else Result.MATCHED


def _earliest(outcomes: Iterable[Outcome]) -> datetime | None:
    times = (outcome.unknown_until for outcome in outcomes)
    return min((time for time in times if time is not None), default=None)


def _captured(compiled: CompiledRules, tag: str) -> tuple[str, ...]:
    return tuple(
        group
        for pattern in compiled.tag_patterns
        for group in pattern.search(tag).groups(default="")
    )


def _compile_tag(rule: Rule) -> Probe:
    test = text_test(rule.operator, rule.values)
    holds, fails = OutcomeResult.HOLDS, OutcomeResult.FAILS
    return lambda facts, _now: holds if test(facts.tag) else fails


def _explain_tag(rule: Rule, result: OutcomeResult, facts: ImageFacts) -> Outcome:
    holds = result is OutcomeResult.HOLDS
    said = phrase(rule.operator, rule.values, holds=holds)
    sentence = f"{rule.field.label} {quoted(facts.tag)} {said}"
    return Outcome(rule, result, facts.tag, sentence)


_FIELDS: Mapping[Field, _FieldLogic] = {
    Field.TAG: _FieldLogic(compile=_compile_tag, explain=_explain_tag)
}
