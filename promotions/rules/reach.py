"""Whether the tags that one policy makes can meet the rules of another.

A template is read as forms of the tags it makes: literal text, and for each code the
characters its value may have. A form allows too many tags, never too few: what is
excluded here never happens, and what is not excluded may still be impossible.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, groupby
from string import ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING

from promotions.rules.automaton import (
    Automaton,
    Piece,
    any_of,
    literal,
    share_a_text,
)
from promotions.rules.contradictions import find_contradiction
from promotions.rules.fields import Field
from promotions.rules.operators import Operator
from promotions.rules.rule import AnyOf
from promotions.rules.tag_grammar import TAG_MAX_LENGTH, is_tag
from promotions.rules.text_operators import text_test
from promotions.rules.versions import version_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from promotions.rules.rule import Criterion, Rule
    from promotions.rules.tag_template import TagTemplate

    Form = tuple[Piece, ...]
    Alternatives = tuple[Rule, ...]

_TAG = "%n"
_SUFFIX_ROOM = 8  # characters that a suffix such as -2 may cut off from a long tag

_LOWER = frozenset(ascii_lowercase)
_UPPER = frozenset(ascii_uppercase)
_DIGITS = frozenset(digits)
_TAG_CHARACTERS = _LOWER | _UPPER | _DIGITS | frozenset("_.-")

_ANY_TEXT = any_of(_TAG_CHARACTERS)
_CAPITALISED = (Piece(_UPPER), *any_of(_LOWER))
_SHORT_NAME = (Piece(_UPPER), Piece(_LOWER), Piece(_LOWER))
_NAME = (Piece(_LOWER | _DIGITS), *any_of(_LOWER | _DIGITS | frozenset("_.-")))
_SUFFIX = (*literal("-"), Piece(_DIGITS), *any_of(_DIGITS))

_DIGIT_COUNTS = {"%w": 1, "%j": 3, "%Y": 4, "%f": 6} | dict.fromkeys(
    ("%d", "%m", "%y", "%H", "%I", "%M", "%S", "%W"), 2
)
_FORMS: Mapping[str, Form] = {
    "%A": _CAPITALISED,
    "%B": _CAPITALISED,
    "%a": _SHORT_NAME,
    "%b": _SHORT_NAME,
    "%p": (Piece(frozenset("AP")), *literal("M")),
    "%Z": (Piece(_UPPER | _LOWER), *_ANY_TEXT),
    "%{digest}": (Piece(frozenset("0123456789abcdef")),) * 12,
    "%{namespace}": _NAME,
    "%{repository}": _NAME,
} | {code: (Piece(_DIGITS),) * count for code, count in _DIGIT_COUNTS.items()}


def may_feed(
    template: TagTemplate,
    rules: Sequence[Criterion],
    next_rules: Sequence[Criterion],
    *,
    suffixed: bool = True,
) -> bool:
    """Tell whether a tag that meets `rules` may be promoted to one for `next_rules`.

    False is a proof: no tag that the template makes of such a tag can meet the next
    rules. `suffixed` says whether a tag that is taken may get a suffix such as `-2`.
    Only rules on the tag count; evidence may change between two promotions.
    """
    before, after = _on_tag(rules), _on_tag(next_rules)
    made = _made(template, before)
    keeps = template.parts == (_TAG,)
    if not (keeps and find_contradiction([*before, *after])) and any(
        _may_meet(one, after) for one in made
    ):
        return True
    return suffixed and any(_may_meet(one.suffixed, after) for one in made)


@dataclass(frozen=True, slots=True)
class _Made:
    """Tags made by a template: each of them has all the forms."""

    forms: tuple[Form, ...]

    @property
    def text(self) -> str | None:
        """The only tag made; None if there may be several."""
        for form in self.forms:
            if all(not p.repeated and len(p.characters) == 1 for p in form):
                return "".join(chain.from_iterable(p.characters for p in form))
        return None

    @property
    def suffixed(self) -> _Made:
        """The same tags with a suffix, for which long ones are cut."""
        return _Made(tuple(map(_with_suffix, self.forms)))

    def may_be(self, tag: str) -> bool:
        """Tell whether the tag may be among them."""
        return all(Automaton.of(form).accepts(tag) for form in self.forms)

    def may_meet(self, rule: Rule) -> bool:
        """Tell whether one of them may meet the rule."""
        if rule.field is not Field.TAG:
            return True
        if rule.operator in {Operator.EQUALS, Operator.ONE_OF}:
            return any(map(self.may_be, rule.values))
        wanted = _form(rule)
        return wanted is None or all(_may_agree(form, wanted) for form in self.forms)


def _on_tag(criteria: Iterable[Criterion]) -> list[Alternatives]:
    """Return the criteria that a tag alone decides, each as its alternatives."""
    found = (one.rules if isinstance(one, AnyOf) else (one,) for one in criteria)
    fields = {Field.TAG, Field.SEMVER}
    return [one for one in found if all(rule.field in fields for rule in one)]


def _made(template: TagTemplate, before: Sequence[Alternatives]) -> list[_Made]:
    """Return what the template makes of the tags that meet the criteria."""
    tags = _only_tags(before)
    if tags is not None and _TAG in template.parts:
        return [_Made((_filled(template, literal(tag)),)) for tag in tags]
    forms = [form for rule in _sharpest(before) if (form := _form(rule))]
    return [_Made(tuple(_filled(template, form) for form in forms or [_ANY_TEXT]))]


def _sharpest(criteria: Iterable[Alternatives]) -> Iterable[Rule]:
    """Return the longest start and the longest end that the tags must have."""
    longest: dict[Operator, Rule] = {}
    for alternatives in criteria:
        rule = alternatives[0]
        if len(alternatives) > 1 or rule.field is not Field.TAG:
            continue
        if rule.operator in {Operator.STARTS_WITH, Operator.ENDS_WITH}:
            known = longest.setdefault(rule.operator, rule)
            longest[rule.operator] = max(known, rule, key=lambda r: len(r.values[0]))
    return longest.values()


def _filled(template: TagTemplate, tag: Form) -> Form:
    values = {**_FORMS, _TAG: tag}
    forms = (
        values.get(part, _ANY_TEXT) if part[0] == "%" else literal(part)
        for part in template.parts
    )
    return _folded(chain.from_iterable(forms))


def _folded(pieces: Iterable[Piece]) -> Form:
    """Write any number of any number of the same characters once."""
    return tuple(
        one
        for piece, same in groupby(pieces)
        for one in ([piece] if piece.repeated else same)
    )


def _with_suffix(form: Form) -> Form:
    room = TAG_MAX_LENGTH - _SUFFIX_ROOM
    start = next((i for i, p in enumerate(form) if p.repeated), None)
    if start is None and len(form) <= room:
        return (*form, *_SUFFIX)
    return _folded((*form[:start][:room], *_ANY_TEXT, *_SUFFIX))


def _form(rule: Rule) -> Form | None:
    """Return the form of the tags that meet the rule; None if it has none here."""
    value = literal(rule.values[0])
    match rule.operator:
        case Operator.STARTS_WITH:
            return (*value, *_ANY_TEXT)
        case Operator.ENDS_WITH:
            return (*_ANY_TEXT, *value)
        case Operator.CONTAINS:
            return (*_ANY_TEXT, *value, *_ANY_TEXT)
    return None


def _may_agree(one: Form, other: Form) -> bool:
    both = Automaton.of(one), Automaton.of(other)
    return share_a_text(*both, limit=TAG_MAX_LENGTH)


def _may_meet(made: _Made, after: Sequence[Alternatives]) -> bool:
    if (text := made.text) is not None:
        return is_tag(text) and _meets(text, after)
    if (tags := _only_tags(after)) is not None:
        return any(map(made.may_be, tags))
    return all(any(map(made.may_meet, alternatives)) for alternatives in after)


def _only_tags(criteria: Sequence[Alternatives]) -> list[str] | None:
    """Return the tags that meet all the criteria; None: too many to list."""
    listing = {Operator.EQUALS, Operator.ONE_OF}
    for alternatives in criteria:
        if all(r.field is Field.TAG and r.operator in listing for r in alternatives):
            tags = chain.from_iterable(rule.values for rule in alternatives)
            return [tag for tag in tags if _meets(tag, criteria)]
    return None


def _meets(tag: str, criteria: Iterable[Alternatives]) -> bool:
    return all(any(_holds(rule, tag) for rule in one) for one in criteria)


def _holds(rule: Rule, tag: str) -> bool:
    if rule.field is Field.SEMVER:
        return version_test(rule.operator, rule.values[0])(tag)
    return text_test(rule.operator, rule.values)(tag)
