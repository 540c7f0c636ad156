"""What of a file disagrees with the schema, in sentences for who wrote it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from promotions.rules.text_operators import quoted
from promotions.services.policy_files.schema import file_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from promotions.services.policy_files.problems import Problem
    from promotions.services.policy_files.reading import Document, Path

_KINDS = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
}


def mistakes(document: Document) -> list[Problem]:
    """Return all that the schema refuses, in the order of the file."""
    found = dict.fromkeys(
        document.problem(path, sentence)
        for error in _validator().iter_errors(document.value)
        for path, sentence in _told(error)
    )
    return sorted(found, key=lambda one: (one.line, one.column))


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(file_schema())


def _told(error: Any) -> Iterator[tuple[Path, str]]:
    path: Path = tuple(error.absolute_path)
    tell = _TELL.get(error.validator)
    if error.validator == "additionalProperties":
        yield from _unknown(path, error)
    elif error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield path, f"The key {name} is missing here."
    else:
        yield path, tell(error) if tell else "This is not as the format has it."


def _unknown(path: Path, error: Any) -> Iterator[tuple[Path, str]]:
    known = error.schema.get("properties", {})
    for name in error.instance:
        if name not in known:
            sentence = f"There is no key {quoted(name)} here; there are: "
            yield (*path, name), f"{sentence}{', '.join(known)}."


def _kind(error: Any) -> str:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    sentence = f"This has to be {' or '.join(_KINDS[name] for name in names)}."
    is_plain = isinstance(error.instance, bool | int | float) or error.instance is None
    return (
        f"{sentence} Put it in quotes." if "string" in names and is_plain else sentence
    )


_TELL: dict[str, Callable[[Any], str]] = {
    "type": _kind,
    "enum": lambda error: (
        f"This has to be one of: {', '.join(map(str, error.validator_value))}."
    ),
    "const": lambda error: f"This has to be {error.validator_value}.",
    "pattern": lambda _error: (
        "This has to be lower-case letters and digits, separated"
        " by dots, underscores or dashes."
    ),
    "maxLength": lambda error: f"At most {error.validator_value} characters.",
    "minItems": lambda error: f"At least {error.validator_value} of these.",
    "maxItems": lambda error: f"At most {error.validator_value} of these.",
    "maxProperties": lambda error: f"At most {error.validator_value} of these.",
    "minimum": lambda error: f"At least {error.validator_value}.",
    "maximum": lambda error: f"At most {error.validator_value}.",
}
