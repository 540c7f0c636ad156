"""Deciding whether an image meets the rules of a policy, and explaining why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promotions.rules.fields import Field
from promotions.rules.index import index
from promotions.rules.judges import judge
from promotions.rules.operators import Operator
from promotions.rules.options import Options
from promotions.rules.outcomes import (
    Outcome,
    OutcomeResult,
    Result,
    Verdict,
    combine,
    earliest,
)
from promotions.rules.rule import AnyOf, single_rules
from promotions.rules.text_operators import compile_pattern, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from promotions.rules.facts import EvidenceKind, ImageFacts
    from promotions.rules.index import ImageIndex
    from promotions.rules.judgements import Judgement
    from promotions.rules.rule import Criterion, Rule

    Probe = Callable[[ImageIndex, datetime], OutcomeResult]

DEFAULTS = Options()

_BY_TIME = {Field.UPDATED_AT_DURATION, Field.SCAN_AGE}
_HOLDS, _FAILS, _UNKNOWN = OutcomeResult


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """Rules made ready for many evaluations; safe to share between threads."""

    rules: tuple[Criterion, ...]
    options: Options
    criteria: tuple[_Compiled, ...]
    probes: tuple[Probe, ...]
    tag_patterns: tuple[Any, ...]
    images_only: bool
    """Whether no rule asks for a type of artifact, so that images alone can match."""
    needs: frozenset[EvidenceKind]
    """The evidence the rules ask about; empty when the push alone decides."""
    keys: frozenset[str]
    """The names of the keys whose signatures the rules ask about."""

    @property
    def wakes_by_time(self) -> bool:
        """Whether the passing of time alone can change an answer."""
        return any(rule.field in _BY_TIME for rule in single_rules(self.rules))

    @property
    def group_count(self) -> int:
        """How many groups a matching tag captures for the tag template."""
        return sum(pattern.groups for pattern in self.tag_patterns)

    def captured(self, tag: str) -> tuple[str, ...]:
        """Return the groups of all patterns; a pattern in a group may not match."""
        found = [(one, one.search(tag)) for one in self.tag_patterns]
        return tuple(
            group
            for pattern, match in found
            for group in (match.groups(default="") if match else [""] * pattern.groups)
        )


@dataclass(frozen=True, slots=True)
class _CompiledRule:
    rule: Rule
    judgement: Judgement[ImageIndex]

    @property
    def probe(self) -> Probe:
        return self.judgement.ask

    def explain(self, image: ImageIndex, now: datetime) -> Outcome:
        result = self.judgement.ask(image, now)
        told = self.judgement.tell(image, now, result)
        return Outcome(
            rule=self.rule,
            result=result,
            seen=told.seen,
            sentence=told.sentence,
            unknown_until=told.unknown_until if result is _UNKNOWN else None,
            holds_until=told.holds_until if result is _HOLDS else None,
            platform=told.platform,
            source=told.source,
            remedy=told.remedy if result is _UNKNOWN else "",
        )


@dataclass(frozen=True, slots=True)
class _CompiledGroup:
    group: AnyOf
    parts: tuple[_CompiledRule, ...]

    @property
    def probe(self) -> Probe:
        probes = tuple(part.probe for part in self.parts)

        def probe(image: ImageIndex, now: datetime) -> OutcomeResult:
            result = _FAILS
            for one in probes:
                answered = one(image, now)
                if answered is _HOLDS:
                    return _HOLDS
                if answered is _UNKNOWN:
                    result = _UNKNOWN
            return result

        return probe

    def explain(self, image: ImageIndex, now: datetime) -> Outcome:
        parts = tuple(part.explain(image, now) for part in self.parts)
        result = self.probe(image, now)
        deciding = [part for part in parts if part.result is result]
        said = "; ".join(part.sentence for part in deciding)
        return Outcome(
            rule=self.group,
            result=result,
            seen="; ".join(part.seen for part in deciding if part.seen),
            sentence=f"{_GROUP_SAID[result].format(len(parts))}: {said}",
            unknown_until=earliest(part.unknown_until for part in deciding),
            holds_until=_latest(part.holds_until for part in deciding),
            parts=parts,
        )


_Compiled = _CompiledRule | _CompiledGroup

_GROUP_SAID = {
    _HOLDS: "one of {} alternatives is enough",
    _FAILS: "none of {} alternatives holds",
    _UNKNOWN: "one of {} alternatives must hold, and none does yet",
}


def compile_rules(
    rules: Iterable[Criterion], options: Options = DEFAULTS
) -> CompiledRules:
    """Prepare rules once per policy version."""
    kept = tuple(rules)
    criteria = tuple(_compile(one, options) for one in kept)
    singles = tuple(single_rules(kept))
    return CompiledRules(
        rules=kept,
        options=options,
        criteria=criteria,
        probes=tuple(one.probe for one in criteria),
        tag_patterns=tuple(
            compile_pattern(rule.values[0])
            for rule in singles
            if rule.on_tag and rule.operator is Operator.MATCHES
        ),
        images_only=all(rule.field is not Field.ARTIFACT_TYPE for rule in singles),
        needs=frozenset(rule.field.needs for rule in singles if rule.field.needs),
        keys=frozenset(
            name
            for rule in singles
            if rule.field is Field.SIGNATURE
            for name in rule.values
        ),
    )


def matches(compiled: CompiledRules, facts: ImageFacts, now: datetime) -> Result:
    """Answer like `evaluate`, without words: for many policies at each push."""
    if facts.artifact_type and compiled.images_only:
        return Result.NOT_MATCHED
    image, result = index(facts), Result.MATCHED
    for probe in compiled.probes:
        answer = probe(image, now)
        if answer is _FAILS:
            return Result.NOT_MATCHED
        if answer is _UNKNOWN:
            result = Result.WAITING
    return result


def evaluate(compiled: CompiledRules, facts: ImageFacts, now: datetime) -> Verdict:
    """Answer with the outcome of every rule, none skipped."""
    image = index(facts)
    outcomes = tuple(one.explain(image, now) for one in compiled.criteria)
    if facts.artifact_type and compiled.images_only:
        outcomes = (_no_image(facts.artifact_type), *outcomes)
    result = combine(outcome.result for outcome in outcomes)
    if result is Result.NOT_MATCHED:
        return Verdict(result, outcomes)
    ends = earliest(outcome.holds_until for outcome in outcomes)
    groups = compiled.captured(facts.tag)
    if result is Result.MATCHED:
        return Verdict(result, outcomes, groups=groups, expires_at=ends)
    wakes = earliest([*(outcome.unknown_until for outcome in outcomes), ends])
    return Verdict(result, outcomes, wakes, groups)


def _compile(criterion: Criterion, options: Options) -> _Compiled:
    if isinstance(criterion, AnyOf):
        parts = tuple(_compile_rule(rule, options) for rule in criterion.rules)
        return _CompiledGroup(criterion, parts)
    return _compile_rule(criterion, options)


def _compile_rule(rule: Rule, options: Options) -> _CompiledRule:
    return _CompiledRule(rule, judge(rule, options))


def _no_image(artifact_type: str) -> Outcome:
    """Answer what every policy asks unless a rule asks for a type of artifact."""
    kind = plain(artifact_type)
    sentence = (
        f"the tag is no container image but {kind}; "
        "only a policy with a rule on artifact_type promotes such"
    )
    return Outcome(None, _FAILS, artifact_type, sentence)


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the last of the times; None when one of them never comes."""
    found = list(times)
    known = [time for time in found if time is not None]
    return max(known) if known and len(known) == len(found) else None
