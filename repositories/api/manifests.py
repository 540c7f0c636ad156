"""Manifests of a repository, and how they are shown."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from accounts.api import Operation
from repositories.api.lookup import repository_of
from repositories.models import Manifest, ManifestLayer, RepositoryManifest
from repositories.registry import Digest, InvalidReference
from repositories.services import deletion

if TYPE_CHECKING:
    from rest_framework.request import Request

    from repositories.models import Repository


class ManifestList(Operation):
    """`…/manifests`."""

    missing = "NO_SUCH_REPOSITORY"
    permission_classes = (IsAuthenticatedOrReadOnly,)

    def get(self, _request: Request, namespace: str, name: str) -> Response:
        """List the manifests that the repository holds."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        held = RepositoryManifest.objects.filter(
            repository=repository, gone_at__isnull=True
        )
        return self.paged(
            held.select_related("manifest").defer("manifest__raw"),
            lambda page: [render_manifest(row.manifest) for row in page],
        )


class ManifestDetail(Operation):
    """`…/manifests/{reference}`: a digest, or a tag and what it points to."""

    missing = "NO_SUCH_REF"

    def delete(
        self, _request: Request, namespace: str, name: str, reference: str
    ) -> Response:
        """Delete a manifest with all of its tags.

        Refused for what an index of the repository consists of.
        """
        repository = repository_of(self.actor, f"{namespace}/{name}")
        manifest = _manifest(repository, reference)
        deletion.delete_manifest(
            actor=self.actor, repository=repository, manifest=manifest
        )
        return Response(status=204)


def _manifest(repository: Repository, reference: str) -> Manifest:
    """Return what the repository holds by that digest or tag.

    Raises INVALID_DIGEST and NO_SUCH_REF.
    """
    rows = Manifest.objects.held_by(repository).defer("raw")
    if ":" in reference:
        try:
            digest = str(Digest.parse(reference))
        except InvalidReference as error:
            raise ValidationError(str(error), code="invalid_digest") from error
        rows = rows.filter(digest=digest)
    else:
        rows = rows.filter(tags__repository=repository, tags__name=reference)
    found = rows.first()
    if found is None:
        message = f"The repository “{repository}” has no tag or digest “{reference}”."
        raise NotFound(message, code="NO_SUCH_REF")
    return found


def lines_of(manifests: list[Manifest]) -> dict[int, list[dict[str, Any]]]:
    """Return responses.DockerfileLine of each layer, the base first, by manifest.

    Of instructions that made no layer nothing is kept.
    """
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = ManifestLayer.objects.filter(manifest__in=[row.pk for row in manifests])
    for row in rows.order_by("manifest", "position"):
        found[row.manifest_id].append(
            {
                "line": row.created_by,
                "layerDigest": row.digest,
                "size": row.size,
                "isEmpty": False,
                "mediaType": row.media_type,
                "urls": [],
            }
        )
    return dict(found)


def render_manifest(
    manifest: Manifest, dockerfile: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return responses.Manifest; what an index or artifact has not is left out."""
    shown = {
        "digest": manifest.digest,
        "mediaType": manifest.media_type,
        "size": manifest.size,
        "os": manifest.os,
        "osVersion": manifest.os_version,
        "architecture": manifest.architecture,
        "author": manifest.image_author,
        "configDigest": manifest.config_digest,
        "configMediaType": manifest.config_media_type,
        "createdAt": manifest.image_created_at,
        "dockerfile": dockerfile,
    }
    return {name: value for name, value in shown.items() if value not in ("", None)}
