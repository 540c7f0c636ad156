"""What an image's configuration says, as far as it can be stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils.dateparse import parse_datetime

from repositories.registry import ImageIndex, RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repositories.registry import (
        ImageManifest,
        Platform,
        RegistryClient,
        RepositoryName,
    )

MAX_CONFIG_BYTES = 4 * 1024 * 1024
MAX_LABELS = 100
MAX_HISTORY = 2000
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
    created: datetime | None = None
    labels: dict[str, str] | None = None
    history: tuple[str, ...] = ()
    """What made each layer, the base first; empty where that is not told."""

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
            os=short_text(found.get("os"), 50),
            os_version=short_text(found.get("os.version"), 100),
            architecture=short_text(found.get("architecture"), 50),
            variant=short_text(found.get("variant"), 50),
            author=short_text(found.get("author"), 200),
            created=_moment(short_text(found.get("created"), 40)),
            labels=_labels(found.get("config")),
            history=tuple(_history(found.get("history"))),
        )

    @classmethod
    def of_platform(cls, platform: Platform | None) -> ImageConfig:
        """Return what an index says of a child; empty where it says nothing."""
        if platform is None:
            return cls()
        return cls(
            os=short_text(platform.os, 50),
            os_version=short_text(platform.os_version, 100),
            architecture=short_text(platform.architecture, 50),
            variant=short_text(platform.variant, 50),
        )


def read(
    client: RegistryClient,
    name: RepositoryName,
    manifest: ImageManifest | ImageIndex,
) -> ImageConfig:
    """Fetch the image's configuration; what is none, or is gone, reads as empty."""
    if (
        isinstance(manifest, ImageIndex)
        or manifest.config.media_type not in CONFIG_TYPES
    ):
        return ImageConfig()
    try:
        body = client.get_blob(name, manifest.config.digest, MAX_CONFIG_BYTES)
    except RegistryError as error:
        if error.temporary:
            raise
        return ImageConfig()
    return ImageConfig.of(body)


def short_text(value: Any, length: int) -> str:
    """Cut a text, and replace what PostgreSQL cannot store (NUL, lone surrogates)."""
    if not isinstance(value, str):
        return ""
    text = value.replace("\0", "\ufffd").encode(errors="replace").decode()
    return text[:length]


def _labels(config: Any) -> dict[str, str]:
    """Read the labels; what is no text, and what is too much of them, is left out."""
    found = config.get("Labels") if isinstance(config, dict) else None
    pairs = found.items() if isinstance(found, dict) else ()
    texts = [(key, value) for key, value in pairs if isinstance(value, str)]
    return {
        short_text(key, 200): short_text(value, 1000)
        for key, value in texts[:MAX_LABELS]
    }


def _history(found: Any) -> Iterator[str]:
    """Yield what made each layer; instructions that made none are left out."""
    steps = found if isinstance(found, list) else []
    for step in steps[:MAX_HISTORY]:
        if isinstance(step, dict) and step.get("empty_layer") is not True:
            yield short_text(step.get("created_by"), 1000)


def _moment(text: str) -> datetime | None:
    """Read an RFC 3339 time; None for what is none, or has no time zone."""
    try:
        found = parse_datetime(text)
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None
