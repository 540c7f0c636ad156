"""What MSR's payloads hold, type by type; the values are as they were at the event."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from repositories.services.answers.summary import counts_in, summaries_of

if TYPE_CHECKING:
    from datetime import datetime

    from repositories.models import Manifest, Repository, Scan, Tag, TagMove

FAILED, COMPLETED = 0, 6  # MSR's scan status


def written(at: datetime) -> str:
    """Return a time as RFC 3339 has it, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def location(repository: Repository, *rest: str) -> str:
    """Return MSR's location of a repository, or of something in it."""
    return "/".join(("/repositories", repository.full_name, *rest))


def image_name(repository: Repository, tag: str = "", digest: str = "") -> str:
    """Return the name under which docker pulls it."""
    end = f":{tag}" if tag else f"@{digest}"
    return f"{settings.REGISTRY_PUBLIC_HOST}/{repository.full_name}{end}"


def _named(repository: Repository) -> dict[str, str]:
    return {"namespace": repository.namespace.name, "repository": repository.name}


def _tagged(move: TagMove, manifest: Manifest | None) -> dict[str, Any]:
    repository = move.repository
    return {
        **_named(repository),
        "tag": move.tag,
        "digest": manifest.digest if manifest else "",
        "imageName": image_name(repository, move.tag),
        "os": manifest.os if manifest else "",
        "architecture": manifest.architecture if manifest else "",
        "author": move.moved_by,
    }


def tag_push(move: TagMove) -> dict[str, Any]:
    """Return the contents of TAG_PUSH."""
    return {**_tagged(move, move.to_manifest), "pushedAt": written(move.moved_at)}


def tag_delete(move: TagMove) -> dict[str, Any]:
    """Return the contents of TAG_DELETE."""
    return {**_tagged(move, move.from_manifest), "deletedAt": written(move.moved_at)}


def manifest_push(
    repository: Repository, manifest: Manifest, author: str
) -> dict[str, Any]:
    """Return the contents of MANIFEST_PUSH."""
    return {
        **_named(repository),
        "digest": manifest.digest,
        "imageName": image_name(repository, digest=manifest.digest),
        "os": manifest.os,
        "architecture": manifest.architecture,
        "author": author,
    }


def manifest_delete(
    repository: Repository, manifest: Manifest, author: str
) -> dict[str, Any]:
    """Return the contents of MANIFEST_DELETE."""
    deleted = {"deletedAt": written(timezone.now())}
    return {**manifest_push(repository, manifest, author), **deleted}


def _scanned(scan: Scan, tag: Tag) -> dict[str, Any]:
    return {
        **_named(tag.repository),
        "tag": tag.name,
        "imageName": image_name(tag.repository, tag.name),
        "digest": scan.manifest.digest,
        "scanner": scan.origin,
    }


def scan_completed(scan: Scan, tag: Tag) -> dict[str, Any]:
    """Return the contents of SCAN_COMPLETED; what is hidden there does not count."""
    summary = summaries_of(tag.repository, [scan.manifest])[scan.manifest_id]
    counts = summary.counts or counts_in(scan)
    return {
        **_scanned(scan, tag),
        "scanSummary": {
            **_named(tag.repository),
            "tag": tag.name,
            "critical": counts.critical,
            "major": counts.major,
            "minor": counts.minor,
            "last_scan_status": COMPLETED,
            "check_completed_at": written(scan.finished_at or timezone.now()),
        },
    }


def scan_failed(scan: Scan, tag: Tag) -> dict[str, Any]:
    """Return the contents of SCAN_FAILED."""
    return {**_scanned(scan, tag), "error": scan.error}


def repository_event(repository: Repository, event: str, author: str) -> dict[str, Any]:
    """Return the contents of REPO_CREATED, REPO_UPDATED and REPO_DELETED."""
    return {
        **_named(repository),
        "event": event,
        "author": author,
        "data": {
            "id": str(repository.uuid),
            "namespace": repository.namespace.name,
            "namespaceType": repository.namespace.kind,
            "name": repository.name,
            "shortDescription": repository.short_description,
            "visibility": repository.visibility,
            "scanOnPush": repository.scan_on_push,
            "immutableTags": "*" in repository.immutable_tags,
            "enableManifestLists": repository.enable_manifest_lists,
            "tagLimit": repository.tag_limit,
            "pulls": repository.pull_count,
            "pushes": repository.push_count,
        },
    }
