"""Fetch manifests by digest and keep them, with the repositories that hold them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from repositories.models import Manifest, RepositoryManifest
from repositories.registry import (
    Digest,
    ImageIndex,
    ImageManifest,
    RegistryError,
    RepositoryName,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repositories.models import Repository
    from repositories.registry import Platform, RegistryClient

MAX_CONFIG_BYTES = 4 * 1024 * 1024
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
    row = _keep(repository, parsed, _config(client, name, parsed))
    if isinstance(parsed, ImageIndex):
        _store_children(repository, name, parsed, client)
    return row


def tree(manifest: Manifest) -> dict[int, ImageManifest | ImageIndex]:
    """Return the manifest and, before it, those an index refers to, deepest first.

    The keys are those of the rows. Children that no row is known of are left out.
    """
    root = manifest.parsed()
    found: dict[int, ImageManifest | ImageIndex] = {}
    if isinstance(root, ImageIndex):
        digests = [str(child.digest) for child in root.manifests]
        for child in Manifest.objects.filter(digest__in=digests).order_by("id"):
            found |= tree(child)
    return found | {manifest.pk: root}


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


def _store_children(
    repository: Repository,
    name: RepositoryName,
    index: ImageIndex,
    client: RegistryClient,
) -> None:
    for child in index.manifests:
        try:
            parsed = client.get_manifest(name, child.digest)
        except RegistryError as error:
            if error.temporary:
                raise
            continue
        _keep(repository, parsed, _of_platform(child.platform))
        if isinstance(parsed, ImageIndex):
            _store_children(repository, name, parsed, client)


def _keep(
    repository: Repository,
    parsed: ImageManifest | ImageIndex,
    config: ImageConfig,
) -> Manifest:
    created = parse_datetime(config.created) if config.created else None
    row, _ = Manifest.objects.get_or_create(
        digest=str(parsed.digest),
        defaults={
            "media_type": str(parsed.media_type),
            "raw": parsed.raw,
            "size": _size(parsed),
            "artifact_type": parsed.artifact_type[:255],
            "subject_digest": str(parsed.subject.digest) if parsed.subject else "",
            "os": config.os,
            "os_version": config.os_version,
            "architecture": config.architecture,
            "variant": config.variant,
            "image_author": config.author,
            "image_created_at": created if created and is_aware(created) else None,
            **_config_columns(parsed),
        },
    )
    hold(repository=repository, manifests=[row.pk])
    return row


def _config_columns(parsed: ImageManifest | ImageIndex) -> dict[str, str]:
    if isinstance(parsed, ImageIndex):
        return {}
    return {
        "config_digest": str(parsed.config.digest),
        "config_media_type": parsed.config.media_type[:120],
    }


def _size(parsed: ImageManifest | ImageIndex) -> int:
    if isinstance(parsed, ImageIndex):
        return len(parsed.raw) + sum(child.size for child in parsed.manifests)
    blobs = sum(layer.size for layer in parsed.layers) + parsed.config.size
    return len(parsed.raw) + blobs


def _config(
    client: RegistryClient, name: RepositoryName, parsed: ImageManifest | ImageIndex
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
        os=platform.os[:50],
        os_version=platform.os_version[:100],
        architecture=platform.architecture[:50],
        variant=platform.variant[:50],
    )


def _short(value: Any, length: int) -> str:
    return value[:length] if isinstance(value, str) else ""
