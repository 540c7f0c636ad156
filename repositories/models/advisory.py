"""Known vulnerabilities, as advisory databases that were loaded describe them."""

from __future__ import annotations

from typing import Any

from django.db import models
from typing_extensions import override

from accounts.models import PublicModel
from repositories.querysets import AdvisoryLoadQuerySet, ListingQuerySet


class Advisory(PublicModel):
    """One record of a database; a withdrawn one lists no package."""

    identifier = models.CharField(max_length=100, unique=True)
    vulnerabilities: models.JSONField[Any, list[list[str]]] = models.JSONField(
        default=list,
        help_text="Each vulnerability it is about: its id, then its other ids.",
    )
    source = models.CharField(max_length=200, help_text="Which load brought it.")
    modified_at = models.DateTimeField(help_text="As the record says.")
    withdrawn_at = models.DateTimeField(null=True)
    summary = models.CharField(max_length=500, blank=True)
    link = models.CharField(max_length=500, blank=True)
    severity = models.CharField(max_length=20, blank=True)
    cvss3_score = models.FloatField(null=True)
    cvss2_score = models.FloatField(null=True)
    cvss_vector = models.CharField(max_length=200, blank=True)
    fingerprint = models.CharField(max_length=64, help_text="A hash of its contents.")

    class Meta(PublicModel.Meta):
        verbose_name_plural = "advisories"
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(fields=("source", "identifier"), name="advisory_of_source"),
        )

    @override
    def __str__(self) -> str:
        return self.identifier


class AdvisoryPackage(models.Model):
    """Which versions of a package an advisory says are affected.

    Ecosystem and package are written as `Component` has them.
    """

    advisory = models.ForeignKey(
        Advisory, on_delete=models.CASCADE, related_name="packages"
    )
    ecosystem = models.CharField(max_length=60)
    package = models.CharField(max_length=300)
    ranges: models.JSONField[Any, list[list[list[str]]]] = models.JSONField(
        default=list,
        blank=True,
        help_text="Of each range its events: introduced, fixed, last_affected, limit.",
    )
    versions: models.JSONField[Any, list[str]] = models.JSONField(
        default=list, blank=True, help_text="Affected versions, each by itself."
    )
    rating: models.JSONField[Any, list[Any]] = models.JSONField(
        default=list,
        blank=True,
        help_text="Word, CVSS 3, CVSS 2, vector; empty where it is the advisory's.",
    )

    objects = ListingQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=("package", "ecosystem"), name="listing_of_package"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("advisory", "ecosystem", "package"),
                name="one_listing_per_package",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.package} ({self.ecosystem}) in {self.advisory}"


class PackageNews(models.Model):
    """When what advisories say about a package last changed.

    Empty while the change is being written: whoever sees the row so sees the change
    itself too, and dates it then. So nobody who matched without it is dated after it.
    """

    package = models.CharField(max_length=300)
    ecosystem = models.CharField(max_length=60)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "news of packages"
        constraints = (
            models.UniqueConstraint(
                fields=("package", "ecosystem"), name="one_news_per_package"
            ),
        )
        indexes = (models.Index(fields=("changed_at",), name="news_by_time"),)

    @override
    def __str__(self) -> str:
        return f"{self.package} ({self.ecosystem})"


class AdvisoryLoad(models.Model):
    """That advisories of an ecosystem were loaded from a source, and how new they are.

    The knowledge about vulnerabilities is as new as the load, not as the newest
    record: whoever loads vouches for the files being current, and a database in which
    nothing happened for a week is not old. So a nightly load of what did not change
    keeps evidence fresh; `newest_at` shows if the copy was never updated.
    """

    source = models.CharField(max_length=200)
    ecosystem = models.CharField(max_length=60)
    loaded_at = models.DateTimeField()
    records = models.PositiveIntegerField(help_text="Those that are not withdrawn.")
    newest_at = models.DateTimeField(null=True, help_text="The newest of the records.")
    changed_at = models.DateTimeField(
        help_text="When it began, or ceased, to have any record."
    )

    objects = AdvisoryLoadQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("ecosystem", "source"), name="one_load_per_source"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.ecosystem} from {self.source}"
