"""The registry's protocols (OCI distribution and image, Docker token and notification).

No framework: the standard library, urllib3, PyJWT and cryptography.
"""

from __future__ import annotations

from repositories.registry.blobs import MountResult
from repositories.registry.client import RegistryClient
from repositories.registry.copy import CopyReport, Progress, copy_image
from repositories.registry.errors import RegistryError, error_envelope
from repositories.registry.manifest import (
    Descriptor,
    ImageIndex,
    ImageManifest,
    InvalidManifest,
    Platform,
    parse_manifest,
)
from repositories.registry.media_types import MANIFEST_TYPES, MediaType
from repositories.registry.notifications import (
    Event,
    MalformedNotification,
    parse_envelope,
)
from repositories.registry.reference import (
    Digest,
    InvalidReference,
    Reference,
    RepositoryName,
    TagName,
)
from repositories.registry.session import Meter, TokenSource
from repositories.registry.token import (
    Action,
    InvalidScope,
    ResourceScope,
    SignedToken,
    TokenSigner,
    generate_key_and_certificate,
    parse_scopes,
)

__all__ = [
    "MANIFEST_TYPES",
    "Action",
    "CopyReport",
    "Descriptor",
    "Digest",
    "Event",
    "ImageIndex",
    "ImageManifest",
    "InvalidManifest",
    "InvalidReference",
    "InvalidScope",
    "MalformedNotification",
    "MediaType",
    "Meter",
    "MountResult",
    "Platform",
    "Progress",
    "Reference",
    "RegistryClient",
    "RegistryError",
    "RepositoryName",
    "ResourceScope",
    "SignedToken",
    "TagName",
    "TokenSigner",
    "TokenSource",
    "copy_image",
    "error_envelope",
    "generate_key_and_certificate",
    "parse_envelope",
    "parse_manifest",
    "parse_scopes",
]
