"""What a policy of another registry says, read whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promotions.models import PolicyVersion
from promotions.rules import Field, InvalidRule, Operator, Rule, parse_rules
from promotions.services.policies.draft import CHOSEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promotions.services.importing.names import KnownNames, Match

RENAMED = {"package.name": Field.COMPONENT_NAME.value}  # MSR 2.3 to 2.5
NAMED = frozenset({Field.COMPONENT_NAME, Field.LICENSE_NAME})
BY_NAME = frozenset({Operator.EQUALS, Operator.ONE_OF, Operator.NOT_ONE_OF})
OURS = {
    "zone": str,
    "onMovedTag": str,
    "onConflict": str,
    "unscored": str,
    "unlicensed": str,
    "allowUnscannable": bool,
    "origins": list,
    "exceptionsOf": str,
    "allowPublicTarget": bool,
    "allowCycle": bool,
}
"""What another portal of this kind says beside, with its types."""

_KEPT = frozenset({"tag_template", "rules"})


class NotUnderstood(ValueError):
    """A part of the policy is not known here; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What the policy does, in the words of here.

    `source` is a name, or with `is_pattern` a pattern over names. `notes` say what was
    put otherwise; `held` why it must not run as it is.
    """

    source: str
    target: str
    rules: list[dict[str, Any]]
    choices: dict[str, Any]
    enabled: bool
    is_pattern: bool = False
    is_global: bool = False
    notes: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(slots=True)
class _Said:
    """Sentences, collected while rules are read."""

    notes: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)


def understand(original: dict[str, Any], names: KnownNames) -> Understood:
    """Read a policy; raises NotUnderstood for anything in it that is not known.

    A rule less would let more images through: there is no reading with a gap.
    """
    said = _Said()
    rules = _rules(original.get("rules"), names, said)
    pattern = _text(original, "sourcePattern", needed=False)
    return Understood(
        source=pattern or _text(original, "sourceRepository"),
        target=_text(original, "targetRepository"),
        rules=rules,
        choices={"tag_template": _text(original, "tagTemplate"), **_ours(original)},
        enabled=_switch(original),
        is_pattern=bool(pattern),
        is_global=_text(original, "scope", needed=False) == "global",
        notes=tuple(said.notes),
        held=tuple(said.held),
    )


def _text(original: dict[str, Any], name: str, *, needed: bool = True) -> str:
    found = original.get(name)
    if found is None and not needed:
        return ""
    if not isinstance(found, str) or (needed and not found):
        message = f"Its “{name}” is no text."
        raise NotUnderstood(message)
    return found


def _switch(original: dict[str, Any]) -> bool:
    found = original.get("enabled", False)
    if not isinstance(found, bool):
        message = "Its “enabled” is neither true nor false."
        raise NotUnderstood(message)
    return found


def _ours(original: dict[str, Any]) -> dict[str, Any]:
    """Return what else it chooses; MSR left findings without a score out."""
    chosen: dict[str, Any] = {"unscored": PolicyVersion.Evidence.IGNORE.value}
    for name, kind in OURS.items():
        found = original.get(name)
        if found is None:
            continue
        if not isinstance(found, kind):
            message = f"Its “{name}” is of a kind that is not known here."
            raise NotUnderstood(message)
        chosen[_ours_name(name)] = found
    return chosen


def _ours_name(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def _rules(found: object, names: KnownNames, said: _Said) -> list[dict[str, Any]]:
    """Return the rules as they are stored here; every one, or none at all."""
    if not isinstance(found, list):
        raise NotUnderstood("It has no list of rules.")
    mapped = [_criterion(rule, names, said) for rule in found]
    try:
        return [dict(rule.to_json()) for rule in parse_rules(mapped)]
    except InvalidRule as error:
        raise NotUnderstood(str(error)) from error


def _criterion(rule: object, names: KnownNames, said: _Said) -> object:
    if not isinstance(rule, dict):
        return rule
    if isinstance(rule.get("any"), list):
        return {**rule, "any": [_mapped(one, names, said) for one in rule["any"]]}
    return _mapped(rule, names, said)


def _mapped(rule: object, names: KnownNames, said: _Said) -> object:
    """Return a rule with fields and values as they are called here.

    What is not understood stays as it is, and is refused by who reads it next.
    """
    if not isinstance(rule, dict):
        return rule
    of = rule.get("field")
    known = {**rule, "field": RENAMED.get(of, of) if isinstance(of, str) else of}
    try:
        parsed = Rule.parse(known)
    except InvalidRule:
        return known
    if parsed.field not in NAMED or parsed.operator not in BY_NAME:
        return known
    matches = [names.match(parsed.field, value) for value in parsed.values]
    _say(parsed, matches, said)
    values = list(dict.fromkeys(_values(parsed, matches)))
    return {**known, "values": values}


def _values(rule: Rule, matches: list[Match]) -> Iterator[str]:
    """Return the names of here; a rule of one value keeps one."""
    for match in matches:
        is_one = rule.operator.takes_many or len(match.known) == 1
        yield from match.known if match.known and is_one else (match.value,)


def _say(rule: Rule, matches: list[Match], said: _Said) -> None:
    for match in matches:
        if not match.known:
            where = said.held if rule.operator is Operator.NOT_ONE_OF else said.notes
            where.append(_unknown(rule, match))
        elif match.known != (match.value,):
            called = ", ".join(f"“{name}”" for name in match.known)
            said.notes.append(f"{rule.field} “{match.value}” is called {called} here.")


def _unknown(rule: Rule, match: Match) -> str:
    near = ", ".join(f"“{name}”" for name in match.near)
    like = f"; names like it are {near}" if near else ""
    return f"No scan here found the {rule.field.label} “{match.value}”{like}."


MISSING = frozenset(CHOSEN) - _KEPT - {_ours_name(name) for name in OURS}
"""Columns of a version that are not read; a test holds that there are none."""
