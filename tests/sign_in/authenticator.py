"""A security key in software: makes passkeys and signs with them (WebAuthn level 2)."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAG = AuthenticatorData.FLAG


class Authenticator:
    """One key for one account."""

    def __init__(self, origin: str = "http://localhost") -> None:
        self.origin = origin
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.user = ""
        self.counter = 0

    def create(self, options: dict[str, Any], *, alone: bool = True) -> str:
        """Return what the browser sends for a new passkey, as JSON."""
        self.user = options["user"]["id"]
        public = ES256.from_cryptography_key(self.private.public_key())
        made = AttestedCredentialData.create(bytes(16), self.id, public)
        data = self._data(options["rp"]["id"], FLAG.AT, made)
        client = self._client("webauthn.create", options)
        response = {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(
                AttestationObject.create("none", data, {})
            ),
        }
        return self._answer(response, {"credProps": {"rk": alone}})

    def get(self, options: dict[str, Any]) -> str:
        """Return what the browser sends to prove that the key is there, as JSON."""
        data = self._data(options["rpId"])
        client = self._client("webauthn.get", options)
        signed = bytes(data) + sha256(client).digest()
        signature = self.private.sign(signed, ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": self.user,
        }
        return self._answer(response, {})

    def _data(self, rp: str, more: int = 0, made: bytes = b"") -> Any:
        self.counter += 1
        flags = FLAG.UP | FLAG.UV | FLAG(more)
        hashed = sha256(rp.encode()).digest()
        return AuthenticatorData.create(hashed, flags, self.counter, made)

    def _client(self, kind: str, options: dict[str, Any]) -> Any:
        challenge = websafe_decode(options["challenge"])
        return CollectedClientData.create(kind, challenge, self.origin)

    def _answer(self, response: dict[str, Any], results: dict[str, Any]) -> str:
        name = websafe_encode(self.id)
        answer = {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": results,
        }
        return json.dumps(answer)
