"""From the values of a file to its policies; whatever is wrong is said with its place.

Nothing here looks into the database: what exists, and who may, is asked in planning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promotions.rules import InvalidRule, InvalidTemplate, Result, TagTemplate
from promotions.rules import parse_rules as parsed_rules
from promotions.rules.repository_pattern import (
    InvalidPattern,
    RepositoryPattern,
    TargetPattern,
)
from promotions.rules.text_operators import quoted
from promotions.services.policy_files.checking import mistakes
from promotions.services.policy_files.problems import InvalidFile, Problem
from promotions.services.policy_files.reading import read
from promotions.services.policy_files.schema import MAX_ALL_TESTS
from promotions.services.policy_files.shape import (
    DEFAULT_NAME,
    FIELDS,
    Entry,
    Example,
    PolicyFile,
    Scope,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promotions.services.policy_files.reading import Path
    from promotions.services.policy_files.shape import Identity

    Wrong = Iterator[tuple[Path, str]]


def parse(content: bytes | str) -> PolicyFile:
    """Read a file of policies; raises InvalidFile with all that is wrong in it."""
    document = read(content)
    _refuse(mistakes(document))
    value = document.value
    scope = _scope(value["scope"])
    entries = tuple(
        _entry(policy, ("policies", number))
        for number, policy in enumerate(value["policies"])
    )
    wrong = [
        *_empty(scope),
        *_both(value["policies"]),
        *_too_many(entries),
        *_all_wrong(entries, scope),
    ]
    _refuse(document.problem(path, sentence) for path, sentence in wrong)
    return PolicyFile(value.get("name", DEFAULT_NAME), scope, entries, document)


def _refuse(problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise InvalidFile(found)


def _scope(value: dict[str, Any]) -> Scope:
    names = dict.fromkeys(value.get("namespaces", ()))
    return Scope(tuple(sorted(names)), value.get("global", False))


def _entry(value: dict[str, Any], path: Path) -> Entry:
    is_pattern = "sourcePattern" in value
    return Entry(
        key=value["key"],
        source=value.get("sourcePattern", value.get("sourceRepository", "")),
        is_pattern=is_pattern,
        is_global=value.get("global", False),
        target=value["targetRepository"],
        enabled=value.get("enabled", True),
        propose=value.get("propose", False),
        content={FIELDS[name]: value[name] for name in FIELDS if name in value},
        examples=tuple(
            _example(test, (*path, "tests", number))
            for number, test in enumerate(value.get("tests", ()))
        ),
        path=path,
    )


def _example(value: dict[str, Any], path: Path) -> Example:
    return Example(
        name=value.get("name", ""),
        given=value["given"],
        expect=Result(value["expect"]),
        expect_tag=value.get("expectTag", ""),
        path=path,
    )


def _empty(scope: Scope) -> Wrong:
    if not scope.namespaces and not scope.is_global:
        sentence = "The scope names no namespace, and is not global: it is empty."
        yield ("scope",), sentence


def _too_many(entries: tuple[Entry, ...]) -> Wrong:
    if sum(len(entry.examples) for entry in entries) > MAX_ALL_TESTS:
        yield ("policies",), f"A file has at most {MAX_ALL_TESTS} tests."


def _both(policies: list[dict[str, Any]]) -> Wrong:
    for number, policy in enumerate(policies):
        if {"sourceRepository", "sourcePattern"} <= policy.keys():
            sentence = "Write sourceRepository or sourcePattern, not both."
            yield ("policies", number, "sourcePattern"), sentence


def _all_wrong(entries: Iterable[Entry], scope: Scope) -> Wrong:
    seen: set[Identity] = set()
    for entry in entries:
        if entry.identity in seen:
            sentence = f"Another policy of the namespace has the key {entry.key}."
            yield (*entry.path, "key"), sentence
        seen.add(entry.identity)
        yield from _wrong_source(entry, scope)
        yield from _wrong_content(entry)


def _wrong_source(entry: Entry, scope: Scope) -> Wrong:
    name = "sourcePattern" if entry.is_pattern else "sourceRepository"
    path = (*entry.path, name)
    if not entry.source:
        yield entry.path, "A policy has a sourceRepository or a sourcePattern."
        return
    try:
        pattern = RepositoryPattern.parse(entry.source)
    except InvalidPattern as error:
        yield path, str(error)
        return
    if not entry.is_pattern and not pattern.names_repository:
        yield path, "This is a pattern: write it as sourcePattern."
    elif entry.is_global:
        yield from _wrong_global(entry, scope, path)
    elif not pattern.names_namespace:
        yield (
            path,
            (
                "The pattern reaches into other namespaces: begin it with one name, or"
                " write “global: true” beside it."
            ),
        )
    elif pattern.namespace not in scope.namespaces:
        sentence = f"The namespace {quoted(pattern.namespace)} is not in the scope."
        yield path, sentence


def _wrong_global(entry: Entry, scope: Scope, path: Path) -> Wrong:
    if not entry.is_pattern:
        yield path, "A global policy has a sourcePattern."
    if not scope.is_global:
        yield (*entry.path, "global"), "The scope of the file is not global."


def _wrong_content(entry: Entry) -> Wrong:
    """Return what is wrong whatever exists; a version is checked wholly on saving."""
    try:
        parsed_rules(entry.content.get("rules", []))
    except InvalidRule as error:
        rule = (error.numbers[0] - 1,) if error.numbers else ()
        yield (*entry.path, "rules", *rule), str(error)
    try:
        TagTemplate.parse(entry.content["tag_template"])
    except InvalidTemplate as error:
        yield (*entry.path, "tagTemplate"), str(error)
    try:
        TargetPattern.parse(entry.target)
    except InvalidPattern as error:
        yield (*entry.path, "targetRepository"), str(error)
