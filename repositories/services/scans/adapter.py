"""Scan with an adapter of Harbor's scanner API: submit, and ask again later.

No worker waits while the adapter works: each call of `run` asks once.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils import timezone

from repositories.models import Scan, Scanner
from repositories.outbound import Answer, Call, OutboundError
from repositories.scanning.adapter import (
    MAX_ANSWER,
    Adapter,
    AdapterFailed,
    NotYet,
    ReportKind,
    ScanRequest,
    Submission,
    UnknownScan,
    database_moment,
    merged,
)
from repositories.services import outbound
from repositories.services.scans import credentials
from repositories.services.scans.job import NotReady, ScanFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from repositories.scanning.report import Report
    from repositories.services.scans.job import Job

log = structlog.get_logger()

FIRST_WAIT = 5.0  # seconds from submitting to the first question
WAIT_AFTER_SETBACK = 10.0
MAX_SETBACKS = 5  # of one submission; then the attempt has failed
MAX_SECONDS = 30.0  # for one exchange with an adapter

# What is allowed for administrators' scanners is not allowed for tenants'.
PURPOSE, TENANTS_PURPOSE = "scanner", "tenant-scanner"


def run(job: Job) -> Report:
    """Submit the image, or ask for its report; raises NotReady and ScanFailed."""
    scanner = job.scan.scanner
    if scanner is None:
        message = f"The scanner “{job.scan.origin}” was removed."
        raise ScanFailed(message)
    attempt = _Attempt(job, scanner, adapter_of(scanner, job.beat))
    submission = Submission.parse(job.scan.remote_id)
    with attempt.told():
        if submission is None:
            raise attempt.submitted()
        return attempt.reported(submission)


def purpose_of(scanner: Scanner) -> str:
    """Return the word under which the operator allows the scanner's address."""
    return PURPOSE if scanner.namespace_id is None else TENANTS_PURPOSE


def adapter_of(scanner: Scanner, beat: Callable[[], None] = lambda: None) -> Adapter:
    """Return a client of the scanner's adapter; `beat` is called before each call."""
    return Adapter(_Fetch(scanner, beat), settings.REPORT_MAX_BYTES)


@dataclass(frozen=True, slots=True)
class _Fetch:
    scanner: Scanner
    beat: Callable[[], None]

    def __call__(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        max_bytes: int = MAX_ANSWER,
    ) -> Answer:
        self.beat()
        call = Call(
            purpose_of(self.scanner),
            method,
            self.scanner.url.rstrip("/").removesuffix("/api/v1") + path,
            {**headers, **_authorization(self.scanner)},
            body,
            max_bytes,
            # A lease outlives any call that begins with a beat.
            seconds=min(MAX_SECONDS, settings.LEASE_SECONDS / 2),
            ca_certificate=self.scanner.ca_certificate,
        )
        return outbound.client().send(call)


def _authorization(scanner: Scanner) -> dict[str, str]:
    if scanner.authentication == Scanner.Authentication.BASIC:
        return {"Authorization": _basic(scanner.username, scanner.secret)}
    if scanner.authentication == Scanner.Authentication.BEARER:
        return {"Authorization": f"Bearer {scanner.secret}"}
    return {}


def _basic(username: str, password: str) -> str:
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class _Attempt:
    job: Job
    scanner: Scanner
    adapter: Adapter

    def submitted(self, setbacks: int = 0) -> NotReady:
        """Give the adapter the image; return what to raise then."""
        metadata = self.adapter.metadata()
        rows = Scanner.objects.filter(pk=self.scanner.pk)
        rows.update(
            metadata=metadata.as_json(), checked_at=timezone.now(), check_error=""
        )
        kinds = metadata.kinds_for(self.job.image.media_type)
        if not kinds:
            media_type = self.job.image.media_type
            raise AdapterFailed(f"makes no report of images of the type {media_type}")
        request = self._request()
        remote_id = self.adapter.submit(request, kinds, is_typed=metadata.is_typed)
        return NotReady(str(Submission(remote_id, kinds, setbacks)), FIRST_WAIT)

    def reported(self, submission: Submission) -> Report:
        """Return what the adapter found; raises NotReady while it works."""
        try:
            reports = dict(self._reports(submission))
        except NotYet as error:
            raise NotReady(str(submission), error.after_seconds) from None
        except UnknownScan:
            raise self._again(submission) from None
        except (AdapterFailed, OutboundError) as error:
            raise self._later(submission, error) from error
        return self._complete(reports)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say in a sentence what the adapter did; raises ScanFailed."""
        try:
            yield
        except AdapterFailed as error:
            message = f"The scanner “{self.scanner}” {self._without_secrets(error)}."
            raise ScanFailed(
                message, temporary=error.temporary, retry_after=error.retry_after
            ) from error
        except OutboundError as error:
            log.warning(
                "scanner_not_reached", scanner=self.scanner.name, cause=error.detail
            )
            message = f"The scanner “{self.scanner}” was not reached. {error}"
            raise ScanFailed(message, temporary=True) from error

    def _request(self) -> ScanRequest:
        scan, repository = self.job.scan, self.job.repository
        rows = Scan.objects.filter(pk=scan.pk, lease_token=scan.lease_token)
        rows.update(repository=repository)  # which the credentials are good for
        return ScanRequest(
            registry_url=settings.SCANNER_REGISTRY_URL,
            authorization=_basic(*credentials.issue(scan=scan)),
            repository=repository.full_name,
            digest=self.job.image.digest,
            mime_type=self.job.image.media_type,
        )

    def _reports(self, submission: Submission) -> Iterator[tuple[ReportKind, Report]]:
        """Ask for all reports; what the adapter does not make after all is left out."""
        digest, refused, got = self.job.image.digest, None, 0
        for kind in submission.kinds:
            try:
                yield kind, self.adapter.report(submission.id, kind, digest)
                got += 1
            except AdapterFailed as error:
                if not error.unsupported:
                    raise
                refused = error
        if refused and not got:
            raise refused

    def _again(self, submission: Submission) -> Exception:
        if submission.setbacks >= MAX_SETBACKS:
            return AdapterFailed("forgets the image again and again", temporary=True)
        return self.submitted(submission.setbacks + 1)

    def _later(
        self, submission: Submission, error: AdapterFailed | OutboundError
    ) -> Exception:
        """Ask again a few times while what is in the way may be temporary."""
        wait = None
        if isinstance(error, AdapterFailed):
            if error.ended or not error.temporary:
                return error
            wait = error.retry_after
        if submission.setbacks >= MAX_SETBACKS:
            return error
        noted = replace(submission, setbacks=submission.setbacks + 1)
        return NotReady(str(noted), wait or WAIT_AFTER_SETBACK)

    def _complete(self, reports: Mapping[ReportKind, Report]) -> Report:
        sboms = [one for kind, one in reports.items() if kind.sbom_media_type]
        found = [one for kind, one in reports.items() if not kind.sbom_media_type]
        report = merged(sboms[0], found[0]) if sboms and found else (sboms + found)[0]
        return replace(
            report,
            digests=frozenset({self.job.image.digest}),
            advisories_at=self._advisories_at() if found else report.advisories_at,
        )

    def _advisories_at(self) -> datetime | None:
        """Return how new the adapter's database was; it said so when it got the image.

        By now another scan may have heard of a newer one.
        """
        moment, started = (
            database_moment(self.scanner.metadata),
            self.job.scan.started_at,
        )
        return min(moment, started) if moment and started else moment

    def _without_secrets(self, error: AdapterFailed) -> str:
        """Return its sentence without the credentials that we gave the adapter."""
        username, password = credentials.issue(scan=self.job.scan)
        given = _basic(username, password).removeprefix("Basic ")
        return str(error).replace(given, "…").replace(password, "…")
