"""The digests of images in the references and package URLs of reports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGEST = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
_WHOLE = re.compile(_DIGEST)
_OF_REFERENCE = re.compile(rf"@({_DIGEST})(?![0-9a-f])")
_IN_PURL = re.compile(rf"(?:@|[?&]digest=)({_DIGEST})(?![0-9a-f])")
_IMAGES = ("pkg:oci/", "pkg:docker/")


def digest(text: str) -> str:
    """Return the digest, "" for what is none."""
    found = text.strip().lower()
    return found if _WHOLE.fullmatch(found) else ""


def digests(texts: Iterable[str]) -> set[str]:
    """Return the digests among the texts."""
    return {digest(text) for text in texts} - {""}


def named(text: str) -> set[str]:
    """Return the digests that image references such as `alpine@sha256:…` name."""
    return set(_OF_REFERENCE.findall(text.lower()))


def of_purl(text: str) -> set[str]:
    """Return the digests in the package URL of an image, none in that of a package."""
    found = unquote(text).lower()
    return set(_IN_PURL.findall(found)) if found.startswith(_IMAGES) else set()


def is_image(purl: str) -> bool:
    """Say whether a package URL is that of an image."""
    return purl.strip().lower().startswith(_IMAGES)
