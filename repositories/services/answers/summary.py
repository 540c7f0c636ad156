"""What a list of tags says of each: counts of vulnerabilities, or why not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from repositories.models import Scan
from repositories.scanning.report import Kind
from repositories.scanning.severity import Counts
from repositories.services.answers.choosing import Answer, choose, known_at, ranked
from repositories.services.answers.found import (
    applying,
    counts_of,
    findings_of,
    in_force,
)
from repositories.services.answers.images import images_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from repositories.models import Manifest, Repository, VulnerabilityException
    from repositories.services.answers.choosing import Answers


class Progress(StrEnum):
    """How far the scans of an image are, what is under way first."""

    RUNNING = "running"
    QUEUED = "queued"
    FAILED = "failed"
    UNSCANNED = "unscanned"
    INVENTORIED = "inventoried"  # components only
    SCANNED = "scanned"
    NO_IMAGE = "no image"


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one image, or of an index: the worst of its platforms, number by number.

    `counts` is None where no scan looked for vulnerabilities; `gap` says why they may
    be too low, `error` why the last scan failed.
    """

    progress: Progress
    counts: Counts | None = None
    gap: str = ""
    error: str = ""
    known_at: datetime | None = None

    @property
    def is_clean(self) -> bool:
        """Whether all was looked at, and nothing found."""
        return self.counts == Counts() and not self.gap

    @property
    def is_under_way(self) -> bool:
        return self.progress in {Progress.RUNNING, Progress.QUEUED}


@dataclass(frozen=True, slots=True)
class Image:
    """One image with its scans, of one repository, and which of them answer."""

    manifest: Manifest
    scans: list[Scan]
    answers: Answers

    @property
    def progress(self) -> Progress:
        """Tell what is under way before what is there."""
        states = {scan.state for scan in self.scans}
        if Scan.State.RUNNING in states:
            return Progress.RUNNING
        if Scan.State.QUEUED in states:
            return Progress.QUEUED
        if self.answers[Kind.VULNERABILITIES].scan:
            return Progress.SCANNED
        if self.answers[Kind.COMPONENTS].scan:
            return Progress.INVENTORIED
        return Progress.FAILED if Scan.State.FAILED in states else Progress.UNSCANNED

    @property
    def failed(self) -> list[Scan]:
        """Return the scans that failed and were not done again since."""
        return [scan for scan in self.scans if scan.state == Scan.State.FAILED]


def images_with_scans(
    repository: Repository, manifests: Iterable[Manifest]
) -> dict[int, list[Image]]:
    """Return the images of each manifest by its key; two queries."""
    images = images_of((repository.pk, manifest) for manifest in manifests)
    keys = {image.pk for found in images.values() for image in found}
    scans: dict[int, list[Scan]] = defaultdict(list)
    rows = Scan.objects.shown_in(repository).filter(manifest__in=keys).to_show()
    for scan in ranked(repository, rows) if keys else ():
        scans[scan.manifest_id].append(scan)
    return {
        key: [Image(one, scans[one.pk], choose(scans[one.pk])) for one in found]
        for (_, key), found in images.items()
    }


def summaries_of(
    repository: Repository, manifests: Iterable[Manifest]
) -> dict[int, Summary]:
    """Return what a list says of each manifest, by its key.

    A constant number of queries: the stored counts, or, where something is hidden in
    the repository, the findings of the whole list once.
    """
    rows = {manifest.pk: manifest for manifest in manifests}
    images = images_with_scans(repository, rows.values())
    count = _Counting.of(repository, rows, images)
    return {
        key: worst_of([count.summary(rows[key], image) for image in found])
        for key, found in images.items()
    }


def worst_of(summaries: list[Summary]) -> Summary:
    """Return what is said of an index with these platforms."""
    if not summaries:
        return Summary(Progress.NO_IMAGE)
    order = list(Progress)
    first = min(summaries, key=lambda one: order.index(one.progress))
    counted = [one.counts for one in summaries if one.counts]
    gaps = [one.gap for one in summaries if one.gap]
    if counted and len(counted) < len(summaries):
        gaps.insert(0, "not every platform was scanned for vulnerabilities")
    times = [one.known_at for one in summaries if one.known_at]
    return Summary(
        first.progress,
        _maximum(counted) if counted else None,
        gap=gaps[0] if gaps else "",
        error=first.error,
        known_at=min(times, default=None),
    )


def _maximum(counted: list[Counts]) -> Counts:
    return Counts(
        critical=max(one.critical for one in counted),
        major=max(one.major for one in counted),
        minor=max(one.minor for one in counted),
        all=max(one.all for one in counted),
    )


@dataclass(frozen=True, slots=True)
class _Counting:
    exceptions: list[VulnerabilityException]
    recounted: dict[tuple[int, int], Counts]

    @classmethod
    def of(
        cls,
        repository: Repository,
        rows: dict[int, Manifest],
        images: dict[int, list[Image]],
    ) -> _Counting:
        pairs = [(rows[key], one) for key, found in images.items() for one in found]
        digests = {row.digest for pair in pairs for row in (pair[0], pair[1].manifest)}
        exceptions = in_force(repository, digests) if digests else []
        recounted: dict[tuple[int, int], Counts] = {}
        if exceptions:
            scans = {scan.pk for _, one in pairs if (scan := _answering(one))}
            found = findings_of(scans)
            for row, one in pairs:
                if scan := _answering(one):
                    there = applying(exceptions, (row.digest, one.manifest.digest))
                    recounted[row.pk, scan.pk] = counts_of(found[scan.pk], there)
        return cls(exceptions, recounted)

    def summary(self, row: Manifest, image: Image) -> Summary:
        scan = _answering(image)
        return summary_of(image, self._counts(row, scan) if scan else None)

    def _counts(self, row: Manifest, scan: Scan) -> Counts:
        if self.exceptions:
            return self.recounted[row.pk, scan.pk]
        return counts_in(scan)


def counts_in(scan: Scan) -> Counts:
    """Return what a scan counted when it was stored; nothing is subtracted."""
    return Counts(
        critical=scan.critical_count,
        major=scan.major_count,
        minor=scan.minor_count,
        all=scan.vulnerability_count,
    )


def summary_of(image: Image, counts: Counts | None = None) -> Summary:
    """Return what is said of one image, whose vulnerabilities were counted."""
    answer: Answer = image.answers[Kind.VULNERABILITIES]
    error = next((scan.error for scan in image.failed), "")
    if answer.scan is None:
        return Summary(image.progress, error=error)
    at = known_at(answer.scan)
    return Summary(image.progress, counts, answer.gap, error, at)


def _answering(image: Image) -> Scan | None:
    return image.answers[Kind.VULNERABILITIES].scan
