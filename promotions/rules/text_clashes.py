"""Rules on one text, such as the tag, that no text can meet together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

from promotions.rules.fields import Field
from promotions.rules.operators import Operator
from promotions.rules.text_operators import listed, text_test
from promotions.rules.versions import version_test
from promotions.rules.words import comparison

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promotions.rules.contradictions import Numbered
    from promotions.rules.rule import Rule
    from promotions.rules.text_operators import TextTest

_TEXTS: Mapping[Field, Field] = {
    Field.TAG: Field.TAG,
    Field.SEMVER: Field.TAG,
    Field.PUSHED_BY: Field.PUSHED_BY,
    Field.ARTIFACT_TYPE: Field.ARTIFACT_TYPE,
}
"""The fields on one text, and the text they are about: a version is in the tag."""


@dataclass(frozen=True, slots=True)
class _Tested:
    number: int
    rule: Rule
    test: TextTest

    @property
    def candidates(self) -> tuple[str, ...] | None:
        """The only texts that can meet the rule; None means too many to list."""
        finite = self.rule.operator in {Operator.EQUALS, Operator.ONE_OF}
        return self.rule.values if finite and not self.is_version else None

    @property
    def is_version(self) -> bool:
        return self.rule.field is Field.SEMVER

    @property
    def phrase(self) -> str:
        rule = self.rule
        said = comparison(rule.field, rule.operator, rule.values)
        return f"is a version {said}" if self.is_version else said


def find_text_clash(rules: Sequence[Numbered]) -> tuple[tuple[int, ...], str] | None:
    """Return the numbers of rules on one text, and why; None: none found."""
    for text in dict.fromkeys(_TEXTS.values()):
        mine = [
            _Tested(number, rule, _test(rule))
            for number, rule in rules
            if _TEXTS.get(rule.field) is text
        ]
        if found := _find_pair(mine, text.label) or _find_exhausted(mine):
            return found
    return None


def _test(rule: Rule) -> TextTest:
    if rule.field is Field.SEMVER:
        return version_test(rule.operator, rule.values[0])
    return text_test(rule.operator, rule.values)


def _find_pair(
    rules: Sequence[_Tested], label: str
) -> tuple[tuple[int, ...], str] | None:
    for one, other in permutations(rules, 2):
        if _exclude(one, other):
            first, second = sorted((one, other), key=lambda rule: rule.number)
            reason = f"no {label} {first.phrase} and {second.phrase}."
            return (first.number, second.number), reason
    return None


def _find_exhausted(rules: Sequence[_Tested]) -> tuple[tuple[int, ...], str] | None:
    for one in rules:
        if one.candidates and not any(
            all(rule.test(text) for rule in rules) for text in one.candidates
        ):
            values = listed(one.candidates)
            reason = f"of {values} none meets all of them."
            return tuple(rule.number for rule in rules), reason
    return None


def _exclude(one: _Tested, other: _Tested) -> bool:
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
