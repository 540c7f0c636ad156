"""Scans and what is found in them."""

from __future__ import annotations

from msr.api.described.kinds import Described, Rows, listed
from msr.api.shapes import scans as found
from repositories import api as repositories
from repositories.api.imagescan.export import ExportQuery
from repositories.api.imagescan.overrides import OverrideForm
from repositories.api.imagescan.reading import PlatformQuery
from repositories.api.imagescan.scanning import ScanOptions, ToggleForm
from repositories.api.imagescan.summaries import ImagesForm

_SEARCH = {"get": listed([found.Found])}
_SUMMARY = {"get": Described([found.ScanSummary], query=PlatformQuery)}

DESCRIBED: Rows = {
    repositories.Status: {"get": Described(found.ScannerStatus)},
    repositories.ScanAll: {"post": Described(found.Nothing, body=ScanOptions)},
    repositories.ScanUpdate: {"put": Described(found.Nothing)},
    repositories.ScanImage: {"post": Described(found.Nothing)},
    repositories.Toggle: {"post": Described(found.Nothing, body=ToggleForm)},
    repositories.TagSummaries: {
        "post": Described(found.ThinSummaries, body=ImagesForm)
    },
    repositories.ExportSummary: {
        "get": Described([found.ScanSummary], query=ExportQuery)
    },
    repositories.ReferenceSummary: _SUMMARY,
    repositories.OldSummary: {
        "get": Described([found.OldSummary], query=PlatformQuery)
    },
    repositories.ByCve: _SEARCH,
    repositories.ByComponent: _SEARCH,
    repositories.ByLayer: _SEARCH,
    repositories.ByLicense: _SEARCH,
    repositories.LayerOverrideList: {"get": Described([found.Override])},
    repositories.LayerOverride: {
        "post": Described([found.Override], body=OverrideForm),
        "delete": Described(found.Nothing),
    },
}
