"""Second factors: their secrets at rest, their names and their texts."""

from __future__ import annotations

import secrets
from base64 import b32encode
from typing import TYPE_CHECKING

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from typing_extensions import override

from accounts.models.encrypted import decrypt, encrypt

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


class SecondFactorAdapter(DefaultMFAAdapter):
    """TOTP secrets and recovery codes are encrypted with a key made from SECRET_KEY."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": (
            "That code is not right. Codes change every 30 seconds, and each recovery"
            " code works once."
        ),
    }

    @override
    def encrypt(self, text: str) -> str:
        return encrypt(text)

    @override
    def decrypt(self, encrypted_text: str) -> str:
        # With its key lost, a secret reads as empty, and codes made from that would be
        # everybody's: no code is right until the person sets the factor up anew.
        return decrypt(encrypted_text) or b32encode(secrets.token_bytes(20)).decode()

    @override
    def get_totp_issuer(self) -> str:
        return f"msr {self._get_site_name()}"

    @override
    def _get_user_identifier(self, user: AbstractBaseUser) -> str:
        return user.get_username()

    @override
    def generate_authenticator_name(
        self, user: AbstractBaseUser, type: Authenticator.Type
    ) -> str:
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Passkey {count + 1}"
