"""Signatures as cosign makes them: keys, payloads and the manifests that carry them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from repositories.registry import Digest, MediaType, simple_signing

if TYPE_CHECKING:
    from collections.abc import Callable

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

MAKERS: dict[str, Callable[[], PrivateKey]] = {
    "ECDSA P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ECDSA P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


@dataclass(frozen=True)
class Signature:
    """A payload and the signature over it."""

    payload: bytes
    signature: bytes


def new_key() -> PrivateKey:
    """A key as `cosign generate-key-pair` makes it."""
    return MAKERS["ECDSA P-256"]()


def pem_of(key: PrivateKey) -> str:
    """What stands in cosign.pub."""
    return simple_signing.as_pem(key.public_key())


def payload_of(digest: object, **changes: Any) -> bytes:
    """What `cosign sign` states about the image; `changes` replace what is critical."""
    critical = {
        "identity": {"docker-reference": "registry.example/dev/website"},
        "image": {"docker-manifest-digest": str(digest)},
        "type": simple_signing.STATEMENT_TYPE,
        **changes,
    }
    return json.dumps({"critical": critical, "optional": None}).encode()


def signed(key: PrivateKey, payload: bytes) -> bytes:
    """The signature over the payload, as cosign computes it."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(payload, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(payload, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(payload)


def sign(key: PrivateKey, digest: object) -> Signature:
    """Sign an image by its digest."""
    payload = payload_of(digest)
    return Signature(payload, signed(key, payload))


def layer_of(one: Signature) -> dict[str, Any]:
    """The descriptor of the payload, with the signature in its annotation."""
    text = base64.b64encode(one.signature).decode()
    return {
        "mediaType": simple_signing.PAYLOAD_TYPE,
        "digest": str(Digest.of(one.payload)),
        "size": len(one.payload),
        "annotations": {simple_signing.SIGNATURE_ANNOTATION: text},
    }


def manifest_of(*signatures: Signature, **fields: Any) -> dict[str, Any]:
    """The manifest that `cosign sign` pushes; with a `subject`, as OCI 1.1 has it."""
    config = b"{}"
    return {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_MANIFEST,
        "config": {
            "mediaType": MediaType.OCI_CONFIG,
            "digest": str(Digest.of(config)),
            "size": len(config),
        },
        "layers": [layer_of(one) for one in signatures],
        **fields,
    }


def tag_of(digest: object) -> str:
    """The tag under which cosign keeps the signatures of an image."""
    return f"{str(digest).replace(':', '-')}.sig"
