"""What is attached to the images of a tag: signatures, SBOMs, attestations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from repositories.models import (
    ImageSignature,
    RepositoryManifest,
    SigningKey,
    Tag,
)
from repositories.services.answers.images import images_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from repositories.models import Manifest, Repository

SHOWN = 100
MAX_VERIFIED = 50  # signatures, the newest
MAX_KEYS = 20
ENDINGS = {".sig": "signature", ".att": "attestation", ".sbom": "SBOM"}
INDEX_OF_REFERRERS = "list of attachments"


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that refers to an image.

    `platform` is that of the image, "" where it is about the tag's own manifest; `tag`
    is the name that clients find it under where they do not ask for referrers; `keys`
    are those by which a signature in it was verified, of the registry and of the
    repository's namespace.
    """

    manifest: Manifest
    kind: str
    platform: str
    tag: str
    seen_at: datetime
    keys: list[str]


def attachments_of(repository: Repository, pushed: Manifest) -> list[Attachment]:
    """Return what the repository holds of it, the newest first; five queries."""
    images = images_of([(repository.pk, pushed)])[repository.pk, pushed.pk]
    about = {image.digest: image.platform for image in images}
    about[pushed.digest] = ""
    found = [*_referring(repository, about), *_tagged(repository, about)]
    found.sort(key=lambda one: one[0], reverse=True)
    signers = _signers(repository, set(about))
    return [
        Attachment(
            manifest,
            "signature" if manifest.pk in signers else kind,
            platform,
            tag,
            seen_at,
            sorted(signers.get(manifest.pk, ())),
        )
        for seen_at, manifest, kind, platform, tag in found[:SHOWN]
    ]


_Found = tuple["datetime", "Manifest", str, str, str]


def _referring(repository: Repository, about: dict[str, str]) -> list[_Found]:
    """Return the manifests whose subject is one of the images."""
    rows = RepositoryManifest.objects.filter(
        repository=repository, gone_at__isnull=True, manifest__subject_digest__in=about
    )
    rows = rows.select_related("manifest").defer("manifest__raw").order_by("-id")
    return [
        (row.created_at, one, _kind(one), about[one.subject_digest], "")
        for row in rows[: SHOWN + 1]
        for one in [row.manifest]
    ]


def _tagged(repository: Repository, about: dict[str, str]) -> list[_Found]:
    """Return what stands under the tags that cosign and the referrers schema use."""
    names = {
        f"{digest.replace(':', '-')}{ending}": (kind, platform)
        for digest, platform in about.items()
        for ending, kind in (*ENDINGS.items(), ("", INDEX_OF_REFERRERS))
    }
    rows = Tag.objects.for_listing().filter(repository=repository, name__in=names)
    return [(tag.created_at, tag.manifest, *names[tag.name], tag.name) for tag in rows]


def _kind(manifest: Manifest) -> str:
    """Return the common word for a type, else the type itself."""
    media_type = manifest.artifact_type or manifest.config_media_type
    words = {
        "SBOM": ("spdx", "cyclonedx", "syft"),
        "attestation": ("in-toto", "slsa"),
        "signature": ("cosign", "notary", "sigstore"),
    }
    for word, parts in words.items():
        if any(part in media_type for part in parts):
            return word
    return media_type or "not stated"


def _signers(repository: Repository, digests: set[str]) -> dict[int, set[str]]:
    """Return the names of the keys that signed, by the manifest with the signature.

    Of signatures by nobody known the names are none.
    """
    rows = ImageSignature.objects.held_by(repository).filter(subject_digest__in=digests)
    signatures = list(rows.order_by("-id")[:MAX_VERIFIED])
    found: dict[int, set[str]] = {one.manifest_id: set() for one in signatures}
    for key in _keys(repository) if signatures else ():
        for one in signatures:
            if key.signed(one):
                found[one.manifest_id].add(key.reference)
    return found


def _keys(repository: Repository) -> Iterable[SigningKey]:
    own = Q(namespace__isnull=True) | Q(namespace=repository.namespace_id)
    rows = SigningKey.objects.usable().filter(own).select_related("namespace")
    return rows.order_by("id")[:MAX_KEYS]
