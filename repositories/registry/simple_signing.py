"""Cosign's simple signing: signatures of images by a key, read and verified.

A signature manifest has one layer per signature. The layer is the payload, which names
the digest that is signed; its annotation holds the signature over the payload's bytes.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from repositories.registry import json_document
from repositories.registry.manifest import ImageManifest
from repositories.registry.reference import Digest, InvalidReference

if TYPE_CHECKING:
    from repositories.registry.manifest import ImageIndex

PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature"
STATEMENT_TYPE = "cosign container image signature"

MAX_SIGNATURES = 20  # of one manifest
MAX_PAYLOAD_BYTES = 64 * 1024
MAX_SIGNATURE_BYTES = 4096
MAX_KEY_LENGTH = 8192  # characters of PEM
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


class InvalidKey(ValueError):
    """A text is no public key that signatures are verified with; says what is."""


class InvalidPayload(ValueError):
    """Bytes are no statement that an image is signed; the message says why."""


@dataclass(frozen=True, slots=True)
class SignatureLayer:
    """Where a payload lies, and the signature over it."""

    digest: Digest
    signature: bytes


def read_public_key(pem: str) -> PublicKey:
    """Read a PEM public key: ECDSA on P-256 or P-384, RSA, or Ed25519.

    Raises InvalidKey for everything else, private keys included.
    """
    if len(pem) > MAX_KEY_LENGTH:
        raise InvalidKey(f"A public key has at most {MAX_KEY_LENGTH} characters.")
    try:
        key = serialization.load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidKey(
            "This is no public key in PEM; paste what cosign wrote to cosign.pub, "
            "from -----BEGIN PUBLIC KEY----- on."
        ) from error
    match key:
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1() | ec.SECP384R1()):
            return key
        case ed25519.Ed25519PublicKey():
            return key
        case rsa.RSAPublicKey() if MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            return key
    raise InvalidKey(
        "Use a key for ECDSA on P-256 or P-384, for Ed25519, or for RSA with "
        f"{MIN_RSA_BITS} to {MAX_RSA_BITS} bits."
    )


def as_pem(key: PublicKey) -> str:
    """Return the key in the one spelling that is stored."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def fingerprint(key: PublicKey) -> str:
    """Return the SHA-256 of the key in DER, in hexadecimal digits."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()


def signature_layers(manifest: ImageManifest | ImageIndex) -> list[SignatureLayer]:
    """Return the signatures that a manifest carries, the first MAX_SIGNATURES.

    Empty for images; layers that state too large a payload or no signature in base64
    are left out.
    """
    if not isinstance(manifest, ImageManifest):
        return []
    found = [
        SignatureLayer(layer.digest, signature)
        for layer in manifest.layers
        if layer.media_type == PAYLOAD_TYPE and layer.size <= MAX_PAYLOAD_BYTES
        if (signature := _decoded(layer.annotations.get(SIGNATURE_ANNOTATION, "")))
    ]
    return found[:MAX_SIGNATURES]


def signed_digest(payload: bytes) -> Digest:
    """Return the digest of the manifest that the payload is about.

    Raises InvalidPayload unless it is a statement of cosign's, read strictly: two
    readers must not find two digests in it.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise InvalidPayload(f"The payload is larger than {MAX_PAYLOAD_BYTES} bytes.")
    try:
        critical = _object(json_document.load_strict(payload), "critical")
        stated = _object(critical, "image").get("docker-manifest-digest")
        digest = Digest.parse(stated if isinstance(stated, str) else "")
    except (json_document.InvalidDocument, InvalidReference) as error:
        raise InvalidPayload(f"The payload cannot be read: {error}") from error
    if critical.get("type") != STATEMENT_TYPE:
        raise InvalidPayload(f"The payload is no {STATEMENT_TYPE}.")
    return digest


def is_signed_by(key: PublicKey, payload: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is the key's, over exactly these bytes.

    ECDSA and RSA (PKCS #1 v1.5) sign the SHA-256 of the payload, as cosign does.
    """
    try:
        _verify(key, payload, signature)
    except InvalidSignature:
        return False
    return True


def _verify(key: PublicKey, payload: bytes, signature: bytes) -> None:
    match key:
        case ec.EllipticCurvePublicKey():
            key.verify(signature, payload, ec.ECDSA(hashes.SHA256()))
        case rsa.RSAPublicKey():
            key.verify(signature, payload, padding.PKCS1v15(), hashes.SHA256())
        case ed25519.Ed25519PublicKey():
            key.verify(signature, payload)


def _decoded(text: str) -> bytes:
    """Return the bytes of a signature; none for what is no base64, or too long."""
    if len(text) > 2 * MAX_SIGNATURE_BYTES:
        return b""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return found if len(found) <= MAX_SIGNATURE_BYTES else b""


def _object(value: Any, key: str) -> dict[str, Any]:
    """Return the object below a key; raises InvalidPayload."""
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise InvalidPayload(f"The payload has no {key!r}.")
    return found
