"""What scanners found in images, and which vulnerabilities are hidden where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from typing_extensions import override

from accounts.admin_mixins import (
    ReadOnlyAdmin,
    apply_to_each,
    asked_first,
    linked,
    moment,
)
from accounts.authentication import actor_of
from repositories.admin.search import SearchByReference
from repositories.models import (
    Component,
    Finding,
    IndexChild,
    License,
    Scan,
    ScanComponent,
    Vulnerability,
    VulnerabilityAlias,
    VulnerabilityException,
)
from repositories.services import exceptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.admin.views.main import ChangeList
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from repositories.querysets import VulnerabilityExceptionQuerySet

TRUST = ("trusted_repository__namespace", "trusted_namespace")
OF_SCAN = ("scan__manifest", "component")


@admin.register(Scan)
class ScanAdmin(SearchByReference, ReadOnlyAdmin[Scan]):
    """Scans: who read which image, when, and what it could see."""

    deferred = ("manifest__raw",)
    list_display = (
        moment("created_at"),
        linked("manifest"),
        "origin",
        "source",
        "state",
        "is_current",
        linked("trusted_repository", "only in repository"),
        linked("trusted_namespace", "only in namespace"),
        moment("finished_at"),
        moment("advisories_at"),
    )
    list_filter = ("state", "is_current", "created_at")
    list_select_related = ("manifest", *TRUST)
    repository_paths = ("trusted_repository",)
    manifest_paths = ("manifest",)
    search_help_text = "A digest, or the repository a report was made for."
    ordering = ("-created_at", "-id")


@admin.register(Component)
class ComponentAdmin(ReadOnlyAdmin[Component]):
    """Packages, each version once."""

    list_display = ("purl", "name", "version", moment("created_at"))
    search_fields = ("=purl", "=name")
    search_help_text = "A package URL, or a package's name."
    ordering = ("-created_at", "-id")


@admin.register(License)
class LicenseAdmin(ReadOnlyAdmin[License]):
    """Licenses as they were found."""

    list_display = ("name", moment("created_at"))
    search_fields = ("=name",)
    search_help_text = "An SPDX expression, or the name as found."
    ordering = ("-created_at", "-id")


@admin.register(ScanComponent)
class ScanComponentAdmin(SearchByReference, ReadOnlyAdmin[ScanComponent]):
    """Which components a scan found in which layer."""

    deferred = ("scan__manifest__raw",)
    list_display = (
        linked("component"),
        linked("scan"),
        "layer_digest",
        "path",
    )
    list_select_related = OF_SCAN
    repository_paths = ()
    manifest_paths = ("scan__manifest",)
    search_help_text = "The digest of an image."
    ordering = ("-id",)


@admin.register(Vulnerability)
class VulnerabilityAdmin(ReadOnlyAdmin[Vulnerability]):
    """Known vulnerabilities."""

    list_display = ("identifier", "summary", moment("created_at"))
    search_fields = ("=identifier",)
    search_help_text = "An id such as CVE-2024-3094."
    ordering = ("-created_at", "-id")


class SeverityFilter(admin.ChoicesFieldListFilter):
    """The severities; what a scanner did not rate has a name as well."""

    @override
    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": str(choice["display"]) or "not rated"}


@admin.register(Finding)
class FindingAdmin(SearchByReference, ReadOnlyAdmin[Finding]):
    """Which vulnerabilities a scan found, as the scanner rates them."""

    deferred = ("scan__manifest__raw",)
    list_display = (
        linked("vulnerability"),
        linked("component"),
        linked("scan"),
        "severity",
        "cvss3_score",
        "cvss2_score",
        "fixed_version",
    )
    list_filter = (("severity", SeverityFilter),)
    list_select_related = (*OF_SCAN, "vulnerability")
    repository_paths = ()
    manifest_paths = ("scan__manifest",)
    search_help_text = "The digest of an image."
    ordering = ("-id",)


@admin.register(VulnerabilityAlias)
class VulnerabilityAliasAdmin(ReadOnlyAdmin[VulnerabilityAlias]):
    """Other ids of vulnerabilities."""

    list_display = ("alias", linked("vulnerability"))
    list_select_related = ("vulnerability",)
    search_fields = ("=alias", "=vulnerability__identifier")
    search_help_text = "An id such as GHSA-… or CVE-2024-3094."
    ordering = ("-id",)


@admin.register(VulnerabilityException)
class VulnerabilityExceptionAdmin(
    SearchByReference, ReadOnlyAdmin[VulnerabilityException]
):
    """Hidden vulnerabilities, those that ended included."""

    owners = ("namespace", "repository")  # one of them
    actions = ("unhide",)
    list_display = (
        moment("created_at"),
        "vulnerability",
        linked("namespace"),
        linked("repository"),
        "digest",
        "component_name",
        "reason",
        linked("author"),
        moment("expires_at"),
        moment("ended_at"),
    )
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("namespace", "repository__namespace", "author", "ended_by")
    repository_paths = ("repository",)
    search_help_text = "namespace/repository"
    ordering = ("-created_at", "-id")

    @override
    def permitted(
        self, rows: QuerySet[VulnerabilityException], actor: Actor
    ) -> QuerySet[VulnerabilityException]:
        return cast("VulnerabilityExceptionQuerySet", rows).administered_by(actor)

    def has_unhide_permission(self, request: HttpRequest) -> bool:
        """Tell whether the action is offered; the service decides for each row."""
        return self.is_open_to(request)

    @admin.action(description="Let selected count again", permissions=["unhide"])
    def unhide(
        self, request: HttpRequest, queryset: QuerySet[VulnerabilityException]
    ) -> HttpResponse | None:
        question = "Let these vulnerabilities count again?"
        consequence = "Policies look again at the images they were hidden in."
        if page := asked_first(
            self, request, queryset, question=question, consequence=consequence
        ):
            return page
        actor = actor_of(request)
        apply_to_each(
            request,
            queryset.filter(ended_at__isnull=True),
            lambda row: exceptions.unhide(actor=actor, exception=row),
            "Vulnerabilities that count again",
        )
        return None


@admin.register(IndexChild)
class IndexChildAdmin(SearchByReference, ReadOnlyAdmin[IndexChild]):
    """Which images an index refers to."""

    deferred = ("index__raw", "child__raw")
    list_display = (moment("created_at"), linked("index"), linked("child"))
    list_filter = ("created_at",)
    list_select_related = ("index", "child")
    repository_paths = ()
    manifest_paths = ("index", "child")
    search_help_text = "The digest of an index, or of an image below it."
    ordering = ("-created_at", "-id")
