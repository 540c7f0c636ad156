"""`/api/v0/imagescan`: what scans found, in MSR's shapes, and scans on request."""

from __future__ import annotations

from repositories.api.imagescan.export import ExportSummary
from repositories.api.imagescan.overrides import LayerOverride, LayerOverrideList
from repositories.api.imagescan.scanning import ScanAll, ScanImage, ScanUpdate, Toggle
from repositories.api.imagescan.search import (
    ByComponent,
    ByCve,
    ByLayer,
    ByLicense,
)
from repositories.api.imagescan.status import Status
from repositories.api.imagescan.summaries import (
    OldSummary,
    ReferenceSummary,
    TagSummaries,
)

__all__ = [
    "ByComponent",
    "ByCve",
    "ByLayer",
    "ByLicense",
    "ExportSummary",
    "LayerOverride",
    "LayerOverrideList",
    "OldSummary",
    "ReferenceSummary",
    "ScanAll",
    "ScanImage",
    "ScanUpdate",
    "Status",
    "TagSummaries",
    "Toggle",
]
