"""Rules on names: of the tag, of what is in the image, of where it came from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from promotions.rules.facts import Missing
from promotions.rules.fields import Field
from promotions.rules.judgements import (
    FAILS,
    HOLDS,
    UNKNOWN,
    Judgement,
    Told,
    answer,
    tell_missing,
)
from promotions.rules.operators import Operator
from promotions.rules.text_operators import (
    LISTED_VALUES,
    joined,
    listed,
    phrase,
    quoted,
    text_test,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from promotions.rules.index import ImageIndex, PlatformIndex, Texts
    from promotions.rules.outcomes import OutcomeResult
    from promotions.rules.rule import Rule

    SomeTest = Callable[[Texts], bool]

NOT_KNOWN: Mapping[Field, Missing] = {
    Field.PUSHED_BY: Missing("who pushed the tag was not recorded"),
    Field.PLATFORM: Missing("which platform the image runs on was not read"),
}


def judge_text(
    rule: Rule, text_of: Callable[[ImageIndex], str], empty: str = ""
) -> Judgement[ImageIndex]:
    """Compare one text; of some fields "" says that nothing is known.

    `empty` is what "" stands for in a sentence of the others.
    """
    test = text_test(rule.operator, rule.values)
    missing = NOT_KNOWN.get(rule.field)

    def ask(image: ImageIndex, _now: datetime) -> OutcomeResult:
        text = text_of(image)
        if not text and missing:
            return UNKNOWN
        return HOLDS if test(text) else FAILS

    def tell(image: ImageIndex, _now: datetime, result: OutcomeResult) -> Told:
        text = text_of(image)
        if result is UNKNOWN and missing:
            return tell_missing(rule.field.label, missing)
        said = phrase(rule.operator, rule.values, holds=result is HOLDS)
        shown = quoted(text) if text else empty
        return Told(text or empty, f"{rule.field.label} {shown} {said}")

    return Judgement(ask, tell)


def judge_texts(
    rule: Rule, texts_of: Callable[[PlatformIndex], Texts]
) -> Judgement[PlatformIndex]:
    """Hold when one text satisfies the rule; `noo` when none is in the list."""
    test = some(rule.operator, rule.values)

    def ask(platform: PlatformIndex, _now: datetime) -> OutcomeResult:
        return HOLDS if test(texts_of(platform)) else FAILS

    def tell(platform: PlatformIndex, _now: datetime, _result: OutcomeResult) -> Told:
        return tell_texts(rule, texts_of(platform))

    return Judgement(ask, tell)


def judge_vulnerability_ids(rule: Rule) -> Judgement[PlatformIndex]:
    """Compare ids and aliases, whose case has no meaning, except in patterns."""
    is_pattern = rule.operator is Operator.MATCHES
    upper = tuple(value.strip().upper() for value in rule.values)
    values = rule.values if is_pattern else upper
    test = some(rule.operator, values)

    def ids(platform: PlatformIndex) -> Texts:
        return platform.ids if is_pattern else platform.upper_ids

    def ask(platform: PlatformIndex, _now: datetime) -> OutcomeResult:
        return answer(test(ids(platform)))

    def tell(platform: PlatformIndex, _now: datetime, _result: OutcomeResult) -> Told:
        told = tell_texts(rule, ids(platform), values)
        return replace(told, sentence=f"{told.sentence}{platform.hidden}")

    return Judgement(ask, tell)


def judge_platform(rule: Rule) -> Judgement[ImageIndex]:
    """Compare the platforms of the image: `noo` needs to know them all."""
    test = some(rule.operator, rule.values)
    wants_all = rule.operator is Operator.NOT_ONE_OF

    def ask(image: ImageIndex, _now: datetime) -> OutcomeResult:
        holds = test(image.platform_names)
        if holds is wants_all and not image.knows_platforms:
            return UNKNOWN
        return answer(holds)

    def tell(image: ImageIndex, _now: datetime, result: OutcomeResult) -> Told:
        if result is UNKNOWN:
            return tell_missing(rule.field.label, NOT_KNOWN[rule.field])
        return tell_texts(rule, image.platform_names)

    return Judgement(ask, tell)


def judge_signature(rule: Rule) -> Judgement[ImageIndex]:
    """Compare the names of the keys whose signatures were verified.

    Signatures come after the push, so a key that has not signed may do so yet: the
    rule waits, and only `noo` fails or holds at once.
    """
    test = some(rule.operator, rule.values)
    otherwise = FAILS if rule.operator is Operator.NOT_ONE_OF else UNKNOWN

    def ask(image: ImageIndex, _now: datetime) -> OutcomeResult:
        if isinstance(image.facts.signatures, Missing):
            return UNKNOWN
        return HOLDS if test(image.signatures) else otherwise

    def tell(image: ImageIndex, _now: datetime, result: OutcomeResult) -> Told:
        found = image.facts.signatures
        if isinstance(found, Missing):
            return tell_missing(rule.field.label, found)
        if result is UNKNOWN:
            return tell_missing(rule.field.label, _not_signed(rule))
        return tell_texts(rule, image.signatures, source=found.source)

    return Judgement(ask, tell)


def _not_signed(rule: Rule) -> Missing:
    return Missing(
        f"no signature by {listed(rule.values)} was verified yet",
        "sign the image with that key, and register its public part",
    )


def some(operator: Operator, values: tuple[str, ...]) -> SomeTest:
    """Return what tells whether one of many texts satisfies a rule (`noo`: none)."""
    if operator in _SOUGHT:
        sought = _SOUGHT[operator].format(values[0])
        return lambda texts: sought in texts.whole
    if operator is Operator.MATCHES:
        return _some_matches(values[0])
    wanted = frozenset(values)
    if operator is Operator.NOT_ONE_OF:
        return lambda texts: wanted.isdisjoint(texts.values)
    return lambda texts: not wanted.isdisjoint(texts.values)


_SOUGHT: Mapping[Operator, str] = {
    Operator.STARTS_WITH: "\0{}",
    Operator.ENDS_WITH: "{}\0",
    Operator.CONTAINS: "{}",
}


def _some_matches(pattern: str) -> SomeTest:
    matches = text_test(Operator.MATCHES, (pattern,))

    def test(texts: Texts) -> bool:
        found = texts.matched.get(pattern)
        if found is None:
            found = any(map(matches, texts.values))
            texts.matched[pattern] = found
        return found

    return test


def tell_texts(
    rule: Rule, texts: Texts, values: tuple[str, ...] | None = None, source: str = ""
) -> Told:
    """Name those texts that decide; `values` replace the rule's in the comparison."""
    excludes = rule.operator is Operator.NOT_ONE_OF
    operator = Operator.ONE_OF if excludes else rule.operator
    test = text_test(operator, values or rule.values)
    found = sorted({shown for text, shown in texts.shown.items() if test(text)})
    said = phrase(operator, rule.values)
    if found:
        seen = joined(found)
        return Told(seen, f"{rule.field.label}: {seen} {said}", source=source)
    seen, of = _others(sorted(set(texts.shown.values())))
    return Told(seen, f"{rule.field.label}: {of} {said}", source=source)


def _others(shown: Sequence[str]) -> tuple[str, str]:
    """Return a few texts as they were seen, and how a sentence denies something."""
    if not shown:
        return "", "there is none, so none"
    if len(shown) > LISTED_VALUES:
        return "", f"none of {len(shown)}"
    seen = joined(shown)
    return seen, f"none of {seen}" if len(shown) > 1 else f"{seen}, of which none"


def platform_texts(rule: Rule) -> Judgement[PlatformIndex]:
    """Return the judgement of a field that each platform has many texts of."""
    if rule.field is Field.VULNERABILITY_ID:
        return judge_vulnerability_ids(rule)
    return judge_texts(rule, _TEXTS[rule.field])


_TEXTS: Mapping[Field, Callable[[PlatformIndex], Texts]] = {
    Field.COMPONENT_NAME: lambda platform: platform.components,
    Field.COMPONENT_PURL: lambda platform: platform.purls,
    Field.LABEL: lambda platform: platform.labels,
}
