"""Names by the registry's own grammar, and keys that can be used."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.validators import validate_not_reserved
from repositories.registry import InvalidReference, RepositoryName, TagName
from repositories.registry.simple_signing import InvalidKey, read_public_key


def validate_repository_name(value: str) -> None:
    """Refuse what cannot stand behind the namespace; slashes are allowed."""
    try:
        RepositoryName.parse(f"n/{value}")
    except InvalidReference as error:
        raise ValidationError(str(error), code="invalid_name") from error
    for component in value.split("/"):
        validate_not_reserved(component)


def validate_full_name(namespace: str, name: str) -> None:
    """Refuse a namespace and name that together are longer than the registry takes."""
    try:
        RepositoryName.of(namespace, name)
    except InvalidReference as error:
        raise ValidationError({"name": str(error)}, code="invalid_name") from error


def validate_tag_name(value: str) -> None:
    """Refuse what the OCI distribution specification does not allow as a tag."""
    try:
        TagName.parse(value)
    except InvalidReference as error:
        raise ValidationError(str(error), code="invalid_tag") from error


def validate_public_key(value: str) -> None:
    """Refuse what is no public key that signatures can be verified with."""
    try:
        read_public_key(value)
    except InvalidKey as error:
        raise ValidationError(str(error), code="invalid_key") from error
