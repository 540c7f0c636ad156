"""Manifests read from their raw bytes, strictly: one digest has one meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from repositories.registry import json_document
from repositories.registry.media_types import MediaType, known_media_type
from repositories.registry.reference import Digest, InvalidReference

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
MAX_LAYERS = 4096
MAX_CHILDREN = 1024  # manifests of one index
MAX_SIZE = 2**63 - 1  # bytes of one blob: what a bigint column holds

_TOP_LEVEL_KEYS = (
    "schemaVersion mediaType artifactType config layers manifests subject annotations "
    "fsLayers blobs"
)
_DESCRIPTOR_KEYS = "mediaType digest size urls annotations platform artifactType data"
SCHEMA_VERSION = 2  # the only one since Docker's schema 1


class InvalidManifest(ValueError):
    """A manifest is refused; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on; fields not given are ""."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    os_version: str = ""

    @override
    def __str__(self) -> str:
        parts = (self.os, self.architecture, self.variant)
        return "/".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A pointer to content: its type, digest and size in bytes."""

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    urls: tuple[str, ...] = ()
    artifact_type: str = ""

    @property
    def is_attestation(self) -> bool:
        """True for a child that describes another (BuildKit's unknown/unknown)."""
        if self.annotations.get("vnd.docker.reference.type") == "attestation-manifest":
            return True
        unknown = Platform(os="unknown", architecture="unknown")
        return self.platform is not None and self.platform == unknown

    @property
    def is_foreign(self) -> bool:
        """True for a layer that lies at other addresses, not in the registry."""
        media_type = known_media_type(self.media_type)
        return (
            bool(self.urls) and media_type is not None and media_type.is_foreign_layer
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manifest:
    digest: Digest
    media_type: MediaType
    raw: bytes = field(repr=False)
    subject: Descriptor | None
    artifact_type: str
    annotations: Mapping[str, str] = field(hash=False)

    @property
    def size(self) -> int:
        """Bytes of the manifest itself."""
        return len(self.raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageManifest(_Manifest):
    """An image of one platform, or an artifact, which may have no layers."""

    config: Descriptor
    layers: tuple[Descriptor, ...]

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers the registry must hold, each digest once."""
        held = (blob for blob in (self.config, *self.layers) if not blob.is_foreign)
        return tuple({blob.digest: blob for blob in held}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageIndex(_Manifest):
    """A list of manifests, usually one per platform."""

    manifests: tuple[Descriptor, ...]


def parse_manifest(raw: bytes, content_type: str) -> ImageManifest | ImageIndex:
    """Read a manifest of the given Content-Type; raises InvalidManifest."""
    if len(raw) > MAX_MANIFEST_BYTES:
        raise InvalidManifest(
            f"The manifest is larger than {MAX_MANIFEST_BYTES} bytes."
        )
    try:
        body = json_document.load_strict(raw)
    except json_document.InvalidDocument as error:
        raise InvalidManifest(f"The manifest cannot be read: {error}.") from error
    body = _object(body, "manifest", _TOP_LEVEL_KEYS)
    media_type = _media_type(body, content_type)
    return (
        _index(raw, media_type, body)
        if media_type.is_index
        else _image(raw, media_type, body)
    )


def _media_type(body: dict[str, Any], content_type: str) -> MediaType:
    """Return the type that header and body agree on."""
    stated = _text(body, "mediaType")
    header = content_type.partition(";")[0].strip()
    if stated and header and stated != header:
        raise InvalidManifest(
            f"The manifest says it is {stated[:100]!r}, "
            f"but was sent as {header[:100]!r}."
        )
    media_type = known_media_type(header or stated)
    if "fsLayers" in body or (media_type is not None and media_type.is_schema_1):
        raise InvalidManifest(
            "Schema 1 manifests are not supported; push the image again with a "
            "current client."
        )
    if media_type is None or not (media_type.is_image or media_type.is_index):
        shown = (header or stated or "nothing")[:100]
        raise InvalidManifest(f"{shown!r} is not the media type of a manifest.")
    if body.get("schemaVersion") != SCHEMA_VERSION:
        raise InvalidManifest("The manifest's schemaVersion must be 2.")
    return media_type


def _image(raw: bytes, media_type: MediaType, body: dict[str, Any]) -> ImageManifest:
    _refuse_keys(body, ("manifests", "blobs"), "an image")
    if "config" not in body:
        raise InvalidManifest("The manifest of an image must have a config.")
    return ImageManifest(
        **_common(raw, media_type, body),
        config=_descriptor(body["config"], "config"),
        layers=_descriptors(body, "layers", MAX_LAYERS),
    )


def _index(raw: bytes, media_type: MediaType, body: dict[str, Any]) -> ImageIndex:
    _refuse_keys(body, ("layers", "config", "blobs"), "an index")
    if "manifests" not in body:
        raise InvalidManifest("An index must have a list of manifests.")
    return ImageIndex(
        **_common(raw, media_type, body),
        manifests=_descriptors(body, "manifests", MAX_CHILDREN),
    )


def _common(raw: bytes, media_type: MediaType, body: dict[str, Any]) -> dict[str, Any]:
    subject = body.get("subject")
    return {
        "digest": Digest.of(raw),
        "media_type": media_type,
        "raw": raw,
        "subject": None if subject is None else _descriptor(subject, "subject"),
        "artifact_type": _text(body, "artifactType"),
        "annotations": _annotations(body),
    }


def _refuse_keys(body: dict[str, Any], keys: tuple[str, ...], kind: str) -> None:
    """Refuse what belongs to another kind: readers would disagree on the meaning."""
    for key in keys:
        if key in body:
            raise InvalidManifest(f"The manifest of {kind} must not have {key!r}.")


def _descriptors(
    body: dict[str, Any], key: str, maximum: int
) -> tuple[Descriptor, ...]:
    items = body.get(key)
    if items is None:
        return ()
    if not isinstance(items, list):
        raise InvalidManifest(f"{key!r} in the manifest must be a list.")
    if len(items) > maximum:
        raise InvalidManifest(f"The manifest lists more than {maximum} {key}.")
    return tuple(_descriptor(item, f"entry of {key}") for item in items)


def _descriptor(value: Any, place: str) -> Descriptor:
    fields = _object(value, place, _DESCRIPTOR_KEYS)
    try:
        digest = Digest.parse(_text(fields, "digest"))
    except InvalidReference as error:
        raise InvalidManifest(f"In the manifest's {place}: {error}") from error
    size = fields.get("size")
    if type(size) is not int or not 0 <= size <= MAX_SIZE:
        raise InvalidManifest(f"The manifest's {place} must state its size in bytes.")
    return Descriptor(
        media_type=_text(fields, "mediaType"),
        digest=digest,
        size=size,
        platform=_platform(fields.get("platform")),
        annotations=_annotations(fields),
        urls=_urls(fields.get("urls")),
        artifact_type=_text(fields, "artifactType"),
    )


def _platform(value: Any) -> Platform | None:
    if value is None:
        return None
    fields = _object(value, "platform", "os architecture variant os.version")
    return Platform(
        os=_text(fields, "os"),
        architecture=_text(fields, "architecture"),
        variant=_text(fields, "variant"),
        os_version=_text(fields, "os.version"),
    )


def _urls(value: Any) -> tuple[str, ...]:
    urls = value or []
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise InvalidManifest("'urls' in the manifest must be a list of addresses.")
    return tuple(urls)


def _annotations(fields: dict[str, Any]) -> dict[str, str]:
    value = fields.get("annotations") or {}
    if not isinstance(value, dict) or not all(
        isinstance(text, str) for text in value.values()
    ):
        raise InvalidManifest("'annotations' in the manifest must map text to text.")
    return value


def _text(fields: dict[str, Any], key: str) -> str:
    value = fields.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidManifest(f"{key!r} in the manifest must be text.")
    return value


def _object(value: Any, place: str, keys: str) -> dict[str, Any]:
    """Check that `value` is an object that spells the known `keys` as they are.

    Go's decoder matches keys in any case, so `Layers` means layers to a runtime.
    """
    if not isinstance(value, dict):
        raise InvalidManifest(f"The {place} must be a JSON object.")
    known = {key.casefold(): key for key in keys.split()}
    for key in value:
        if known.get(key.casefold(), key) != key:
            raise InvalidManifest(
                f"The {place} spells the key {known[key.casefold()]!r} as {key!r}."
            )
    return value
