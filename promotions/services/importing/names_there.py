"""Which names of another registry can be names here, and be asked for by address."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.validators import validate_name
from repositories.validators import validate_full_name, validate_repository_name


def is_account(name: str) -> bool:
    """Tell whether a person or an organization can be called so."""
    try:
        validate_name(name)
    except ValidationError:
        return False
    return True


def is_repository(full_name: str) -> bool:
    """Tell whether a repository can be called so."""
    namespace, _, name = full_name.partition("/")
    try:
        validate_name(namespace)
        validate_repository_name(name)
        validate_full_name(namespace, name)
    except ValidationError:
        return False
    return True
