"""Which moves of tags are asked about again, and which old answers are forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from promotions.models import Decision, Evaluation, Promotion
from repositories.models import (
    AttachmentNotice,
    Finding,
    ImageSignature,
    IndexChild,
    Manifest,
    Scan,
    SigningKey,
    Tag,
    VulnerabilityAlias,
    VulnerabilityException,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

BATCH = 1000


def moves_of_image(*, manifest_id: int) -> set[int]:
    """Return the moves to ask about again because there is news of an image.

    Those that tags make it current by, alone or as a part of an index, and those
    whose decision waits for it.
    """
    return _moves_of(Manifest.objects.filter(pk=manifest_id).values("pk"))


def moves_of_exception(*, exception_id: int) -> set[int]:
    """Return the moves in whose images the vulnerability was found, in the scope."""
    exception = VulnerabilityException.objects.get(pk=exception_id)
    scope = {"repository": exception.repository_id}
    if exception.namespace_id:
        scope = {"repository__namespace": exception.namespace_id}
    return _moves_of(images_of_exception(exception), **scope)


def images_of_exception(exception: VulnerabilityException) -> QuerySet[Any, Any]:
    """Return the keys of the images in which its vulnerability was found, anywhere."""
    ids = VulnerabilityAlias.objects.names_of(exception.vulnerability)
    found = Finding.objects.filter(vulnerability__identifier__in=ids)
    return found.values("scan__manifest")


def moves_of_attachment(*, notice: AttachmentNotice) -> set[int]:
    """Return the moves to ask about again because of what is attached to an image."""
    image = Manifest.objects.filter(digest=notice.subject_digest).values("pk")
    return _moves_of(image, repository=notice.repository_id)


def moves_of_key(*, key: SigningKey) -> set[int]:
    """Return the moves of all images that the key signed, wherever they are."""
    digests = {
        one.subject_digest
        for one in ImageSignature.objects.iterator(chunk_size=BATCH)
        if key.signed(one)
    }
    moves: set[int] = set()
    for some in _batches(sorted(digests)):
        moves |= _moves_of(Manifest.objects.filter(digest__in=some).values("pk"))
    return moves


def due_moves(*, limit: int) -> list[int]:
    """Return the moves whose decision waited for a time that has come."""
    due = Decision.objects.filter(
        verdict=Decision.Verdict.WAITING, reevaluate_at__lte=timezone.now()
    )
    return list(_keys(due.order_by("reevaluate_at"))[:limit])


def overlooked_moves(*, limit: int) -> list[int]:
    """Return waiting moves that there is news of since they were asked about last.

    A scan ended, or was matched against newer advisories, and its message was lost:
    the rows are what counts.
    """
    asked_at = OuterRef("evaluation__created_at")
    news = Scan.objects.filter(
        Q(manifest=OuterRef("tag_move__to_manifest"))
        | Q(manifest__parents__index=OuterRef("tag_move__to_manifest")),
        Q(finished_at__gt=asked_at) | Q(matched_at__gt=asked_at),
        state=Scan.State.COMPLETED,
    )
    waiting = Decision.objects.filter(Exists(news), verdict=Decision.Verdict.WAITING)
    return list(_keys(waiting.order_by("id"))[:limit])


def overlooked_attachments(*, limit: int) -> list[int]:
    """Return the keys of news of attachments that nobody acted upon."""
    before = timezone.now() - timedelta(seconds=settings.SWEEP_PERIOD)
    rows = AttachmentNotice.objects.overlooked(before).order_by("changed_at")
    return list(rows.values_list("pk", flat=True)[:limit])


def overlooked_keys(*, limit: int) -> list[int]:
    """Return keys that were made or retired, and nobody acted upon it.

    All signatures are verified for it: a worker is given the time of a lease.
    """
    before = timezone.now() - timedelta(seconds=settings.LEASE_SECONDS)
    rows = SigningKey.objects.overlooked(before).order_by("id")
    return list(rows.values_list("pk", flat=True)[:limit])


def expired_exceptions() -> list[int]:
    """Return the keys of exceptions that have run out, each once."""
    rows = VulnerabilityException.objects.filter(
        ended_at__isnull=True,
        expiry_noticed_at__isnull=True,
        expires_at__lte=timezone.now(),
    )
    keys = list(rows.values_list("pk", flat=True)[:BATCH])
    rows.filter(pk__in=keys).update(expiry_noticed_at=timezone.now())
    return keys


def compact(*, older_than: timedelta | None = None) -> int:
    """Delete old decisions and evaluations that nothing rests on; return how many.

    A decision on which a promotion rests stays for ever, with its version, facts and
    exceptions; so does what still waits, and the first and the last evaluation of each
    move.
    """
    before = timezone.now() - (older_than or timedelta(days=settings.DECISION_DAYS))
    promotions = Promotion.objects.filter(decision=OuterRef("pk"))
    decisions = Decision.objects.filter(
        ~Exists(promotions),
        created_at__lt=before,
        verdict=Decision.Verdict.MATCHED,
    )
    newer = Evaluation.objects.filter(
        tag_move=OuterRef("tag_move"), pk__gt=OuterRef("pk")
    )
    older = Evaluation.objects.filter(
        tag_move=OuterRef("tag_move"), pk__lt=OuterRef("pk")
    )
    rests = Decision.objects.filter(evaluation=OuterRef("pk"))
    evaluations = Evaluation.objects.filter(
        ~Exists(rests), Exists(newer), Exists(older), created_at__lt=before
    )
    return _delete(decisions) + _delete(evaluations)


def _delete(rows: QuerySet[Decision] | QuerySet[Evaluation]) -> int:
    """Delete in batches, so that no transaction is long."""
    count = 0
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        count += rows.filter(pk__in=keys).delete()[0]
    return count


def _keys(rows: QuerySet[Decision]) -> QuerySet[Decision, int]:
    return rows.values_list("tag_move", flat=True)


def _batches(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


def _moves_of(images: QuerySet[Any, Any], **scope: Any) -> set[int]:
    parents = IndexChild.objects.filter(child__in=images).values("index")
    here = Q(manifest__in=images) | Q(manifest__in=parents)
    tags = Tag.objects.filter(here, **scope)
    moved = {f"tag_move__{key}": value for key, value in scope.items()}
    waiting = Decision.objects.filter(
        Q(tag_move__to_manifest__in=images) | Q(tag_move__to_manifest__in=parents),
        verdict=Decision.Verdict.WAITING,
        **moved,
    )
    return {*tags.values_list("current_move", flat=True), *_keys(waiting)}
