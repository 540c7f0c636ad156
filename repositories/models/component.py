"""The packages that scans find in images, and their licenses."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import PublicModel
from repositories.models.scan import Scan


class License(PublicModel):
    """A license as an SPDX expression, or by the name under which it was found."""

    name = models.CharField(max_length=500, unique=True)

    @override
    def __str__(self) -> str:
        return self.name


class Component(PublicModel):
    """A package in one version, shared by all images that contain it."""

    purl = models.CharField(
        max_length=700, unique=True, help_text="The package URL (purl specification)."
    )
    name = models.CharField(max_length=300, db_index=True)
    version = models.CharField(max_length=200, blank=True)
    ecosystem = models.CharField(
        max_length=60,
        blank=True,
        help_text="Where advisories list it, as OSV names it: PyPI, Debian:12.",
    )
    package = models.CharField(
        max_length=300, blank=True, help_text="The name advisories list it under."
    )
    package_version = models.CharField(
        max_length=200,
        blank=True,
        help_text="The version advisories speak of: of the source package in Debian.",
    )

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("ecosystem", "package"),
                condition=~Q(package=""),
                name="component_in_advisories",
            ),
        )

    @override
    def __str__(self) -> str:
        return self.purl


class ScanComponent(models.Model):
    """That a scan found a component, and under which licenses."""

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="contents")
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, related_name="sightings"
    )
    licenses = models.ManyToManyField(License, related_name="sightings", blank=True)
    layer_digest = models.CharField(max_length=140, blank=True)
    path = models.CharField(max_length=1000, blank=True)
    more_places: models.JSONField[Any, list[list[str]]] = models.JSONField(
        default=list, blank=True, help_text="Pairs of layer and path, after the first."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("scan", "component"), name="one_sighting_per_component"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.component} in {self.scan}"
