"""Fetch manifests by digest and keep them, with the repositories that hold them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Sum
from django.utils.dateparse import parse_datetime

from repositories.models import IndexChild, Manifest, RepositoryManifest
from repositories.registry import (
    Digest,
    ImageIndex,
    ImageManifest,
    InvalidManifest,
    RegistryError,
    RepositoryName,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from repositories.models import Repository
    from repositories.registry import Descriptor, Platform, RegistryClient

    Parsed = ImageManifest | ImageIndex

MAX_CONFIG_BYTES = 4 * 1024 * 1024
MAX_SIZE = 2**63 - 1  # what the column holds
MAX_LEVELS = 8  # of indexes that refer to indexes
MAX_LABELS = 100
MAX_BELOW = 4096  # manifests below one index
CONFIG_TYPES = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What is read of an image's configuration (OCI image specification)."""

    os: str = ""
    os_version: str = ""
    architecture: str = ""
    variant: str = ""
    author: str = ""
    created: str = ""
    labels: dict[str, str] | None = None

    @classmethod
    def of(cls, body: bytes) -> ImageConfig:
        """Read the fields; those missing, odd or too long come back empty."""
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(found, dict):
            return cls()
        return cls(
            os=_short(found.get("os"), 50),
            os_version=_short(found.get("os.version"), 100),
            architecture=_short(found.get("architecture"), 50),
            variant=_short(found.get("variant"), 50),
            author=_short(found.get("author"), 200),
            created=_short(found.get("created"), 40),
            labels=_labels(found.get("config")),
        )


def store(
    *, repository: Repository, digest: Digest, client: RegistryClient
) -> Manifest:
    """Return the manifest as a row, fetched from the repository if need be.

    The children of an index are stored too; what a sparse index lacks is left out.
    Raises RegistryError when the repository does not hold it or the registry fails,
    InvalidManifest when it is of a kind or shape that is refused.
    """
    known: Manifest | None = (
        Manifest.objects.held_by(repository).filter(digest=str(digest)).first()
    )
    if known is not None:
        return known
    name = RepositoryName.parse(repository.full_name)
    parsed = client.get_manifest(name, digest)
    if isinstance(parsed, ImageIndex):
        # Before the index itself: what is held is held with all below it.
        _store_below(repository, parsed, client)
    return _keep(repository, parsed, _config(client, name, parsed))


def tree(manifest: Manifest, *, held_by: Repository) -> dict[int, Parsed]:
    """Return the manifest and, before it, those an index refers to, deepest first.

    The keys are those of the rows. Children that the repository does not hold are
    left out: they may be another tenant's, or deleted.
    """
    found: dict[int, Parsed] = {}
    _collect(manifest, held_by, found)
    return found


def _collect(
    manifest: Manifest, repository: Repository, found: dict[int, Parsed]
) -> None:
    if manifest.pk in found:
        return
    parsed = manifest.parsed()
    if isinstance(parsed, ImageIndex):
        digests = [str(child.digest) for child in parsed.manifests]
        held = Manifest.objects.held_by(repository).filter(digest__in=digests)
        for child in held.order_by("id"):
            _collect(child, repository, found)
    found[manifest.pk] = parsed


def hold(*, repository: Repository, manifests: Iterable[int]) -> None:
    """Note that the repository holds the manifests with these keys."""
    RepositoryManifest.objects.bulk_create(
        [
            RepositoryManifest(repository=repository, manifest_id=key)
            for key in manifests
        ],
        update_conflicts=True,
        unique_fields=["repository", "manifest"],
        update_fields=["gone_at"],
    )


def _store_below(
    repository: Repository, index: ImageIndex, client: RegistryClient
) -> None:
    """Store what the index refers to, level by level, every manifest once."""
    seen, level = {index.digest}, [index]
    for _ in range(MAX_LEVELS):
        below = {child.digest: child for one in level for child in one.manifests}
        children = [below[digest] for digest in below if digest not in seen]
        seen |= below.keys()
        if len(seen) > MAX_BELOW:
            message = f"The index refers to more than {MAX_BELOW} manifests."
            raise InvalidManifest(message)
        level = list(_store_level(repository, children, client))
        if not level:
            return
    message = f"The index nests other indexes more than {MAX_LEVELS} levels deep."
    raise InvalidManifest(message)


def _store_level(
    repository: Repository, children: list[Descriptor], client: RegistryClient
) -> Iterator[ImageIndex]:
    """Store those children that are not held yet; yield those that are indexes."""
    held = Manifest.objects.held_by(repository).defer("raw")
    known = held.in_bulk([str(one.digest) for one in children], field_name="digest")
    name = RepositoryName.parse(repository.full_name)
    for child in children:
        row = known.get(str(child.digest))
        if row is not None and row.config_digest:
            continue
        parsed = row.parsed() if row else _get_child(client, name, child)
        if parsed is None:
            continue
        if row is None:
            _keep(repository, parsed, _of_platform(child.platform))
        if isinstance(parsed, ImageIndex):
            yield parsed


def _get_child(
    client: RegistryClient, name: RepositoryName, child: Descriptor
) -> Parsed | None:
    """Fetch a child of an index; None for one that a sparse index lacks."""
    try:
        return client.get_manifest(name, child.digest)
    except RegistryError as error:
        if error.temporary:
            raise
        return None


def _keep(
    repository: Repository,
    parsed: Parsed,
    config: ImageConfig,
) -> Manifest:
    row, _ = Manifest.objects.get_or_create(
        digest=str(parsed.digest),
        defaults={
            "media_type": str(parsed.media_type),
            "raw": parsed.raw,
            "size": _size(parsed),
            "artifact_type": _short(parsed.artifact_type, 255),
            "subject_digest": str(parsed.subject.digest) if parsed.subject else "",
            "os": config.os,
            "os_version": config.os_version,
            "architecture": config.architecture,
            "variant": config.variant,
            "image_author": config.author,
            "image_created_at": _moment(config.created),
            "labels": config.labels,
            **_config_columns(parsed),
        },
    )
    if isinstance(parsed, ImageIndex):
        _note_children(row, parsed)
    hold(repository=repository, manifests=[row.pk])
    return row


def _note_children(index: Manifest, parsed: ImageIndex) -> None:
    digests = [str(child.digest) for child in parsed.manifests]
    children = Manifest.objects.filter(digest__in=digests).exclude(pk=index.pk)
    rows = [IndexChild(index=index, child=child) for child in children.only("pk")]
    IndexChild.objects.bulk_create(rows, ignore_conflicts=True)


def _config_columns(parsed: Parsed) -> dict[str, str]:
    if isinstance(parsed, ImageIndex):
        return {}
    return {
        "config_digest": str(parsed.config.digest),
        "config_media_type": _short(parsed.config.media_type, 120),
    }


def _size(parsed: Parsed) -> int:
    """Return the bytes of the manifest and of all below it that is stored."""
    if isinstance(parsed, ImageIndex):
        digests = [str(child.digest) for child in parsed.manifests]
        children = Manifest.objects.filter(digest__in=digests)
        below: int = children.aggregate(Sum("size"))["size__sum"] or 0
    else:
        below = sum(layer.size for layer in parsed.layers) + parsed.config.size
    return min(len(parsed.raw) + below, MAX_SIZE)


def _config(
    client: RegistryClient, name: RepositoryName, parsed: Parsed
) -> ImageConfig:
    """Fetch the image's configuration; what is none, or is gone, reads as empty."""
    if isinstance(parsed, ImageIndex) or parsed.config.media_type not in CONFIG_TYPES:
        return ImageConfig()
    try:
        body = client.get_blob(name, parsed.config.digest, MAX_CONFIG_BYTES)
    except RegistryError as error:
        if error.temporary:
            raise
        return ImageConfig()
    return ImageConfig.of(body)


def _of_platform(platform: Platform | None) -> ImageConfig:
    if platform is None:
        return ImageConfig()
    return ImageConfig(
        os=_short(platform.os, 50),
        os_version=_short(platform.os_version, 100),
        architecture=_short(platform.architecture, 50),
        variant=_short(platform.variant, 50),
    )


def _labels(config: Any) -> dict[str, str]:
    """Read the labels; what is no text, and what is too much of them, is left out."""
    found = config.get("Labels") if isinstance(config, dict) else None
    pairs = found.items() if isinstance(found, dict) else ()
    texts = [(key, value) for key, value in pairs if isinstance(value, str)]
    return {_short(key, 200): _short(value, 1000) for key, value in texts[:MAX_LABELS]}


def _short(value: Any, length: int) -> str:
    """Cut a text, and replace what PostgreSQL cannot store (NUL, lone surrogates)."""
    if not isinstance(value, str):
        return ""
    text = value.replace("\0", "\ufffd").encode(errors="replace").decode()
    return text[:length]


def _moment(text: str) -> datetime | None:
    """Read an RFC 3339 time; None for what is none, or has no time zone."""
    try:
        found = parse_datetime(text)
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None
