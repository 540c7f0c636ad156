"""What scanners found in an image, per manifest digest: evidence for rules."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import Namespace, PublicModel
from repositories.models.manifest import Manifest
from repositories.models.repository import Repository
from repositories.querysets import ScanQuerySet


class Scan(PublicModel):
    """One reading of one manifest by one origin.

    It belongs to the digest, so that a promoted image is never scanned again. Without
    a trust scope it counts everywhere; a report uploaded for a repository, and what a
    namespace's own scanner found, count there only, for policies that name the origin.
    """

    class State(models.TextChoices):
        """How far the scan is."""

        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"

    manifest = models.ForeignKey(
        Manifest, on_delete=models.CASCADE, related_name="scans"
    )
    origin = models.CharField(
        max_length=100, help_text="Who scanned, as policies name it."
    )
    source = models.CharField(
        max_length=200, blank=True, help_text="The scanner with its version."
    )
    trusted_repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, null=True, related_name="scans"
    )
    trusted_namespace = models.ForeignKey(
        Namespace, on_delete=models.CASCADE, null=True, related_name="scans"
    )
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    is_current = models.BooleanField(default=True)
    coverage: models.JSONField[Any, dict[str, dict[str, Any]]] = models.JSONField(
        default=dict,
        help_text=(
            "Per kind of evidence (components, licenses, vulnerabilities): an empty"
            " object when it is complete, else why it is not (`reason`, `remedy`,"
            " `unscannable`). A kind that is not named was not looked for."
        ),
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    advisories_at = models.DateTimeField(
        null=True, help_text="How new the known vulnerabilities were."
    )
    error = models.CharField(max_length=500, blank=True)

    objects = ScanQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("manifest", "origin"),
                condition=Q(
                    is_current=True,
                    trusted_repository__isnull=True,
                    trusted_namespace__isnull=True,
                ),
                name="one_current_scan_per_origin",
            ),
            models.UniqueConstraint(
                fields=("manifest", "origin", "trusted_repository"),
                condition=Q(is_current=True, trusted_repository__isnull=False),
                name="one_current_scan_per_repository",
            ),
            models.UniqueConstraint(
                fields=("manifest", "origin", "trusted_namespace"),
                condition=Q(is_current=True, trusted_namespace__isnull=False),
                name="one_current_scan_per_namespace",
            ),
            models.CheckConstraint(
                condition=Q(trusted_repository__isnull=True)
                | Q(trusted_namespace__isnull=True),
                name="scan_has_one_trust_scope",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("completed", "failed"))
                | Q(finished_at__isnull=False),
                name="scan_that_ended_has_an_end",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.source or self.origin}: {self.manifest}"


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

    @override
    def __str__(self) -> str:
        return self.purl


class ScanComponent(PublicModel):
    """That a scan found a component, and under which licenses."""

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="contents")
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, related_name="sightings"
    )
    licenses = models.ManyToManyField(License, related_name="sightings", blank=True)
    layer_digest = models.CharField(max_length=140, blank=True)
    path = models.CharField(max_length=1000, blank=True)

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("scan", "component"), name="one_sighting_per_component"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.component} in {self.scan}"


class Vulnerability(PublicModel):
    """A known vulnerability by the id its advisory gives it."""

    identifier = models.CharField(max_length=100, unique=True)
    aliases: models.JSONField[Any, list[str]] = models.JSONField(
        default=list, blank=True, help_text="Other ids of the same vulnerability."
    )

    class Meta(PublicModel.Meta):
        verbose_name_plural = "vulnerabilities"

    @override
    def __str__(self) -> str:
        return self.identifier


class Finding(PublicModel):
    """That a scan found a component to be vulnerable.

    Severity and scores are the scanner's, unchanged; MSR's buckets are derived.
    """

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="findings")
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, related_name="findings"
    )
    vulnerability = models.ForeignKey(
        Vulnerability, on_delete=models.PROTECT, related_name="findings"
    )
    severity = models.CharField(max_length=20, blank=True)
    cvss3_score = models.FloatField(null=True)
    cvss2_score = models.FloatField(null=True)
    fixed_version = models.CharField(max_length=200, blank=True)
    layer_digest = models.CharField(max_length=140, blank=True)

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("scan", "component", "vulnerability"),
                name="one_finding_per_component",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.vulnerability} in {self.component}"
