"""Which image of a repository a report is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from repositories.models import Manifest
from repositories.services.image_config import CONFIG_TYPES
from repositories.services.manifests import runnable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repositories.models import Repository
    from repositories.scanning.report import Report

SHOWN = 3  # digests, enough to recognise an image by


def image_of(*, repository: Repository, report: Report, digest: str) -> Manifest:
    """Return the image that a report is of, as far as report and caller agree.

    `digest` is what the caller says, of an image or an index; "" goes by the report
    alone. Raises ValidationError when that is no image held by the repository, more
    than one, or not the one that the report names.
    """
    images = _images(_named(repository, report, digest), repository)
    if not images:
        said = digest or _listed(report.digests or report.config_digests)
        message = f"The repository “{repository}” holds no image {said}."
        raise ValidationError(message, code="not_held")
    fitting = _fitting(images, report, digest)
    if not fitting:
        named = _listed(report.digests or report.config_digests)
        message = f"The report is of {named}, not of {digest}."
        raise ValidationError(message, code="other_image")
    if len(fitting) > 1:
        message = (
            "The report does not say of which platform it is; give its digest, one of"
            f" {_listed(image.digest for image in fitting)}."
        )
        raise ValidationError(message, code="several_platforms")
    return fitting[0]


def _named(repository: Repository, report: Report, digest: str) -> Iterable[Manifest]:
    held = Manifest.objects.held_by(repository).defer("raw").order_by("id")
    if digest:
        return held.filter(digest=digest)
    if report.digests:
        return held.filter(digest__in=report.digests)
    if report.config_digests:
        return held.filter(config_digest__in=report.config_digests)
    message = (
        "The report does not name the image it is of; give its digest in the parameter"
        " `digest`."
    )
    raise ValidationError(message, code="no_digest")


def _images(tops: Iterable[Manifest], repository: Repository) -> list[Manifest]:
    found = {image.pk: image for top in tops for image in runnable(repository, top)}
    return [one for one in found.values() if one.config_media_type in CONFIG_TYPES]


def _fitting(images: list[Manifest], report: Report, digest: str) -> list[Manifest]:
    """Return the images that the report may be of.

    What it says of the configuration tells the platforms of an index apart; a report
    that names nothing is of what the caller says.
    """
    by_config = [one for one in images if one.config_digest in report.config_digests]
    by_digest = [one for one in images if one.digest in report.digests]
    if by_config or by_digest:
        both = [one for one in by_config if one in by_digest]
        return both or by_config or by_digest
    names_none = not (report.digests or report.config_digests)
    return images if names_none or _names_index(report, digest) else []


def _names_index(report: Report, digest: str) -> bool:
    """Tell whether the report names the index whose platforms are asked about."""
    return not report.config_digests and (not digest or digest in report.digests)


def _listed(digests: Iterable[str]) -> str:
    some = sorted(digests)
    return ", ".join(some[:SHOWN]) + (" and others" if len(some) > SHOWN else "")
