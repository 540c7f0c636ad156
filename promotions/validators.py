"""Rules, templates and zones, checked by the rule engine's own value objects."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError

from promotions.rules import (
    InvalidRule,
    InvalidTemplate,
    TagTemplate,
    load_zone,
    parse_rules,
)
from promotions.rules.repository_pattern import (
    InvalidPattern,
    RepositoryPattern,
    TargetPattern,
)

KEY_MAX_LENGTH = 100
KEY_PATTERN = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*"


def validate_key(value: str) -> None:
    """Refuse what files cannot name a policy, or themselves, by."""
    if len(value) > KEY_MAX_LENGTH or not re.fullmatch(KEY_PATTERN, value):
        message = (
            "A key is made of lower-case letters and digits, separated by dots,"
            f" underscores or dashes, and has at most {KEY_MAX_LENGTH} characters."
        )
        raise ValidationError(message, code="invalid_key")


def validate_rules(value: list[dict[str, Any]]) -> None:
    """Refuse rules that cannot be read, cannot ever hold, or contradict each other."""
    try:
        parse_rules(value)
    except InvalidRule as error:
        raise ValidationError(str(error), code="invalid_rule") from error


def validate_tag_template(value: str) -> None:
    """Refuse templates with unknown codes or that cannot make a legal tag."""
    try:
        TagTemplate.parse(value)
    except InvalidTemplate as error:
        raise ValidationError(str(error), code="invalid_template") from error


def validate_zone(value: str) -> None:
    """Refuse names that the time zone database does not know."""
    try:
        load_zone(value)
    except InvalidTemplate as error:
        message = f"“{value}” is no time zone; write one such as UTC or Europe/Berlin."
        raise ValidationError(message, code="invalid_zone") from error


def validate_source_pattern(value: str) -> None:
    """Refuse patterns that no repository's full name can meet."""
    try:
        RepositoryPattern.parse(value)
    except InvalidPattern as error:
        raise ValidationError(str(error), code="invalid_pattern") from error


def validate_target_pattern(value: str) -> None:
    """Refuse target patterns with unknown placeholders, or that make no name."""
    try:
        TargetPattern.parse(value)
    except InvalidPattern as error:
        raise ValidationError(str(error), code="invalid_pattern") from error
