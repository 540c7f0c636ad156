"""Rules that no image can meet together, where that is cheap to prove.

What is found is certain as far as rules are answered by evidence: some are left that
contradict each other, and none is refused that an image can meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from promotions.rules.fields import Field
from promotions.rules.number_lines import numbers_clash
from promotions.rules.operators import Operator
from promotions.rules.text_clashes import find_text_clash
from promotions.rules.version_clashes import versions_clash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from promotions.rules.rule import Rule

    Clash = Callable[[Sequence[Rule]], bool]

_FINITE = {Operator.EQUALS, Operator.ONE_OF}
_SETS = (
    Field.COMPONENT_NAME,
    Field.COMPONENT_PURL,
    Field.VULNERABILITY_ID,
    Field.LABEL,
    Field.PLATFORM,
    Field.SIGNATURE,
)
"""Fields of which an image has many values. Not licenses: "MIT OR GPL-2.0-only" is one
of GPL-2.0-only, and can do without it."""
_BOOLEANS = (Field.SBOM, Field.SIGNATURE_PRESENT)


class Contradiction(NamedTuple):
    """Why no image meets some rules, and their numbers."""

    numbers: tuple[int, ...]
    reason: str

    @property
    def sentence(self) -> str:
        """The whole of it, naming the rules."""
        if len(self.numbers) == 1:
            return f"Rule {self.numbers[0]} contradicts the others: {self.reason}"
        *first, last = map(str, self.numbers)
        named = f"Rules {', '.join(first)} and {last}"
        return f"{named} contradict each other: {self.reason}"


class Numbered(NamedTuple):
    """A rule and its number in the policy, from 1."""

    number: int
    rule: Rule


def find_contradiction(criteria: Sequence[Sequence[Rule]]) -> Contradiction | None:
    """Return rules that exclude each other; None: none found.

    Each criterion is its alternatives, of which one has to hold.
    """
    certain = [
        Numbered(number, alternatives[0])
        for number, alternatives in enumerate(criteria, start=1)
        if len(alternatives) == 1
    ]
    if found := _find(certain):
        return found
    for number, alternatives in enumerate(criteria, start=1):
        if len(alternatives) > 1 and all(
            _find([*certain, Numbered(number, one)]) for one in alternatives
        ):
            reason = "none of its alternatives can hold together with them."
            return Contradiction((number,), reason)
    return None


def _find(rules: Sequence[Numbered]) -> Contradiction | None:
    if found := find_text_clash(rules):
        return Contradiction(*found)
    for clash in (numbers_clash, _sets_clash, _booleans_clash, versions_clash):
        if clash([rule for _, rule in rules]):
            return _contradiction(_fewest(rules, clash))
    return None


def _fewest(rules: Sequence[Numbered], clash: Clash) -> list[Numbered]:
    """Leave out every rule without which the others still exclude each other."""
    kept = list(rules)
    for one in rules:
        rest = [other for other in kept if other is not one]
        if clash([rule for _, rule in rest]):
            kept = rest
    return kept


def _contradiction(rules: Sequence[Numbered]) -> Contradiction:
    words = [rule.words for _, rule in rules]
    reason = f"no image meets {', '.join(words[:-1])} and {words[-1]}."
    return Contradiction(tuple(number for number, _ in rules), reason)


def _sets_clash(rules: Sequence[Rule]) -> bool:
    """Tell whether one of some values is wanted, and each of them excluded."""
    for field in _SETS:
        mine = [rule for rule in rules if rule.field is field]
        excluded = {
            value
            for rule in mine
            if rule.operator is Operator.NOT_ONE_OF
            for value in _compared(rule)
        }
        wanted = [_compared(rule) for rule in mine if rule.operator in _FINITE]
        if any(values <= excluded for values in wanted):
            return True
    return False


def _compared(rule: Rule) -> set[str]:
    if rule.field is Field.VULNERABILITY_ID:
        return {value.strip().upper() for value in rule.values}
    return set(rule.values)


def _booleans_clash(rules: Sequence[Rule]) -> bool:
    return any(
        len({rule.values for rule in rules if rule.field is field}) > 1
        for field in _BOOLEANS
    )
