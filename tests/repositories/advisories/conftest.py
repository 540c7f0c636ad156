"""Images with packages, and advisories about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from repositories.models import Manifest, Repository, Scan
from repositories.scanning.report import FoundComponent, Kind, Place, Report
from repositories.services import advisories
from repositories.services.scans.recording import record
from repositories.signals import scan_completed
from tests.factories import make_manifest, make_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LAYER = "sha256:" + "1" * 64
DJANGO = "pkg:pypi/django@3.2"
ZLIB = "pkg:deb/debian/zlib1g@1.2.13-1?distro=debian-12&upstream=zlib"


def report_of(*purls: str) -> Report:
    """What the inventory says of an image: its components, and nothing else."""
    place = Place(LAYER, "usr/lib/packages")
    found = tuple(FoundComponent(purl, places=(place,)) for purl in purls)
    coverage = {Kind.COMPONENTS: None, Kind.LICENSES: None}
    return Report("built-in", found, coverage=coverage)


@pytest.fixture
def repository(db: None) -> Repository:
    return make_repository(name="dev/website")


@pytest.fixture
def scanned(repository: Repository) -> Callable[..., Scan]:
    """Scan a new image with packages, as the built-in scanner does."""

    def scan(*purls: str, **values: Any) -> Scan:
        now = timezone.now()
        row = Scan(
            manifest=make_manifest(repository=repository),
            origin="built-in",
            started_at=now,
            **values,
        )
        report = advisories.complete(report=report_of(*(purls or (DJANGO,))))
        record(scan=row, report=report, lease=None)
        return row

    return scan


@pytest.fixture
def announced() -> Iterator[list[Manifest]]:
    """The images of whose scans other apps heard."""
    heard: list[Manifest] = []

    def listen(*, manifest_id: int, **_kwargs: Any) -> None:
        heard.append(Manifest.objects.get(pk=manifest_id))

    scan_completed.connect(listen)
    yield heard
    scan_completed.disconnect(listen)
