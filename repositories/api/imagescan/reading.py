"""From a reference in an address to what is known of its images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import serializers
from rest_framework.exceptions import NotFound

from accounts.api import Form
from repositories.models import Manifest, Tag
from repositories.services.answers.contents import contents_of
from repositories.services.answers.summary import images_with_scans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repositories.models import Repository
    from repositories.services.answers.contents import Contents


class PlatformQuery(Form):
    """Which platforms of an index are wanted; empty means all."""

    os = serializers.CharField(default="", allow_blank=True)
    arch = serializers.CharField(default="", allow_blank=True)


def manifest_of(
    repository: Repository, reference: str, code: str = "NO_SUCH_REF"
) -> tuple[Manifest, str]:
    """Return what a tag or digest refers to, and the tag, "" where none has it.

    Raises the error of that code.
    """
    tags = Tag.objects.for_listing().filter(repository=repository)
    by_digest = ":" in reference
    column = "manifest__digest" if by_digest else "name"
    tag = tags.filter(**{column: reference}).order_by("id").first()
    if tag is not None:
        return tag.manifest, tag.name
    held = Manifest.objects.held_by(repository).defer("raw")
    found = held.filter(digest=reference).first() if by_digest else None
    if found is None:
        message = f"The repository “{repository}” has no tag or digest “{reference}”."
        raise NotFound(message, code=code)
    return found, ""


def read(
    repository: Repository, manifest: Manifest, platform: Mapping[str, str]
) -> list[Contents]:
    """Return what is known of the images of a manifest, for the platforms wanted."""
    images = [
        image
        for image in images_with_scans(repository, [manifest])[manifest.pk]
        if platform["os"] in ("", image.manifest.os)
        and platform["arch"] in ("", image.manifest.architecture)
    ]
    return contents_of(repository, manifest, images)
