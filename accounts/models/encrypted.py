"""Secrets that have to be sent again, and so cannot be hashed."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models
from typing_extensions import override

PURPOSE = b"msr secrets at rest"


class EncryptedTextField(models.TextField[str, str]):
    """A text that is encrypted in the database, with a key made from SECRET_KEY.

    What a former key (SECRET_KEY_FALLBACKS) encrypted can still be read. It cannot be
    searched for. When its key is lost it reads as empty: somebody has to set it anew.
    """

    @override
    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return encrypt(text) if text else text

    def from_db_value(self, value: str | None, *_args: Any) -> str | None:
        """Decrypt what the database holds."""
        if not value:
            return value
        return decrypt(value)


def encrypt(text: str) -> str:
    """Return the text encrypted with a key made from SECRET_KEY."""
    return _cipher(*_keys()).encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """Return the text again; empty when the key it was encrypted with is lost."""
    try:
        return _cipher(*_keys()).decrypt(encrypted.encode()).decode()
    except InvalidToken:
        return ""


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _cipher(*keys: str) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return urlsafe_b64encode(derivation.derive(key.encode()))
