"""Validation of names, shared by models, forms and the API."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

from accounts.access import IMPORTER

# A path component of the OCI distribution specification's repository name; `\Z` is the
# end in Python and PostgreSQL alike, where `$` lets a line's end through on SQLite.
NAME_PATTERN = r"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*\Z"
MAX_NAME_LENGTH = 64
ROBOT_MARK = "+"  # between the namespace and the name of a robot; in no other name

# Words that stand behind a repository in an address of the API or the portal.
RESERVED_WORDS = frozenset(
    {
        "_catalog",
        "blobs",
        "events",
        "manifests",
        "mirroringpolicies",
        "new",
        "permissions",
        "pollmirroringpolicies",
        "promotionpolicies",
        "promotions",
        "pruningpolicies",
        "pushmirroringpolicies",
        "referrers",
        "repositories",
        "scan",
        "scans",
        "settings",
        "tags",
        "teamaccess",
        "v2",
        "vulnerabilityexceptions",
        "webhooks",
    },
)


def validate_name(value: str) -> None:
    """Refuse what cannot be a path component of a repository name, with a sentence."""
    if not re.fullmatch(NAME_PATTERN, value):
        message = (
            f"“{value}” cannot be a name: use lower-case letters and digits,"
            " separated by single dots, underscores or dashes."
        )
        raise ValidationError(message, code="invalid_name")
    if len(value) > MAX_NAME_LENGTH:
        message = f"A name has at most {MAX_NAME_LENGTH} characters."
        raise ValidationError(message, code="name_too_long")
    validate_not_reserved(value)
    if value == IMPORTER:
        message = f"“{value}” is the name of whoever copies images from elsewhere."
        raise ValidationError(message, code="reserved_name")


def validate_not_reserved(value: str) -> None:
    """Refuse the words that addresses of the API and the portal use."""
    if value.replace("-", "").replace("_", "") in RESERVED_WORDS:
        message = f"“{value}” is a word of the API and cannot be a name."
        raise ValidationError(message, code="reserved_name")
