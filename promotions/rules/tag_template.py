"""The name an image gets in the target: MSR's tag templates.

A template is text with codes: `%n` is the tag promoted, the time codes are those
of strftime in English, and four codes in braces go beyond MSR. Each code is
replaced once; values are never expanded again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from promotions.rules.tag_grammar import TAG_GRAMMAR, TAG_MAX_LENGTH, is_tag
from promotions.rules.text_operators import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

TEMPLATE_MAX_LENGTH = 512

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_TOKEN = re.compile(r"%\{[^{}%]*\}?|%.?|[^%]+", re.DOTALL)
_GROUP = re.compile(r"%\{([1-9][0-9]?)\}")
_DIGEST_LENGTH = 12
_NOON = 12


class InvalidTemplate(ValueError):
    """A template that makes no legal tag; the message is one sentence for people."""


class Code(NamedTuple):
    """A code of the template language, for forms and documentation."""

    code: str
    meaning: str
    example: str


CODES = (
    Code("%n", "tag being promoted", "1.4-stable"),
    Code("%A", "weekday", "Sunday"),
    Code("%a", "weekday, short", "Sun"),
    Code("%w", "weekday as a number, Sunday is 0", "0"),
    Code("%d", "day of the month", "01"),
    Code("%B", "month", "January"),
    Code("%b", "month, short", "Jan"),
    Code("%m", "month as a number", "01"),
    Code("%Y", "year", "2026"),
    Code("%y", "year without century", "26"),
    Code("%H", "hour, 00 to 23", "17"),
    Code("%I", "hour, 01 to 12", "05"),
    Code("%p", "AM or PM", "PM"),
    Code("%M", "minute", "08"),
    Code("%S", "second", "59"),
    Code("%f", "microsecond", "000123"),
    Code("%Z", "time zone; a nameless one by its offset", "UTC"),
    Code("%j", "day of the year", "366"),
    Code("%W", "week of the year, starting on Monday", "53"),
    Code("%{digest}", "first 12 hexadecimal digits of the digest", "9f86d081884c"),
    Code("%{namespace}", "namespace of the source", "dev"),
    Code("%{repository}", 'repository of the source, "/" written as "-"', "website"),
    Code("%{1}", 'group 1 of the "matches" rules on the tag; also 2 to 99', "1.4"),
)


@dataclass(frozen=True, slots=True)
class TemplateContext:
    """What the codes stand for; `now` is aware, `groups[0]` is `%{1}`."""

    tag: str
    now: datetime
    digest: str
    namespace: str
    repository: str
    groups: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.now.utcoffset() is None:
            raise ValueError("The time of a template needs a time zone.")


@dataclass(frozen=True, slots=True)
class TagTemplate:
    """A template some image can be promoted under; made by `parse`."""

    text: str
    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: object) -> TagTemplate:
        """Read a template; raises `InvalidTemplate` if it can never make a tag."""
        if not isinstance(text, str):
            raise InvalidTemplate("A tag template is a text such as %n.")
        if not text:
            raise InvalidTemplate("The tag template is empty; %n keeps the tag.")
        if len(text) > TEMPLATE_MAX_LENGTH:
            raise InvalidTemplate(
                f"A tag template has at most {TEMPLATE_MAX_LENGTH} characters."
            )
        parts = tuple(_checked(token) for token in _TOKEN.finditer(text))
        _check_shortest("".join(_SHORTEST.get(part, part) for part in map(_row, parts)))
        return cls(text, parts)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes used, each once, in the order of their first use."""
        return tuple(dict.fromkeys(part for part in self.parts if part[0] == "%"))

    @property
    def uses_time(self) -> bool:
        """Whether the tag depends on the time of the promotion."""
        return any(code in _TIME for code in self.parts)

    @property
    def highest_group(self) -> int:
        """The number of `matches` groups the template needs; 0 means none."""
        found = [_GROUP.fullmatch(part) for part in self.parts]
        return max((int(match[1]) for match in found if match), default=0)

    def render(self, context: TemplateContext, zone: str = "UTC") -> str:
        """Return the target tag; raises `InvalidTemplate` if it is not a legal one."""
        now = context.now.astimezone(load_zone(zone))
        tag = "".join(_value(part, context, now) for part in self.parts)
        if not is_tag(tag):
            raise InvalidTemplate(
                f"The template {quoted(self.text)} makes {quoted(tag)}, "
                f"which is no tag: {TAG_GRAMMAR}."
            )
        return tag


def load_zone(name: str) -> ZoneInfo:
    """Return the zone of the IANA database; raises `InvalidTemplate` if unknown."""
    if name not in _zone_names():
        raise InvalidTemplate(
            f"There is no time zone {quoted(name)}; "
            'use a name such as "Europe/Berlin" or "UTC".'
        )
    return ZoneInfo(name)


def with_suffix(tag: str, n: int) -> str:
    """Return the tag with `-n` appended, cut so that it stays a legal tag."""
    suffix = f"-{n}"
    return tag[: TAG_MAX_LENGTH - len(suffix)] + suffix


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def _row(part: str) -> str:
    """Every numbered group shares the row of the first."""
    return "%{1}" if _GROUP.fullmatch(part) else part


def _checked(token: re.Match[str]) -> str:
    part, at = token[0], token.start() + 1
    if part[0] != "%":
        return _checked_literal(part, at)
    if part == "%%":
        raise InvalidTemplate(
            f"The %% at character {at} stands for a percent sign, "
            f"which no tag contains: {TAG_GRAMMAR}."
        )
    if _row(part) not in _SHORTEST:
        known = " ".join(code.code for code in CODES)
        raise InvalidTemplate(
            f"There is no code {quoted(part)} (character {at}); the codes are {known}."
        )
    return part


def _checked_literal(text: str, at: int) -> str:
    for offset, char in enumerate(text):
        if not is_tag(f"_{char}"):
            raise InvalidTemplate(
                f"No tag contains {quoted(char)} (character {at + offset}): "
                f"{TAG_GRAMMAR}."
            )
    return text


def _check_shortest(tag: str) -> None:
    if len(tag) > TAG_MAX_LENGTH:
        raise InvalidTemplate(
            f"The template makes tags of {len(tag)} characters or more; "
            f"a tag has at most {TAG_MAX_LENGTH}."
        )
    if not is_tag(tag):
        raise InvalidTemplate(f"No tag starts with {quoted(tag[0])}: {TAG_GRAMMAR}.")


def _value(part: str, context: TemplateContext, now: datetime) -> str:
    if part[0] != "%":
        return part
    if part in _TIME:
        return _TIME[part](now)
    if part in _IMAGE:
        return _IMAGE[part](context)
    return _group(part, context.groups)


def _group(part: str, groups: Sequence[str]) -> str:
    number = int(part[2:-1])
    if number > len(groups):
        raise InvalidTemplate(
            f'{part} asks for group {number}, but the "matches" rules on the tag '
            f"capture {len(groups)}."
        )
    return groups[number - 1]


def _zone_name(now: datetime) -> str:
    """Nameless zones such as "+0545" or "-03" become "UTC0545" and "UTC-03"."""
    name = now.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name.removeprefix('+')}"


def _monday_week(now: datetime) -> int:
    """Count weeks as strftime's %W: days before the first Monday are in week 0."""
    return (now.timetuple().tm_yday + 6 - now.weekday()) // 7


_TIME: Mapping[str, Callable[[datetime], str]] = {
    "%A": lambda now: _DAYS[now.weekday()],
    "%a": lambda now: _DAYS[now.weekday()][:3],
    "%w": lambda now: str(now.isoweekday() % 7),
    "%d": lambda now: f"{now.day:02}",
    "%B": lambda now: _MONTHS[now.month - 1],
    "%b": lambda now: _MONTHS[now.month - 1][:3],
    "%m": lambda now: f"{now.month:02}",
    "%Y": lambda now: f"{now.year:04}",
    "%y": lambda now: f"{now.year % 100:02}",
    "%H": lambda now: f"{now.hour:02}",
    "%I": lambda now: f"{now.hour % 12 or 12:02}",
    "%p": lambda now: "AM" if now.hour < _NOON else "PM",
    "%M": lambda now: f"{now.minute:02}",
    "%S": lambda now: f"{now.second:02}",
    "%f": lambda now: f"{now.microsecond:06}",
    "%Z": _zone_name,
    "%j": lambda now: f"{now.timetuple().tm_yday:03}",
    "%W": lambda now: f"{_monday_week(now):02}",
}

_IMAGE: Mapping[str, Callable[[TemplateContext], str]] = {
    "%n": lambda context: context.tag,
    "%{digest}": lambda context: context.digest.partition(":")[2][:_DIGEST_LENGTH],
    "%{namespace}": lambda context: context.namespace,
    "%{repository}": lambda context: context.repository.replace("/", "-"),
}

_SHORTEST: Mapping[str, str] = {code.code: code.example for code in CODES} | {
    "%n": "a",
    "%A": "Friday",
    "%B": "May",
    "%{namespace}": "a",
    "%{repository}": "a",
    "%{1}": "a",
}
"""The shortest value of each code; a group, which may be empty, counts as one."""
