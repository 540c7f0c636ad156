"""Trivy, run as a child: scans of images, its version, updates of its databases."""

from __future__ import annotations

from repositories.scanning.trivy.complaints import TrivyCode, TrivyFailed
from repositories.scanning.trivy.databases import update_databases
from repositories.scanning.trivy.scans import (
    Database,
    Version,
    is_available,
    scan,
    version,
)
from repositories.scanning.trivy.settings import ImageToScan, TrivySettings

__all__ = [
    "Database",
    "ImageToScan",
    "TrivyCode",
    "TrivyFailed",
    "TrivySettings",
    "Version",
    "is_available",
    "scan",
    "update_databases",
    "version",
]
