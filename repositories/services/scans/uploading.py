"""Take in reports that somebody else made, such as CI: they count where they belong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from accounts.access import Action
from accounts.models import User
from accounts.permissions import require
from accounts.services import audit
from accounts.validators import validate_name
from repositories.models import Scan
from repositories.scanning.formats import UnreadableReport, read
from repositories.services.scans.recording import record
from repositories.services.scans.subject import image_of

if TYPE_CHECKING:
    from typing import BinaryIO

    from accounts.access import Actor
    from repositories.models import Manifest, Repository
    from repositories.scanning.report import Kind, Report

ORIGIN = "upload"
AGAIN = 3
MAX_LABELS = 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A report as it was sent.

    `digest` is the image that the caller says it is of, "" to go by the report alone.
    `label` tells several sources of reports apart: they count as `upload:label`.
    `complete` are the kinds whose list the caller states to be complete.
    """

    body: BinaryIO
    digest: str = ""
    label: str = ""
    complete: frozenset[Kind] = field(default_factory=frozenset)

    @property
    def origin(self) -> str:
        """What policies name for the report to count."""
        return f"{ORIGIN}:{self.label}" if self.label else ORIGIN


def upload(*, actor: Actor, repository: Repository, sent: Upload) -> Scan:
    """Keep a report as a completed scan that counts in this repository only.

    Needs the right `scan`. Raises ValidationError when the report cannot be read, names
    another image, or the repository does not hold the image.
    """
    require(actor, Action.SCAN, repository)
    if sent.label:
        validate_name(sent.label)
    try:
        report = read(sent.body, settings.REPORT_MAX_BYTES, complete=sent.complete)
    except UnreadableReport as error:
        raise ValidationError(str(error), code="unreadable_report") from error
    image = image_of(repository=repository, report=report, digest=sent.digest)
    _refuse_too_many(repository, image, sent.origin)
    return _keep(actor, repository, image, report, sent)


def _refuse_too_many(repository: Repository, image: Manifest, origin: str) -> None:
    """Bound the reports of an image, as each page that shows it reads them all."""
    rows = Scan.objects.filter(manifest=image, trusted_repository=repository)
    others = rows.filter(is_current=True).exclude(origin=origin)
    if others.count() >= MAX_LABELS:
        message = f"An image has reports under at most {MAX_LABELS} labels; reuse one."
        raise ValidationError(message, code="too_many_labels")


def _keep(
    actor: Actor, repository: Repository, image: Manifest, report: Report, sent: Upload
) -> Scan:
    now = timezone.now()
    for _ in range(AGAIN):
        scan = Scan(
            manifest=image,
            repository=repository,
            origin=sent.origin,
            trusted_repository=repository,
            trigger=Scan.Trigger.UPLOAD,
            requested_by=actor.user if isinstance(actor.user, User) else None,
            started_at=now,
        )
        try:
            record(scan=scan, report=report, lease=None)
        except IntegrityError:  # another upload of the same origin was faster
            continue
        _audit(actor, repository, scan)
        return scan
    message = "Other reports of this image are being uploaded; try again in a moment."
    raise ValidationError(message, code="busy")


def _audit(actor: Actor, repository: Repository, scan: Scan) -> None:
    audit.record(
        actor=actor,
        action="upload scan report",
        subject=scan,
        namespace=repository.namespace,
        after={
            "repository": str(repository),
            "digest": scan.manifest.digest,
            "origin": scan.origin,
            "source": scan.source,
        },
    )
