"""Scans: started, read, searched, exported, and what is hidden of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, path

from repositories import api as repositories

if TYPE_CHECKING:
    from accounts.api import Operation

IMAGE = "<api_name:namespace>/<repository_path:name>/<api_name:reference>"
PLATFORM = "<api_name:tag>/<api_name:os>/<api_name:arch>"


def of_scans(rest: str, view: type[Operation]) -> URLPattern:
    """Route what follows MSR's word for scans."""
    return path(f"imagescan/{rest}", view.as_view())


def search(subject: str, view: type[Operation]) -> URLPattern:
    """Route a search; what is looked for may be a purl, which has slashes."""
    return of_scans(f"scansummary/{subject}/<search_term:term>", view)


urlpatterns = [
    of_scans("status", repositories.Status),
    of_scans("scan", repositories.ScanAll),
    of_scans("scan/update", repositories.ScanUpdate),
    of_scans(
        f"scan/<api_name:namespace>/<repository_path:name>/{PLATFORM}",
        repositories.ScanImage,
    ),
    of_scans("scansummary/tags", repositories.TagSummaries),
    of_scans(f"scansummary/repositories/{IMAGE}/export", repositories.ExportSummary),
    of_scans(f"scansummary/repositories/{IMAGE}", repositories.ReferenceSummary),
    search("cve", repositories.ByCve),
    search("component", repositories.ByComponent),
    search("layer", repositories.ByLayer),
    search("license", repositories.ByLicense),
    of_scans(f"repositories/{IMAGE}", repositories.OldSummary),
    of_scans("layeroverride", repositories.LayerOverrideList),
    of_scans("layeroverride/<api_name:key>", repositories.LayerOverride),
]
