"""Delete tags, and what the registry still holds of deleted repositories."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.access import Action
from accounts.permissions import require
from accounts.services import audit
from repositories.models import Repository
from repositories.registry import (
    Digest,
    MediaType,
    RegistryError,
    RepositoryName,
    TagName,
)
from repositories.services import tags
from repositories.services.registry import NOT_FOUND, client, iter_tags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.access import Actor
    from repositories.models import Manifest, Tag

log = structlog.get_logger()

TOKEN_LEEWAY_SECONDS = 60  # Distribution's, for clocks that differ
PLACEHOLDER_TYPE = "application/vnd.msr.deleted-tag.v1+json"


def delete_tag(*, actor: Actor, tag: Tag) -> None:
    """Delete one tag in the registry and here; its manifest and other tags stay.

    Raises RegistryError when the registry fails; nothing is changed here then.
    """
    repository = tag.repository
    require(actor, Action.DELETE, repository)
    _refuse_immutable(tag)
    version = tags.version_of(repository, tag.name)
    _delete_in_registry(RepositoryName.parse(repository.full_name), tag.name)
    seen = tags.Sighting(
        tag=tag.name,
        moved_at=timezone.now(),
        moved_by=actor.name,
        expected_version=version,
    )
    with transaction.atomic():
        tags.record_deletion(repository=repository, seen=seen)
        audit.record(
            actor=actor,
            action="delete",
            subject=tag,
            namespace=repository.namespace,
            before={"digest": tag.manifest.digest},
        )


def delete_manifest(
    *, actor: Actor, repository: Repository, manifest: Manifest
) -> None:
    """Delete a manifest with all of its tags, in the registry and here.

    Raises ValidationError for what an index of the repository consists of,
    PermissionDenied where one of the tags is immutable, and RegistryError when the
    registry fails; nothing is changed here then.
    """
    require(actor, Action.DELETE, repository)
    _refuse_part_of_index(repository, manifest)
    pointing = list(repository.tags.filter(manifest=manifest))
    for tag in pointing:
        _refuse_immutable(tag)
    name = RepositoryName.parse(repository.full_name)
    _delete_manifest(name, Digest.parse(manifest.digest))
    with transaction.atomic():
        for tag in pointing:
            tags.record_deletion(repository=repository, seen=_gone(actor, tag))
        held = repository.held_manifests.filter(manifest=manifest)
        held.update(gone_at=timezone.now())
        audit.record(
            actor=actor,
            action="delete",
            subject=manifest,
            namespace=repository.namespace,
            before={
                "repository": repository.full_name,
                "tags": [tag.name for tag in pointing],
            },
        )


def _gone(actor: Actor, tag: Tag) -> tags.Sighting:
    return tags.Sighting(
        tag=tag.name,
        moved_at=timezone.now(),
        moved_by=actor.name,
        expected_version=tag.version,
    )


def _refuse_part_of_index(repository: Repository, manifest: Manifest) -> None:
    """Raise ValidationError for what an index that is held would then lack."""
    indexes = type(manifest).objects.held_by(repository)
    index = indexes.filter(children__child=manifest).first()
    if index is not None:
        message = f"It is part of {index.digest}; delete that one first."
        raise ValidationError(message)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of a tag that was to be deleted; `problem` is "" where it is gone."""

    tag: str
    problem: str = ""


def delete_tags(*, actor: Actor, tags_wanted: Iterable[Tag]) -> list[Deleted]:
    """Delete tags one by one; what is in the way of one does not keep the others.

    Raises PermissionDenied, or Http404 for a stranger, before anything is deleted.
    """
    wanted = list(tags_wanted)
    for repository in {tag.repository for tag in wanted}:
        require(actor, Action.DELETE, repository)
    return [Deleted(tag.name, _problem(actor, tag)) for tag in wanted]


def _problem(actor: Actor, tag: Tag) -> str:
    try:
        delete_tag(actor=actor, tag=tag)
    except (PermissionDenied, RegistryError) as error:
        return str(error)
    return ""


def _refuse_immutable(tag: Tag) -> None:
    if tag.repository.protects(tag.name):
        message = f"{tag} is immutable; an admin of the repository can change that."
        raise PermissionDenied(message)


def _delete_in_registry(name: RepositoryName, tag: str) -> None:
    """DELETE the tag; where the registry cannot (2.8), through a placeholder.

    Distribution 2.8 deletes by digest only, and with the digest all of its tags. So
    the tag is first moved to a manifest that nothing else points to.
    """
    try:
        client().delete_tag(name, TagName.parse(tag))
    except RegistryError as error:
        if error.status == NOT_FOUND:  # gone already
            return
        if error.code != "UNSUPPORTED":
            raise
        _delete_through_placeholder(name, TagName.parse(tag))


def _delete_through_placeholder(name: RepositoryName, tag: TagName) -> None:
    """Overwrite the tag with what can be deleted; first prove that it can.

    A registry whose configuration forbids deletions would keep the placeholder.
    """
    placeholder = _placeholder()
    digest = Digest.of(placeholder)
    for reference in (digest, tag):
        client().put_manifest(name, reference, placeholder, MediaType.OCI_INDEX)
        client().delete_manifest(name, digest)


def _placeholder() -> bytes:
    """Return an index of nothing, unlike any other: it needs no blob to exist."""
    document = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_INDEX.value,
        "artifactType": PLACEHOLDER_TYPE,
        "manifests": [],
        "annotations": {"org.opencontainers.image.title": str(uuid4())},
    }
    return json.dumps(document).encode()


def is_placeholder(manifest: Manifest) -> bool:
    """Tell whether a tag on this manifest is one whose deletion was interrupted."""
    return manifest.artifact_type == PLACEHOLDER_TYPE


def finish_deletion(*, repository: Repository, placeholder: Manifest) -> None:
    """Delete what an interrupted deletion left in the place of a tag."""
    name = RepositoryName.parse(repository.full_name)
    _delete_manifest(name, Digest.parse(placeholder.digest))


def purge(*, repository: Repository) -> bool:
    """Remove what the registry holds of a deleted repository and free its name.

    True when the registry was proved empty under the name; False means: ask again
    later. Raises RegistryError when the registry fails.
    """
    name = RepositoryName.parse(repository.full_name)
    held = repository.held_manifests.filter(gone_at__isnull=True)
    for holding in held.select_related("manifest"):
        _delete_manifest(name, Digest.parse(holding.manifest.digest))
    for tag in iter_tags(name):
        found = client().head_manifest(name, TagName.parse(tag))
        if found is not None:
            _delete_manifest(name, found.digest)
    if any(client().head_manifest(name, TagName.parse(tag)) for tag in iter_tags(name)):
        return False
    if not _may_release(repository):
        return False
    _release(repository)
    return True


def _may_release(repository: Repository) -> bool:
    """Tell whether no token from before the deletion can push under the name."""
    good_for = timedelta(seconds=settings.TOKEN_LIFETIME + TOKEN_LEEWAY_SECONDS)
    deleted_at = repository.deleted_at
    return deleted_at is not None and deleted_at + good_for < timezone.now()


def _delete_manifest(name: RepositoryName, digest: Digest) -> None:
    try:
        client().delete_manifest(name, digest)
    except RegistryError as error:
        if error.status != NOT_FOUND:  # gone already
            raise


def _release(repository: Repository) -> None:
    """Give the name free: a colon cannot be in a name, so nothing collides."""
    now = timezone.now()
    with transaction.atomic():
        repository.tags.all().delete()
        repository.held_manifests.update(gone_at=now)
        Repository.objects.filter(pk=repository.pk).update(
            name=f"{repository.name[:180]}:{repository.pk}", purged_at=now
        )
    log.info("repository_purged", repository=repository.full_name)
