"""Patterns over the names of repositories, and targets made from a source's name.

In a pattern, `*` stands for any characters but a slash, and `**` for slashes too;
nothing else is special. Names are those of the OCI distribution specification, with a
namespace before the first slash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from string import ascii_lowercase, digits
from typing import Any, Self

import re2
from typing_extensions import override

from promotions.rules.automaton import Automaton, Edge, any_of, literal, share_a_text
from promotions.rules.text_operators import compile_pattern, quoted

PATTERN_MAX_LENGTH = 300
MAX_WILDCARDS = 8
NAME_MAX_LENGTH = 255
_GRAMMAR = (
    "a name is a namespace and one or more parts between slashes, each of lower-case "
    "letters and digits, separated by one dot, one or two underscores, or dashes"
)

NAMESPACE = "{namespace}"
REPOSITORY = "{repository}"

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})+")
_BRACED = re.compile(r"\{[^{}]*\}")
_WILDCARD = re.compile(r"\*\*?")
_WILD_OR_PLAIN = re.compile(r"\*\*?|[^*]+")
_ANY_EXPRESSION = {"*": "[^/]*", "**": ".*"}

_ALPHANUMERIC = frozenset(ascii_lowercase + digits)
_SEGMENT = _ALPHANUMERIC | frozenset("._-")
_ANY_PIECES = {"*": any_of(_SEGMENT), "**": any_of(_SEGMENT | {"/"})}

_SEPARATORS = (
    Edge(frozenset("/"), 0),
    Edge(frozenset("."), 2),
    Edge(frozenset("_"), 3),
    Edge(frozenset("-"), 5),
)
_LEGAL = Automaton(
    edges=(
        (Edge(_ALPHANUMERIC, 1),),  # a part begins
        (Edge(_ALPHANUMERIC, 1), *_SEPARATORS),  # within a word
        (Edge(_ALPHANUMERIC, 1),),  # after a dot
        (Edge(_ALPHANUMERIC, 1), Edge(frozenset("_"), 4)),  # after an underscore
        (Edge(_ALPHANUMERIC, 1),),  # after two underscores
        (Edge(_ALPHANUMERIC, 1), Edge(frozenset("-"), 5)),  # after dashes
    ),
    accepting=frozenset({1}),
)


class InvalidPattern(ValueError):
    """A pattern that names no repository; the message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class RepositoryPattern:
    """The repositories whose full names look like `text`; made by `parse`.

    A plain name is the pattern of that one repository.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a pattern; raises `InvalidPattern` if no repository can match it."""
        _check_text(text, "pattern")
        if "**" in text.partition("/")[0]:
            raise InvalidPattern(
                f"The pattern {quoted(text)} begins with **: write * for any "
                "namespace, and ** behind it only."
            )
        if len(_WILDCARD.findall(text)) > MAX_WILDCARDS:
            raise InvalidPattern(f"A pattern has at most {MAX_WILDCARDS} wildcards.")
        if not _is_possible(text):
            raise InvalidPattern(f"No repository matches {quoted(text)}: {_GRAMMAR}.")
        return cls(text)

    @property
    def namespace(self) -> str:
        """The part before the first slash, which may hold `*`."""
        return self.text.partition("/")[0]

    @property
    def names_namespace(self) -> bool:
        """Whether the pattern lies in one namespace, which it names."""
        return "*" not in self.namespace

    @property
    def names_repository(self) -> bool:
        """Whether the pattern is the plain name of one repository."""
        return "*" not in self.text

    def matches(self, full_name: str) -> bool:
        """Tell whether the repository of this legal name belongs to the pattern."""
        return _matcher(self.text).fullmatch(full_name) is not None

    def admits(self, namespace: str, *, is_personal: bool) -> bool:
        """Tell whether repositories of the namespace may match.

        A user's own namespace belongs only to patterns that name it.
        """
        if is_personal or self.names_namespace:
            return self.namespace == namespace
        return _matcher(self.namespace).fullmatch(namespace) is not None

    def covers(self, full_name: str, *, is_personal: bool) -> bool:
        """Tell whether the repository belongs to it, as `matches` and `admits` say."""
        namespace = full_name.partition("/")[0]
        admitted = self.admits(namespace, is_personal=is_personal)
        return admitted and self.matches(full_name)

    def overlaps(self, other: RepositoryPattern) -> bool:
        """Tell whether a legal name matches both."""
        both = _automaton(self.text), _automaton(other.text)
        return share_a_text(*both, _LEGAL, limit=NAME_MAX_LENGTH)

    @override
    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class TargetPattern:
    """The name a target is given; made by `parse`.

    `{namespace}` stands for the namespace of the source, and `{repository}` for the
    rest of its name, slashes included.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a target; raises `InvalidPattern` if it can never name a repository."""
        _check_text(text, "target")
        for placeholder in _BRACED.findall(text):
            if placeholder not in {NAMESPACE, REPOSITORY}:
                raise InvalidPattern(
                    f"A target has no {quoted(placeholder)}; it knows "
                    f"{NAMESPACE} and {REPOSITORY}."
                )
        target = cls(text)
        if "*" in text or not _is_possible(target.as_repository_pattern().text):
            raise InvalidPattern(f"No repository is named {quoted(text)}: {_GRAMMAR}.")
        if REPOSITORY in target.namespace_part:
            raise InvalidPattern(
                f"The target {quoted(text)} has {REPOSITORY} in its namespace: before "
                f"the first slash stands a name, or one made from {NAMESPACE}."
            )
        return target

    @property
    def namespace_part(self) -> str:
        """The part before the first slash, which may hold `{namespace}`."""
        return self.text.partition("/")[0]

    @property
    def uses_namespace(self) -> bool:
        """Whether the source's namespace is part of the name."""
        return NAMESPACE in self.text

    @property
    def names_repository(self) -> bool:
        """Whether the target is the same for every source."""
        return "{" not in self.text

    def render(self, *, namespace: str, repository: str) -> str:
        """Return the full name of the target; raises `InvalidPattern` if not legal."""
        name = self._filled(namespace, repository)
        if len(name) > NAME_MAX_LENGTH or not _NAME.fullmatch(name):
            raise InvalidPattern(
                f"The target {quoted(self.text)} makes {quoted(name)}, "
                f"which names no repository: {_GRAMMAR}."
            )
        return name

    def as_repository_pattern(
        self, source: RepositoryPattern | None = None
    ) -> RepositoryPattern:
        """Return a pattern that all the targets match.

        `source` are the repositories promoted from; None means that they may be any.
        """
        namespace, _, name = (source.text if source else "*/**").partition("/")
        return RepositoryPattern(self._filled(namespace, name))

    def _filled(self, namespace: str, repository: str) -> str:
        values = {NAMESPACE: namespace, REPOSITORY: repository}
        return _BRACED.sub(lambda match: values[match[0]], self.text)

    @override
    def __str__(self) -> str:
        return self.text


def _check_text(text: str, noun: str) -> None:
    if len(text) > PATTERN_MAX_LENGTH:
        raise InvalidPattern(
            f"A {noun} has at most {PATTERN_MAX_LENGTH} characters, not {len(text)}."
        )
    if "/" not in text:
        raise InvalidPattern(
            f"The {noun} {quoted(text)} lacks a slash: a namespace, a slash and a name "
            "are needed."
        )


@lru_cache(maxsize=4096)
def _matcher(pattern: str) -> Any:
    tokens = _WILD_OR_PLAIN.findall(pattern)
    return compile_pattern(
        "".join(_ANY_EXPRESSION.get(token) or re2.escape(token) for token in tokens)
    )


@lru_cache(maxsize=4096)
def _automaton(pattern: str) -> Automaton:
    tokens = _WILD_OR_PLAIN.findall(pattern)
    pieces = (_ANY_PIECES.get(token) or literal(token) for token in tokens)
    return Automaton.of(tuple(chain.from_iterable(pieces)))


@lru_cache(maxsize=4096)
def _is_possible(pattern: str) -> bool:
    """Tell whether some legal name matches."""
    return share_a_text(_automaton(pattern), _LEGAL, limit=NAME_MAX_LENGTH)
