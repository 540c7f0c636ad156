"""A client of Harbor's scanner adapter API, versions 1.0 to 1.2.

Specification: goharbor/pluggable-scanner-spec. Who connects, and with which
credentials, is the caller's affair: see `Fetch`.
"""

from __future__ import annotations

from repositories.scanning.adapter.client import (
    Adapter,
    AdapterFailed,
    NotYet,
    ScanRequest,
    UnknownScan,
)
from repositories.scanning.adapter.exchange import MAX_ANSWER, MAX_REPORT, Fetch, Reply
from repositories.scanning.adapter.kinds import IMAGE_TYPES, ReportKind
from repositories.scanning.adapter.merging import merged
from repositories.scanning.adapter.metadata import Capability, Metadata, database_moment
from repositories.scanning.adapter.submission import Submission

__all__ = [
    "IMAGE_TYPES",
    "MAX_ANSWER",
    "MAX_REPORT",
    "Adapter",
    "AdapterFailed",
    "Capability",
    "Fetch",
    "Metadata",
    "NotYet",
    "Reply",
    "ReportKind",
    "ScanRequest",
    "Submission",
    "UnknownScan",
    "database_moment",
    "merged",
]
