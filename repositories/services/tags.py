"""Write what tags point to, and every move they make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from accounts.access import IMPORTER
from accounts.models import User
from repositories.models import Provenance, Scan, Tag, TagMove
from repositories.registry import TagName
from repositories.services import attachments
from repositories.services.scans import requesting
from repositories.services.webhooks import telling
from repositories.signals import tag_pushed

if TYPE_CHECKING:
    from datetime import datetime

    from repositories.models import Manifest, Repository

PROMOTION_SUBJECT = "promotion:"


class TagChanged(Exception):
    """The tag's row is not the one read before asking the registry; ask again."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What somebody saw a tag do.

    `provenance` is what the worker of a promotion knows; for what the registry reports
    it is looked up. `expected_version` is the version of the Tag row read before the
    registry was asked (0: there was none); None says that the tag points elsewhere by
    now, so only the move is recorded.
    """

    tag: str
    moved_at: datetime
    moved_by: str = ""
    event_id: str | None = None
    expected_version: int | None = None
    is_baseline: bool = False
    provenance: Provenance | None = None

    @property
    def promotion_uuid(self) -> UUID | None:
        """The promotion whose worker pushed; None for everybody else."""
        return promotion_of(self.moved_by)


def promotion_of(subject: str) -> UUID | None:
    """Return the promotion that a token's subject names; None for everybody else."""
    if not subject.startswith(PROMOTION_SUBJECT):
        return None
    try:
        return UUID(subject.removeprefix(PROMOTION_SUBJECT))
    except ValueError:
        return None


def version_of(repository: Repository, tag: str) -> int:
    """Return the version of the tag's row, 0 when there is none."""
    rows = Tag.objects.filter(repository=repository, name=tag)
    return rows.values_list("version", flat=True).first() or 0


def record_move(
    *, repository: Repository, manifest: Manifest, seen: Sighting
) -> TagMove | None:
    """Record that a tag points (or pointed) to `manifest`; None when that is no move.

    Emits `tag_pushed` for a move that is not part of the baseline. Raises TagChanged
    when somebody else wrote the tag's row in the meantime; nothing is written then.
    """
    try:
        with transaction.atomic(savepoint=False):
            seen = _with_provenance(seen)
            last = TagMove.objects.latest_of(repository, seen.tag)
            if last is None or _is_move(repository, last, manifest, seen):
                move = _new_move(repository, last, manifest, seen)
                _point(repository, manifest, move, seen)
                _scan(repository, manifest, move)
                _announce(move)
                attachments.note_tag(repository=repository, tag=seen.tag)
                return move
            if last.to_manifest_id == manifest.pk:
                _point(repository, manifest, last, seen)
    except IntegrityError as error:
        raise TagChanged from error
    return None


def _is_move(
    repository: Repository, last: TagMove, manifest: Manifest, seen: Sighting
) -> bool:
    """Tell whether what was seen changes where the tag points, or pointed.

    News of a push that is over, and older than the last move known, comes too late: to
    append it now would make the history end in what the registry does not have.
    """
    if seen.expected_version is None:
        is_late = seen.moved_at < last.moved_at
        return last.to_manifest_id != manifest.pk and not is_late
    if last.to_manifest_id != manifest.pk:
        return True
    elsewhere = Tag.objects.filter(repository=repository, name=seen.tag)
    return elsewhere.exclude(manifest=manifest).exists()


def _announce(move: TagMove) -> None:
    if not move.is_baseline:
        tag_pushed.send(sender=TagMove, move_id=move.pk)
        telling.tag_pushed(move)


def _scan(repository: Repository, manifest: Manifest, move: TagMove) -> None:
    """Have what was pushed scanned, where the repository scans on push.

    What was scanned before, such as an image that was promoted, is not scanned again.
    What the first walk finds may be the whole registry: it waits to be asked for.
    """
    attached = TagName.parse(move.tag).attached_to or manifest.subject_digest
    is_old = move.is_baseline and move.moved_by != IMPORTER
    if repository.scan_on_push and not (is_old or attached):
        requesting.want(
            repository=repository, manifest=manifest, trigger=Scan.Trigger.PUSH
        )


def record_deletion(*, repository: Repository, seen: Sighting) -> TagMove | None:
    """Record that the tag is gone from the registry; None when it was not there."""
    with transaction.atomic():
        rows = Tag.objects.filter(
            repository=repository, name=seen.tag, version=seen.expected_version or 0
        )
        if not rows.delete()[0]:
            return None
        attachments.note_tag(repository=repository, tag=seen.tag)
        last = TagMove.objects.latest_of(repository, seen.tag)
        move = _new_move(repository, last, None, seen)
        telling.tag_deleted(move)
        return move


def _new_move(
    repository: Repository,
    last: TagMove | None,
    manifest: Manifest | None,
    seen: Sighting,
) -> TagMove:
    return TagMove.objects.create(
        repository=repository,
        tag=seen.tag,
        from_manifest_id=last.to_manifest_id if last else None,
        to_manifest=manifest,
        moved_at=seen.moved_at,
        moved_by=seen.moved_by,
        originated_by_id=_originator(seen),
        promotion_uuid=seen.promotion_uuid,
        event_id=seen.event_id,
        is_baseline=seen.is_baseline,
    )


def _with_provenance(seen: Sighting) -> Sighting:
    if seen.promotion_uuid is None or seen.provenance is not None:
        return seen
    rows = Provenance.objects.filter(promotion_uuid=seen.promotion_uuid)
    return replace(seen, provenance=rows.first())


def _originator(seen: Sighting) -> int | None:
    """Return the person at the root: of the promotion's chain, or the pusher.

    Behind a robot stands who is responsible for it at the time.
    """
    if seen.promotion_uuid is not None:
        return seen.provenance.originated_by_id if seen.provenance else None
    rows = User.objects.filter(username=seen.moved_by)
    person = Coalesce("robot__responsible", "pk")
    return rows.values_list(person, flat=True).first() if seen.moved_by else None


def _point(
    repository: Repository, manifest: Manifest, move: TagMove, seen: Sighting
) -> None:
    """Let the Tag row point to the manifest, if it is still the row that was read."""
    if seen.expected_version is None:
        return
    values = {
        "manifest": manifest,
        "current_move": move,
        "updated_at": move.moved_at,
        "missed_at": None,
        **_provenance(seen.provenance),
    }
    if seen.expected_version == 0:
        Tag.objects.create(
            repository=repository,
            name=seen.tag,
            created_at=move.moved_at,
            **values,
        )
        return
    rows = Tag.objects.filter(
        repository=repository, name=seen.tag, version=seen.expected_version
    )
    if not rows.update(version=F("version") + 1, **values):
        raise TagChanged


def _provenance(found: Provenance | None) -> dict[str, Any]:
    """Return a tag's columns that say where it was promoted from, if it was."""
    return {
        "source_repository": found.source_repository if found else "",
        "source_tag": found.source_tag if found else "",
        "policy_uuid": found.policy_uuid if found else None,
        "promotion_uuid": found.promotion_uuid if found else None,
    }
