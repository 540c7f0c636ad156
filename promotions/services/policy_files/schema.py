"""The format of a file, as a JSON Schema made of what the rule engine knows.

Editors complete by it, and `shape` checks by it: it cannot disagree with either.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from promotions.models import PolicyVersion
from promotions.rules import Field, Result
from promotions.rules.repository_pattern import PATTERN_MAX_LENGTH
from promotions.rules.rule import (
    MAX_ALTERNATIVES,
    MAX_RULES,
    MAX_VALUE_LENGTH,
    MAX_VALUES,
    MIN_ALTERNATIVES,
)
from promotions.services.policy_files.example_schema import GIVEN
from promotions.validators import KEY_MAX_LENGTH, KEY_PATTERN

if TYPE_CHECKING:
    from django.db import models

DIALECT = "https://json-schema.org/draft/2020-12/schema"
VERSION = 1
MAX_NAMESPACES = 100
MAX_POLICIES = 500
MAX_TESTS = 50  # of one policy
MAX_ALL_TESTS = 500

Schema = dict[str, Any]


@cache
def file_schema() -> Schema:
    """Return the schema of a whole file."""
    return {
        "$schema": DIALECT,
        "title": "Promotion policies",
        "description": "Policies as code: which images go where, and on what terms.",
        **_object(
            {
                "version": {"const": VERSION, "description": "Of this format."},
                "name": _key("What managed policies are marked with as their owner."),
                "scope": _scope(),
                "policies": {
                    "type": "array",
                    "maxItems": MAX_POLICIES,
                    "items": {"$ref": "#/$defs/policy"},
                },
            },
            required=("version", "scope", "policies"),
        ),
        "$defs": {
            "policy": _policy(),
            "rule": _rule(),
            "criterion": _criterion(),
            "test": _test(),
        },
    }


def _object(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(required),
    }


def _scope() -> Schema:
    said = "Which policies the file is about; all others are left alone."
    namespaces = {
        "type": "array",
        "maxItems": MAX_NAMESPACES,
        "items": _text("The name of a namespace.", 100),
    }
    properties = {
        "namespaces": namespaces,
        "global": _flag("Also those of no namespace; for administrators."),
    }
    return {**_object(properties), "description": said}


def _policy() -> Schema:
    return _object(
        {
            "key": _key("Names the policy in its namespace, whatever else changes."),
            "sourceRepository": _text("The repository promoted from.", 300),
            "sourcePattern": _text(
                "Instead: many repositories, such as dev/** (* without slashes).",
                PATTERN_MAX_LENGTH,
            ),
            "global": _flag("The pattern is one of no namespace; for administrators."),
            "targetRepository": _text(
                "The repository promoted to; {namespace} and {repository} of the"
                " source may stand in it.",
                PATTERN_MAX_LENGTH,
            ),
            "tagTemplate": _text("The tag in the target, such as %n.", 255),
            "enabled": _flag("Whether it runs.", default=True),
            "propose": _flag(
                "Where you are no admin of the target: ask its admins to agree."
            ),
            "rules": _rules(),
            **_options(),
            "tests": {
                "type": "array",
                "maxItems": MAX_TESTS,
                "items": {"$ref": "#/$defs/test"},
            },
        },
        required=("key", "targetRepository", "tagTemplate"),
    )


def _options() -> Schema:
    """Return what a version chooses besides, as the model describes it."""
    evidence, version = PolicyVersion.Evidence, PolicyVersion
    return {
        "zone": _text("The time zone of the time codes in the tag.", 64),
        "onMovedTag": _choice(version.OnMovedTag, "on_moved_tag"),
        "onConflict": _choice(version.OnConflict, "on_conflict"),
        "unscored": _choice(evidence, "unscored"),
        "unlicensed": _choice(evidence, "unlicensed"),
        "allowUnscannable": _flag(_help("allow_unscannable")),
        "origins": {
            "type": "array",
            "maxItems": 20,
            "items": _text(_help("origins"), 100),
        },
        "exceptionsOf": _choice(version.Exceptions, "exceptions_of"),
        "allowPublicTarget": _flag(_help("allow_public_target")),
        "allowCycle": _flag(_help("allow_cycle")),
    }


def _rules() -> Schema:
    return {
        "type": "array",
        "maxItems": MAX_RULES,
        "description": "All must hold; without any, every tag matches.",
        "items": {"$ref": "#/$defs/criterion"},
    }


def _criterion() -> Schema:
    group = _object(
        {
            "any": {
                "type": "array",
                "minItems": MIN_ALTERNATIVES,
                "maxItems": MAX_ALTERNATIVES,
                "description": "One of these must hold.",
                "items": {"$ref": "#/$defs/rule"},
            }
        },
        required=("any",),
    )
    return {
        "type": "object",
        "if": {"required": ["any"]},
        "then": group,
        "else": {"$ref": "#/$defs/rule"},
    }


def _rule() -> Schema:
    """Return MSR's triple; each field has operators of its own."""
    values = {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_VALUES,
        "items": {"type": "string", "maxLength": MAX_VALUE_LENGTH},
        "description": "Texts, numbers too: put them in quotes.",
    }
    properties = {
        "field": {"enum": [field.value for field in Field]},
        "operator": {"type": "string"},
        "values": values,
    }
    rule = _object(properties, required=tuple(properties))
    return {**rule, "allOf": [_operators(field) for field in Field]}


def _operators(field: Field) -> Schema:
    named = {"properties": {"field": {"const": field.value}}, "required": ["field"]}
    fitting = [operator.value for operator in field.operators]
    values = {"description": field.hint, "examples": [[field.example]]}
    return {
        "if": named,
        "then": {"properties": {"operator": {"enum": fitting}, "values": values}},
    }


def _test() -> Schema:
    return _object(
        {
            "name": _text("What it shows.", 200),
            "given": {**_object(GIVEN, required=("tag",)), "description": "An image."},
            "expect": {
                "enum": [result.value for result in Result],
                "description": "What the policy says of it.",
            },
            "expectTag": _text("The tag it gets in the target, if matched.", 128),
        },
        required=("given", "expect"),
    )


def _text(said: str, longest: int) -> Schema:
    return {"type": "string", "maxLength": longest, "description": said}


def _key(said: str) -> Schema:
    # Python's "$" would let a line feed follow.
    pattern = f"^{KEY_PATTERN}(?!\\n)$"
    return {**_text(said, KEY_MAX_LENGTH), "pattern": pattern}


def _flag(said: str, *, default: bool = False) -> Schema:
    return {"type": "boolean", "default": default, "description": said}


def _choice(choices: type[models.TextChoices], field: str) -> Schema:
    said = "; ".join(f"{value}: {label}" for value, label in choices.choices)
    default = _column(field).get_default()
    return {"enum": list(choices.values), "default": default, "description": said}


def _help(field: str) -> str:
    return str(_column(field).help_text)


def _column(field: str) -> models.Field[Any, Any]:
    return cast("models.Field[Any, Any]", PolicyVersion._meta.get_field(field))
