"""Rules that no tag can meet together, where that is cheap to prove."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

from promotions.rules.operators import Operator
from promotions.rules.text_operators import listed, phrase, text_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promotions.rules.rule import Rule
    from promotions.rules.text_operators import TextTest


@dataclass(frozen=True, slots=True)
class _Numbered:
    number: int
    rule: Rule
    test: TextTest

    @property
    def candidates(self) -> tuple[str, ...] | None:
        """The only tags that can meet the rule; None means too many to list."""
        finite = self.rule.operator in {Operator.EQUALS, Operator.ONE_OF}
        return self.rule.values if finite else None

    @property
    def phrase(self) -> str:
        return phrase(self.rule.operator, self.rule.values)


def find_contradiction(rules: Sequence[Rule]) -> str | None:
    """Return a sentence naming rules that exclude each other; None: none found."""
    numbered = [
        _Numbered(number, rule, text_test(rule.operator, rule.values))
        for number, rule in enumerate(rules, start=1)
        if rule.on_tag
    ]
    return _find_pair(numbered) or _find_exhausted(numbered)


def _find_pair(rules: Sequence[_Numbered]) -> str | None:
    for one, other in permutations(rules, 2):
        if _exclude(one, other):
            first, second = sorted((one, other), key=lambda rule: rule.number)
            return (
                f"Rules {first.number} and {second.number} contradict each other: "
                f"no tag {first.phrase} and {second.phrase}."
            )
    return None


def _find_exhausted(rules: Sequence[_Numbered]) -> str | None:
    for one in rules:
        if one.candidates and not any(
            all(rule.test(tag) for rule in rules) for tag in one.candidates
        ):
            return (
                f"The rules contradict each other: no value of rule {one.number} "
                f"({listed(one.candidates)}) meets all the others."
            )
    return None


def _exclude(one: _Numbered, other: _Numbered) -> bool:
    if one.candidates is not None:
        return not any(map(other.test, one.candidates))
    if one.rule.operator is not other.rule.operator:
        return False
    mine, its = one.rule.values[0], other.rule.values[0]
    match one.rule.operator:
        case Operator.STARTS_WITH:
            return not (mine.startswith(its) or its.startswith(mine))
        case Operator.ENDS_WITH:
            return not (mine.endswith(its) or its.endswith(mine))
    return False
