"""Read the signatures that a manifest carries, and keep them as they are.

Whose they are is asked when a rule wants to know: keys come and go.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repositories.models import ImageSignature
from repositories.registry import RegistryError
from repositories.registry.simple_signing import (
    MAX_PAYLOAD_BYTES,
    InvalidPayload,
    SignatureLayer,
    signature_layers,
    signed_digest,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repositories.models import Manifest
    from repositories.registry import (
        Digest,
        ImageIndex,
        ImageManifest,
        RegistryClient,
        RepositoryName,
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A signature, and the digest that its payload says is signed."""

    subject: Digest
    payload: bytes
    signature: bytes


def read(
    client: RegistryClient, name: RepositoryName, manifest: ImageManifest | ImageIndex
) -> list[Found]:
    """Fetch the payloads of a signature manifest; images have none.

    What cannot be read is no signature. Raises RegistryError when the registry fails
    for a while; call it while no transaction is open.
    """
    found = [_read(client, name, layer) for layer in signature_layers(manifest)]
    return [one for one in found if one is not None]


def _read(
    client: RegistryClient, name: RepositoryName, layer: SignatureLayer
) -> Found | None:
    try:
        payload = client.get_blob(name, layer.digest, MAX_PAYLOAD_BYTES)
        return Found(signed_digest(payload), payload, layer.signature)
    except InvalidPayload:
        return None
    except RegistryError as error:
        if error.temporary:
            raise
        return None


def keep(*, manifest: Manifest, found: Iterable[Found]) -> None:
    """Write down what `read` found in the manifest; repeatable."""
    rows = [
        ImageSignature(
            manifest=manifest,
            subject_digest=str(one.subject),
            payload=one.payload,
            payload_sha256=hashlib.sha256(one.payload).hexdigest(),
            signature=one.signature,
            signature_sha256=hashlib.sha256(one.signature).hexdigest(),
        )
        for one in found
    ]
    ImageSignature.objects.bulk_create(rows, ignore_conflicts=True)
