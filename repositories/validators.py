"""Names by the registry's own grammar, and keys that can be used."""

from __future__ import annotations

from cryptography import x509
from django.core.exceptions import ValidationError

from accounts.validators import validate_not_reserved
from repositories.registry import InvalidReference, RepositoryName, TagName
from repositories.registry.simple_signing import InvalidKey, read_public_key

MAX_NAMES = 20
MAX_DESCRIPTION = 20_000  # characters that pages read as Markdown


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


def validate_names(value: object) -> None:
    """Refuse what is no list of up to twenty different names."""
    names = value if isinstance(value, list) else [None]
    if not all(isinstance(name, str) and name for name in names):
        message = 'Give a list of names, such as ["trivy", "built-in"].'
        raise ValidationError(message, code="invalid_names")
    if len(names) > MAX_NAMES or len(set(names)) < len(names):
        message = f"Give up to {MAX_NAMES} names, each once."
        raise ValidationError(message, code="invalid_names")


def validate_public_key(value: str) -> None:
    """Refuse what is no public key that signatures can be verified with."""
    try:
        read_public_key(value)
    except InvalidKey as error:
        raise ValidationError(str(error), code="invalid_key") from error


def validate_certificate(pem: str) -> None:
    """Refuse what is no certificate of an authority; an empty text is none at all."""
    try:
        if pem:
            x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        message = "This is no certificate in PEM (-----BEGIN CERTIFICATE-----)."
        raise ValidationError(message, code="invalid_certificate") from error
