"""Fetch manifests by digest and keep them, with the repositories that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from repositories.models import (
    IndexChild,
    Manifest,
    ManifestLayer,
    RepositoryManifest,
)
from repositories.registry import (
    Digest,
    ImageIndex,
    ImageManifest,
    InvalidManifest,
    RegistryError,
    RepositoryName,
)
from repositories.services import attachments, image_config, signatures
from repositories.services.image_config import ImageConfig, short_text
from repositories.services.webhooks import telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from repositories.models import Repository
    from repositories.registry import Descriptor, RegistryClient
    from repositories.services.signatures import Found

    Parsed = ImageManifest | ImageIndex

MAX_SIZE = 2**63 - 1  # what the column holds
MAX_LEVELS = 8  # of indexes that refer to indexes
MAX_BELOW = 4096  # manifests below one index


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
    config = image_config.read(client, name, parsed)
    return _keep(repository, parsed, config, signatures.read(client, name, parsed))


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


def runnable(repository: Repository, manifest: Manifest) -> list[Manifest]:
    """Return the image itself, or the runnable images of an index that are held.

    Attestations, which also stand in an index, are left out.
    """
    if manifest.config_digest or manifest.config_media_type:
        return [manifest]
    below = (
        Manifest.objects.held_by(repository)
        .filter(parents__index=manifest)
        .runnable()
        .defer("raw")
        .order_by("id")
    )
    return list(below) or [manifest]


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


def note_gone(*, repository: Repository, digest: str, author: str = "") -> None:
    """Note that the repository does not hold the manifest any more."""
    rows = repository.held_manifests.filter(manifest__digest=digest)
    subject = Manifest.objects.filter(digest=digest).exclude(subject_digest="")
    with transaction.atomic():
        telling.manifests_gone(rows.filter(gone_at=None), author=author)
        rows.update(gone_at=timezone.now())
        for attached_to in subject.values_list("subject_digest", flat=True):
            attachments.note_change(repository=repository, digest=attached_to)


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
            found = signatures.read(client, name, parsed)
            _keep(repository, parsed, ImageConfig.of_platform(child.platform), found)
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
    found: Iterable[Found],
) -> Manifest:
    """Write all of it or nothing: what is held is never fetched again."""
    subject = str(parsed.subject.digest) if parsed.subject else ""
    with transaction.atomic():
        row = _row(parsed, config, subject)
        if isinstance(parsed, ImageIndex):
            _note_children(row, parsed)
        else:
            _note_layers(row, parsed, config)
        signatures.keep(manifest=row, found=found)
        hold(repository=repository, manifests=[row.pk])
        if subject:
            attachments.note_change(repository=repository, digest=subject)
    return row


def _row(parsed: Parsed, config: ImageConfig, subject: str) -> Manifest:
    row, _ = Manifest.objects.get_or_create(
        digest=str(parsed.digest),
        defaults={
            "media_type": str(parsed.media_type),
            "raw": parsed.raw,
            "size": _size(parsed),
            "artifact_type": short_text(parsed.artifact_type, 255),
            "subject_digest": subject,
            "os": config.os,
            "os_version": config.os_version,
            "architecture": config.architecture,
            "variant": config.variant,
            "image_author": config.author,
            "image_created_at": config.created,
            "labels": config.labels,
            **_config_columns(parsed),
        },
    )
    return row


def _note_children(index: Manifest, parsed: ImageIndex) -> None:
    digests = [str(child.digest) for child in parsed.manifests]
    children = Manifest.objects.filter(digest__in=digests).exclude(pk=index.pk)
    rows = [IndexChild(index=index, child=child) for child in children.only("pk")]
    IndexChild.objects.bulk_create(rows, ignore_conflicts=True)


def _note_layers(image: Manifest, parsed: ImageManifest, config: ImageConfig) -> None:
    told = len(config.history) == len(parsed.layers)
    rows = [
        ManifestLayer(
            manifest=image,
            position=position,
            digest=str(layer.digest),
            media_type=short_text(layer.media_type, 120),
            size=min(layer.size, MAX_SIZE),
            created_by=config.history[position] if told else "",
        )
        for position, layer in enumerate(parsed.layers)
    ]
    ManifestLayer.objects.bulk_create(rows, ignore_conflicts=True)


def _config_columns(parsed: Parsed) -> dict[str, str]:
    if isinstance(parsed, ImageIndex):
        return {}
    return {
        "config_digest": str(parsed.config.digest),
        "config_media_type": short_text(parsed.config.media_type, 120),
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


def _platform_of(image: Manifest, config: ImageConfig) -> dict[str, str]:
    """Return the columns that an image's own word changes."""
    said = (config.os, config.architecture)
    if not all(said) or said == (image.os, image.architecture):
        return {}
    names = ("os", "os_version", "architecture", "variant")
    return {name: getattr(config, name) for name in names}


def describe(
    *, repository: Repository, image: Manifest, client: RegistryClient
) -> None:
    """Read the configuration of an image of which only an index told the platform.

    Its labels and what made its layers are known then, and its platform as it says
    itself: the index that was first to name it may be another tenant's. Repeatable.
    """
    if image.labels is not None:
        return
    parsed = Manifest.objects.get(pk=image.pk).parsed()
    config = image_config.read(
        client, RepositoryName.parse(repository.full_name), parsed
    )
    told = {"labels": config.labels, **_platform_of(image, config)}
    Manifest.objects.filter(pk=image.pk).update(**told)
    layers = list(ManifestLayer.objects.filter(manifest=image).order_by("position"))
    if len(layers) == len(config.history):
        for layer, step in zip(layers, config.history, strict=True):
            layer.created_by = step
        ManifestLayer.objects.bulk_update(layers, ("created_by",))
