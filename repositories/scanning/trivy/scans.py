"""Scans of images, and what Trivy says of itself."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from repositories.scanning.child import ChildFailed, ChildLimits
from repositories.scanning.child.limits import in_words
from repositories.scanning.trivy import running
from repositories.scanning.trivy.complaints import (
    NO_DATABASE,
    TrivyCode,
    TrivyFailed,
    explained,
)
from repositories.scanning.trivy.running import is_available

if TYPE_CHECKING:
    from collections.abc import Callable

    from repositories.scanning.trivy.settings import ImageToScan, TrivySettings

__all__ = ["Database", "Version", "is_available", "scan", "version"]

_MIB = 1024 * 1024
_ASKING = ChildLimits(deadline=30, memory=512 * _MIB, output=_MIB, disk=_MIB)
# GHSA-69fq-xp46-6x23, March 2026: these were built by someone else.
_MALICIOUS = frozenset({"0.69.4", "0.69.5", "0.69.6"})


@dataclass(frozen=True, slots=True)
class Database:
    """Ages of one of Trivy's databases; None is unknown."""

    updated_at: datetime | None
    downloaded_at: datetime | None
    next_update: datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """Trivy's version, and its local databases; None where there is none."""

    number: str
    database: Database | None
    java_database: Database | None

    @property
    def is_malicious(self) -> bool:
        """Whether a release of this number is known to be an attacker's."""
        return self.number.removeprefix("v") in _MALICIOUS


def scan(
    settings: TrivySettings,
    image: ImageToScan,
    *,
    limits: ChildLimits,
    on_beat: Callable[[], None] | None = None,
) -> bytes:
    """Trivy's JSON report of one image, at most `limits.output` bytes of it.

    Nothing is downloaded but the image, and nothing of it is kept. `on_beat` is called
    about every second; what it raises ends the scan. Raises TrivyFailed.
    """
    _require_database(settings)
    place = settings.work_folder
    with TemporaryDirectory("-trivy", dir=place, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        report = folder / "report.json"
        arguments = [*_arguments(settings, folder, limits), *_of(image, report)]
        try:
            running.run(
                settings,
                arguments,
                folder=folder,
                limits=limits,
                env=_secret(settings, image),
                on_beat=on_beat,
            )
        except ChildFailed as failure:
            raise explained(failure) from None
        return _read(report, limits.output)


def _require_database(settings: TrivySettings) -> None:
    known = settings.folder / "db"
    needed = (known / "trivy.db", known / "metadata.json")
    if not settings.server and not all(path.is_file() for path in needed):
        raise TrivyFailed(TrivyCode.DATABASE, NO_DATABASE)


def _arguments(
    settings: TrivySettings, folder: Path, limits: ChildLimits
) -> tuple[str, ...]:
    return (
        "image",
        "--quiet",
        "--format=json",
        "--list-all-pkgs",
        "--scanners=vuln,license",
        "--image-src=remote",
        "--offline-scan",
        "--skip-db-update",
        "--skip-java-db-update",
        f"--timeout={running.trivys_own_deadline(limits)}",
        f"--cache-dir={running.private_cache(settings, folder)}",
    )


def _of(image: ImageToScan, report: Path) -> list[str]:
    chosen = [f"--platform={image.platform}"] if image.platform else []
    plain = ["--insecure"] if image.plain_http else []
    return [*chosen, *plain, f"--output={report}", image.reference]


def _secret(settings: TrivySettings, image: ImageToScan) -> dict[str, str]:
    """Whatever other users of the machine must not read in the list of processes."""
    given = {
        "TRIVY_REGISTRY_TOKEN": image.token,
        "TRIVY_SERVER": settings.server,
        "TRIVY_TOKEN": settings.server_token if settings.server else "",
    }
    return {name: value for name, value in given.items() if value}


def _read(report: Path, cap: int) -> bytes:
    try:
        number = os.open(report, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        text = "Trivy ended without writing a report. Check its version."
        raise TrivyFailed(TrivyCode.CRASHED, text) from None
    with os.fdopen(number, "rb") as file:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_size > cap:
            text = f"Trivy's report is larger than {in_words(cap)}. Raise this cap."
            raise TrivyFailed(TrivyCode.OUTPUT, text)
        return file.read(cap)


def version(settings: TrivySettings) -> Version:
    """Run Trivy for its version and the ages of its databases; raises TrivyFailed."""
    with TemporaryDirectory("-trivy", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        cache = running.private_cache(settings, folder)
        arguments = ["version", "--format=json", f"--cache-dir={cache}"]
        try:
            asked = running.run(settings, arguments, folder=folder, limits=_ASKING)
        except ChildFailed as failure:
            raise explained(failure) from None
    return _version(asked.stdout)


def _version(answer: bytes) -> Version:
    try:
        said = json.loads(answer)
        return Version(
            number=str(said["Version"])[:64],
            database=_database(said.get("VulnerabilityDB")),
            java_database=_database(said.get("JavaDB")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        text = "Trivy does not tell its version as JSON. Install Trivy 0.50 or later."
        raise TrivyFailed(TrivyCode.TOO_OLD, text) from None


def _database(said: dict[str, Any] | None) -> Database | None:
    if not said:
        return None
    names = ("UpdatedAt", "DownloadedAt", "NextUpdate")
    return Database(*(_time(said.get(name)) for name in names))


def _time(said: str | None) -> datetime | None:
    """Read RFC 3339; Go writes the year 1 for a time that was never set."""
    found = datetime.fromisoformat(said) if said else None
    return found if found and found.year > 1 else None
