"""Scan with the Trivy on this worker: a child that may read one repository."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from repositories.models import Scanner
from repositories.registry import Action, RepositoryName, ResourceScope
from repositories.scanning import formats, trivy
from repositories.scanning.child import ChildLimits
from repositories.scanning.report import Kind
from repositories.services.registry import signer
from repositories.services.scans.job import ScanFailed

if TYPE_CHECKING:
    from repositories.scanning.report import Report
    from repositories.services.scans.job import Job

VERSION_SECONDS = 300  # how long its version and the age of its database are believed
UPDATE_SECONDS = 1800


def run(job: Job) -> Report:
    """Run Trivy on the image; raises ScanFailed with a sentence."""
    try:
        version = _version(int(time.monotonic() // VERSION_SECONDS))
        if version.is_malicious:
            message = f"Trivy {version.number} is a build known to be malicious."
            raise ScanFailed(f"{message} Replace it, and all secrets it could read.")
        report = trivy.scan(
            configured(), _image(job), limits=_limits(job), on_beat=job.beat
        )
        return _read(report, version)
    except trivy.TrivyFailed as error:
        raise ScanFailed(str(error), temporary=error.temporary) from error


def configured() -> trivy.TrivySettings:
    """Return how Trivy is run here."""
    return trivy.TrivySettings(
        folder=settings.TRIVY_FOLDER,
        program=settings.TRIVY_PROGRAM,
        server=settings.TRIVY_SERVER,
        server_token=settings.TRIVY_SERVER_TOKEN,
        mirror=settings.TRIVY_MIRROR,
        java_mirror=settings.TRIVY_JAVA_MIRROR,
        java=settings.TRIVY_JAVA,
        network=os.environ,
        work_folder=Path(settings.SCAN_FOLDER) if settings.SCAN_FOLDER else None,
    )


def update_databases() -> None:
    """Download Trivy's databases anew; raises ScanFailed, and the old ones remain."""
    limits = ChildLimits(
        deadline=UPDATE_SECONDS, memory=settings.SCAN_MEMORY, disk=settings.SCAN_DISK
    )
    try:
        trivy.update_databases(configured(), limits=limits)
    except trivy.TrivyFailed as error:
        raise ScanFailed(str(error), temporary=error.temporary) from error


def is_available() -> bool:
    """Tell whether this machine has a Trivy to run."""
    return trivy.is_available(configured())


def enable_if_found() -> None:
    """Switch the scanner on the first time that a Trivy is found; then people do."""
    rows = Scanner.objects.filter(kind=Scanner.Kind.TRIVY, metadata={})
    if is_available():
        rows.update(is_enabled=True, metadata={"name": "Trivy"})


@lru_cache(maxsize=1)
def _version(_period: int) -> trivy.Version:
    return trivy.version(configured())


def _image(job: Job) -> trivy.ImageToScan:
    """Name the image as the worker reaches it, with a token for its repository only."""
    registry = urlsplit(settings.REGISTRY_URL)
    place = f"{registry.netloc}{registry.path}"
    scope = ResourceScope.repository(
        RepositoryName.parse(job.repository.full_name), Action.PULL
    )
    signed = signer().sign(
        f"scan:{job.scan.uuid}",
        (scope,),
        lifetime_seconds=_seconds_left(job),
        now=timezone.now(),
    )
    return trivy.ImageToScan(
        reference=f"{place}/{job.repository.full_name}@{job.image.digest}",
        token=signed.token,
        plain_http=registry.scheme == "http",
    )


def _seconds_left(job: Job) -> int:
    end = job.scan.ends_by
    left = (end - timezone.now()).total_seconds() if end else settings.SCAN_DEADLINE
    return max(int(left), 1)


def _limits(job: Job) -> ChildLimits:
    return ChildLimits(
        deadline=_seconds_left(job),
        memory=settings.SCAN_MEMORY,
        output=settings.REPORT_MAX_BYTES,
        disk=settings.SCAN_DISK,
    )


def _read(report: bytes, version: trivy.Version) -> Report:
    """Read Trivy's report; we told it what to look for, so all of it was looked for."""
    try:
        found = formats.read(
            report, settings.REPORT_MAX_BYTES, complete=frozenset(Kind)
        )
    except formats.UnreadableReport as error:
        message = f"Trivy's report cannot be read: {error}"
        raise ScanFailed(message) from error
    database = version.database
    return replace(found, advisories_at=database.updated_at if database else None)
