"""Tags of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from accounts.api import Form, Operation
from repositories.api.imagescan.rendering import (
    Named,
    component,
    license_of,
    old_summary,
)
from repositories.api.lookup import repository_of, tag_of
from repositories.api.manifests import lines_of, render_manifest
from repositories.models import Manifest, Tag
from repositories.registry import ImageIndex
from repositories.registry.media_types import known_media_type
from repositories.services import deletion
from repositories.services.answers.contents import contents_of
from repositories.services.answers.summary import (
    images_with_scans,
    summaries_of,
    summary_of,
)
from repositories.services.tags import PROMOTION_SUBJECT

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from repositories.models import Repository, TagMove
    from repositories.services.answers.contents import Contents
    from repositories.services.answers.summary import Summary


class TagListQuery(Form):
    """Whether each tag is shown with its whole manifest."""

    include_manifests = serializers.BooleanField(default=False)


class TagQuery(Form):
    """Which platforms of an index are wanted; empty means all."""

    os = serializers.CharField(default="", allow_blank=True)
    arch = serializers.CharField(default="", allow_blank=True)


class TagList(Operation):
    """`…/tags`."""

    missing = "NO_SUCH_REPOSITORY"
    permission_classes = (IsAuthenticatedOrReadOnly,)

    def get(self, _request: Request, namespace: str, name: str) -> Response:
        """List the tags of a repository."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        whole = self.query(TagListQuery)["include_manifests"]

        def shown(page: list[Tag]) -> list[dict[str, Any]]:
            summaries = summaries_of(repository, [tag.manifest for tag in page])
            return [
                _listed(tag, summaries[tag.manifest_id], whole=whole) for tag in page
            ]

        return self.paged(_tags(repository), shown)


class TagDetail(Operation):
    """`…/tags/{reference}`: a tag, or on reading a digest."""

    missing = "NO_SUCH_REPOSITORY"
    permission_classes = (IsAuthenticatedOrReadOnly,)

    def get(
        self, _request: Request, namespace: str, name: str, reference: str
    ) -> Response:
        """Show a tag, for an index once per platform, or all tags of a digest."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        asked = self.query(TagQuery)
        tags = _referred(repository, reference)
        images = [
            manifest
            for manifest in _images(tags[0])
            if asked["os"] in ("", manifest.os)
            and asked["arch"] in ("", manifest.architecture)
        ]
        found = _scanned(repository, tags[0].manifest, images)
        details = {key: _details(one) for key, one in found.items()}
        lines = lines_of(images)
        shown = [
            _detailed(
                _render(tag, render_manifest(image, lines.get(image.pk))),
                _named(tag),
                found.get(image.pk),
                details.get(image.pk, {}),
            )
            for tag in tags
            for image in images
        ]
        return Response(shown)

    def delete(
        self, _request: Request, namespace: str, name: str, reference: str
    ) -> Response:
        """Delete one tag; other tags of the same image stay."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        tag = tag_of(repository, reference)
        deletion.delete_tag(actor=self.actor, tag=tag)
        return Response(status=204)


def _tags(repository: Repository) -> QuerySet[Tag]:
    rows = Tag.objects.for_listing().filter(repository=repository)
    return rows.select_related("current_move__originated_by")


def _referred(repository: Repository, reference: str) -> list[Tag]:
    """Return the tag of that name or those of that digest; raises NO_SUCH_REF."""
    column = "manifest__digest" if ":" in reference else "name"
    found = list(_tags(repository).filter(**{column: reference}))
    if not found:
        message = f"The repository “{repository}” has no tag or digest “{reference}”."
        raise NotFound(message, code="NO_SUCH_REF")
    return found


def _images(tag: Tag) -> list[Manifest]:
    """Return the tag's manifest; for an index, the images in it that are held."""
    media_type = known_media_type(tag.manifest.media_type)
    if media_type is None or not media_type.is_index:
        return [tag.manifest]
    index = tag.manifest.parsed()
    digests = (
        [str(child.digest) for child in index.manifests]
        if isinstance(index, ImageIndex)
        else []
    )
    rows = Manifest.objects.held_by(tag.repository).filter(digest__in=digests)
    held = {row.digest: row for row in rows.runnable().defer("raw")}
    return [held[digest] for digest in digests if digest in held] or [tag.manifest]


def _scanned(
    repository: Repository, pushed: Manifest, images: list[Manifest]
) -> dict[int, Contents]:
    """Return what scans found in the images, by their keys."""
    found = images_with_scans(repository, images)
    scanned = [one for image in images for one in found[image.pk]]
    contents = contents_of(repository, pushed, scanned)
    return {one.manifest.pk: one for one in contents}


def _listed(tag: Tag, summary: Summary, *, whole: bool) -> dict[str, Any]:
    digest_only = {"digest": tag.manifest.digest}
    shown = _render(tag, render_manifest(tag.manifest) if whole else digest_only)
    return shown | {"vuln_summary": old_summary(_named(tag), summary)}


def _details(found: Contents) -> dict[str, Any]:
    """Return what responses.Tag has of an image that scanners read."""
    details = found.details_of(found.rows)
    licenses = {name for detail in details.values() for name in detail.licenses}
    return {
        "components": [component(row, details[row.pk]) for row in found.rows],
        "licenses": [license_of(name) for name in sorted(licenses)],
    }


def _detailed(
    shown: dict[str, Any],
    named: Named,
    found: Contents | None,
    details: dict[str, Any],
) -> dict[str, Any]:
    """Return responses.Tag; what no scanner reads has no summary."""
    if found is None:
        return shown
    summary = summary_of(found.image, found.counts)
    return shown | details | {"vuln_summary": old_summary(named, summary)}


def _named(tag: Tag) -> Named:
    return Named(tag.repository, tag.name)


def _render(tag: Tag, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return responses.Tag; only promoted tags have the key `promotion`."""
    shown = {
        "name": tag.name,
        "digest": tag.manifest.digest,
        "author": _author(tag.current_move),
        "updatedAt": tag.updated_at,
        "createdAt": tag.created_at,
        "hashMismatch": False,
        "inNotary": False,
        "manifest": manifest,
    }
    if tag.is_promoted:
        shown["promotion"] = {
            "promotionPolicyID": str(tag.policy_uuid or ""),
            "sourceRepository": tag.source_repository,
            "sourceTag": tag.source_tag,
            "string": tag.manifest.digest,
        }
    return shown


def _author(move: TagMove) -> str:
    """Return who pushed first; empty when nobody knows."""
    if move.originated_by is not None:
        return move.originated_by.username
    return "" if move.moved_by.startswith(PROMOTION_SUBJECT) else move.moved_by
