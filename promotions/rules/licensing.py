"""Rules on the licenses of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.rules.judgements import (
    FAILS,
    HOLDS,
    UNKNOWN,
    Judgement,
    Told,
    answer,
)
from promotions.rules.operators import Operator
from promotions.rules.options import Options, Unlicensed
from promotions.rules.spdx import normalised
from promotions.rules.text_operators import joined, phrase, plain, text_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from promotions.rules.facts import Component
    from promotions.rules.index import PlatformIndex
    from promotions.rules.outcomes import OutcomeResult
    from promotions.rules.rule import Rule
    from promotions.rules.spdx import License

    LicenseTest = Callable[[License], bool]


def judge_license(rule: Rule, options: Options) -> Judgement[PlatformIndex]:
    """Hold when one license satisfies the rule, or, for `noo`, when none has to.

    Of an expression each alternative counts; `noo` fails only where no alternative
    is free of the list, and waits for components without a license.
    """
    if rule.operator is Operator.NOT_ONE_OF:
        return _excluding(rule, options)
    return _including(rule)


def _including(rule: Rule) -> Judgement[PlatformIndex]:
    test = _positive(rule)

    def ask(platform: PlatformIndex, _now: datetime) -> OutcomeResult:
        return answer(any(map(test, platform.distinct_licenses)))

    def tell(platform: PlatformIndex, _now: datetime, result: OutcomeResult) -> Told:
        said = phrase(rule.operator, rule.values)
        if result is FAILS:
            count = len(platform.licenses)
            return Told("", f"license: that of none of {count} components {said}")
        return _told(said, _having(platform, test))

    return Judgement(ask, tell)


def _excluding(rule: Rule, options: Options) -> Judgement[PlatformIndex]:
    wanted = frozenset(map(normalised, rule.values))
    waits = options.unlicensed is Unlicensed.WAIT

    def is_bound(found: License) -> bool:
        return not any(one.isdisjoint(wanted) for one in found.alternatives)

    def ask(platform: PlatformIndex, _now: datetime) -> OutcomeResult:
        if any(map(is_bound, platform.distinct_licenses)):
            return FAILS
        return UNKNOWN if waits and platform.has_unlicensed else HOLDS

    def tell(platform: PlatformIndex, _now: datetime, result: OutcomeResult) -> Told:
        said = phrase(Operator.ONE_OF, rule.values)
        if result is FAILS:
            return _told(said, _having(platform, is_bound))
        if result is UNKNOWN:
            return _tell_unlicensed(
                [one for one, found in platform.licenses if not found]
            )
        count = len(platform.licenses)
        return Told("", f"license: that of none of {count} components {said}")

    return Judgement(ask, tell)


def _positive(rule: Rule) -> LicenseTest:
    if rule.operator is Operator.MATCHES:
        matches = text_test(rule.operator, rule.values)
        return lambda found: any(map(matches, (found.text, *found.terms)))
    wanted = frozenset(map(normalised, rule.values))
    return lambda found: not wanted.isdisjoint(found.terms)


def _having(
    platform: PlatformIndex, test: LicenseTest
) -> Iterable[tuple[Component, License]]:
    for component, found in platform.licenses:
        for one in found:
            if test(one):
                yield component, one


def _told(said: str, found: Iterable[tuple[Component, License]]) -> Told:
    seen = joined(
        sorted({f"{plain(one.text)} of {plain(by.name)}" for by, one in found})
    )
    return Told(seen, f"license: {seen} {said}")


def _tell_unlicensed(components: list[Component]) -> Told:
    count = len(components)
    names = joined(sorted({plain(one.name) for one in components}))
    has = "1 component has" if count == 1 else f"{count} components have"
    remedy = "upload a report that names their licenses, or ignore such components"
    sentence = f"license: {has} none that is known ({names}); {remedy}"
    return Told("", sentence, remedy=remedy)
