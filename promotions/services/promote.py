"""Run one promotion: claim it, copy the image by digest, record what happened.

The row is the job. Whoever runs it holds a lease, renews it while copying, and every
write names the lease, so that a worker thought dead cannot overwrite its successor.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import Http404
from django.utils import timezone

from accounts.access import Actor
from promotions.models import PolicyVersion, Promotion, PromotionPolicy
from promotions.models.promotion import State
from promotions.permissions import require_promoter
from promotions.querysets import IllegalTransition
from promotions.services.placement import (
    NotPlaced,
    Placement,
    TargetMissing,
    place,
    remember,
)
from repositories.models import RepositoryManifest, Tag
from repositories.registry import (
    InvalidManifest,
    Progress,
    RegistryError,
    RepositoryName,
    TagName,
    copy_image,
)
from repositories.services import ingest, manifests, tags
from repositories.services.registry import client_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from repositories.registry import CopyReport

log = structlog.get_logger()

BUSY_SECONDS = 1
MAX_DELAY_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Claim:
    """A promotion this worker holds, and where its image goes."""

    promotion: Promotion
    placement: Placement
    lease: UUID


def run(*, promotion_id: int) -> State | None:
    """Run one promotion as far as it goes; return its state, None if not to be had.

    Safe to call twice, at the same time, and after a crash at any point.
    """
    promotion = _due(promotion_id)
    if promotion is None:
        return None
    try:
        claim = _claim(promotion)
    except IllegalTransition:
        return None
    if claim is None:
        return State(
            Promotion.objects.values_list("state", flat=True).get(pk=promotion_id)
        )
    return _copy_and_record(claim)


def _due(promotion_id: int) -> Promotion | None:
    rows = Promotion.objects.due().select_related(
        "policy",
        "policy_version",
        "decision",
        "requested_by",
        "originated_by",
        "manifest",
        "source_repository__namespace",
        "target_namespace",
    )
    return rows.filter(pk=promotion_id).first()


# --- before the copy --------------------------------------------------------------


def _claim(promotion: Promotion) -> Claim | None:
    """Make the row `running` for this worker; None when it came to another state."""
    rows = Promotion.objects.due().filter(pk=promotion.pk)
    if promotion.attempts >= settings.PROMOTION_ATTEMPTS:
        _give_up(promotion)
        return None
    try:
        _check_still_wanted(promotion)
        placement = place(promotion)
    except NotPlaced as error:
        rows.move_to(State.SKIPPED, error_code=error.code, reason=str(error)[:500])
        return None
    except TargetMissing as error:
        rows.move_to(State.WAITING, error_code="TARGET_MISSING", reason=str(error))
        return None
    return _take(promotion, placement)


def _take(promotion: Promotion, placement: Placement) -> Claim | None:
    lease, now = uuid4(), timezone.now()
    try:
        with transaction.atomic():
            Promotion.objects.due().filter(pk=promotion.pk).move_to(
                State.RUNNING,
                lease_token=lease,
                leased_until=now + timedelta(seconds=settings.LEASE_SECONDS),
                started_at=promotion.started_at or now,
                attempts=F("attempts") + 1,
                target_repository=placement.repository,
                target_tag=placement.tag,
                error_code="",
                reason="",
            )
            remember(promotion)
    except IntegrityError:
        # Another promotion is being copied to this tag: one at a time.
        due = now + timedelta(seconds=BUSY_SECONDS)
        Promotion.objects.filter(pk=promotion.pk, state=State.PENDING).update(
            due_at=due
        )
        return None
    promotion.attempts += 1
    return Claim(promotion, placement, lease)


def _give_up(promotion: Promotion) -> None:
    """Fail what was started too often: its workers died, or never came to an end."""
    rows = Promotion.objects.due().filter(pk=promotion.pk)
    rows.move_to(
        State.FAILED,
        error_code=promotion.error_code or "GAVE_UP",
        reason=promotion.reason or "The copy was started too often without an end.",
    )


def _check_still_wanted(promotion: Promotion) -> None:
    """Check again, at the last moment, what held when the promotion was decided."""
    if promotion.policy_version is None:
        _check_rights(promotion)
    else:
        _check_policy(promotion, promotion.policy_version)
    held = RepositoryManifest.objects.filter(
        repository=promotion.source_repository,
        manifest=promotion.manifest,
        gone_at__isnull=True,
    )
    if not held.exists() or promotion.source_repository.deleted_at:
        message = "The image was deleted from the source repository."
        raise NotPlaced("SOURCE_GONE", message)


def _check_policy(promotion: Promotion, version: PolicyVersion) -> None:
    enabled = PromotionPolicy.objects.filter(
        versions=version, enabled=True, deleted_at__isnull=True
    )
    if not enabled.exists():
        message = "The policy was disabled or deleted before the image was copied."
        raise NotPlaced("POLICY_DISABLED", message)
    if version.on_moved_tag == PolicyVersion.OnMovedTag.EVERY_PUSH:
        return
    pointing = Tag.objects.filter(
        repository=promotion.source_repository,
        name=promotion.source_tag,
        manifest=promotion.manifest_id,
    )
    if not pointing.exists():
        message = f"{promotion.source} points to another image by now."
        raise NotPlaced("TAG_MOVED_ON", message)


def _check_rights(promotion: Promotion) -> None:
    """Ask again whether the person who promoted by hand is still allowed to."""
    user = promotion.requested_by
    target = promotion.target_repository
    if user is None or target is None:
        return
    try:
        require_promoter(Actor(user), promotion.source_repository, target)
    except (PermissionDenied, Http404) as error:
        message = f"{user} may not promote here any more."
        raise NotPlaced("NOT_AUTHORIZED", message) from error


# --- the copy ---------------------------------------------------------------------


def _copy_and_record(claim: Claim) -> State | None:
    try:
        report = _copy(claim)
        _record_success(claim, report)
    except RegistryError as error:
        return _after_failure(claim, error)
    except InvalidManifest as error:
        return _fail(claim, "MANIFEST_INVALID", str(error))
    except IllegalTransition:
        log.warning("promotion_lease_lost", promotion=str(claim.promotion.uuid))
        return None
    return State.SUCCEEDED


def _copy(claim: Claim) -> CopyReport:
    promotion, placement = claim.promotion, claim.placement
    return copy_image(
        client_for(f"{tags.PROMOTION_SUBJECT}{promotion.uuid}"),
        source=RepositoryName.parse(promotion.source_repository.full_name),
        target=RepositoryName.parse(placement.repository.full_name),
        manifests=manifests.tree(promotion.manifest),
        tag=TagName.parse(placement.tag),
        parallelism=settings.COPY_PARALLELISM,
        on_progress=_lease_keeper(claim),
    )


def _lease_keeper(claim: Claim) -> Callable[[Progress], None]:
    """Return what renews the lease every third of its length, while copying."""
    renewed = monotonic()

    def renew(progress: Progress) -> None:
        nonlocal renewed
        if monotonic() - renewed < settings.LEASE_SECONDS / 3:
            return
        renewed = monotonic()
        until = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
        Promotion.objects.filter(pk=claim.promotion.pk).move_to(
            State.RUNNING,
            lease=claim.lease,
            leased_until=until,
            bytes_moved=progress.bytes_moved,
        )

    return renew


# --- after the copy ---------------------------------------------------------------


def _record_success(claim: Claim, report: CopyReport) -> None:
    """Record the end and the move of the target tag together.

    The move goes on along the chain; the registry's own notification of the same push
    finds it written, or writes it when this worker died.
    """
    promotion, placement = claim.promotion, claim.placement
    target = placement.repository
    with transaction.atomic():
        Promotion.objects.filter(pk=promotion.pk).move_to(
            State.SUCCEEDED,
            lease=claim.lease,
            bytes_moved=report.bytes_moved,
            blobs_mounted=report.blobs_mounted,
            requests_made=report.requests_made,
        )
        digests = [str(one.digest) for one in manifests.tree(promotion.manifest)]
        manifests.hold(repository=target, manifests=digests)
        if promotion.policy_id:
            PromotionPolicy.objects.filter(pk=promotion.policy_id).update(
                last_promoted_at=timezone.now()
            )
    _record_move(claim)
    log.info("promoted", promotion=str(promotion.uuid), source=promotion.source)


def _record_move(claim: Claim) -> None:
    """Write the target's tag; if somebody pushed to it meanwhile, ask the registry."""
    placement, manifest = claim.placement, claim.promotion.manifest
    version: int | None = placement.version
    for _ in range(ingest.ASK_AGAIN):
        seen = tags.Sighting(
            tag=placement.tag,
            moved_at=timezone.now(),
            moved_by=f"{tags.PROMOTION_SUBJECT}{claim.promotion.uuid}",
            expected_version=version,
        )
        try:
            tags.record_move(
                repository=placement.repository, manifest=manifest, seen=seen
            )
        except tags.TagChanged:
            version = _version_if_current(claim)
        else:
            return
    log.warning("promoted_tag_changed", promotion=str(claim.promotion.uuid))


def _version_if_current(claim: Claim) -> int | None:
    """Return the row's version when the registry's tag has the image; else None."""
    placement = claim.placement
    version = tags.version_of(placement.repository, placement.tag)
    current = ingest.digest_of(placement.repository, placement.tag)
    if str(current) == claim.promotion.manifest.digest:
        return version
    log.warning(
        "promoted_tag_overwritten",
        promotion=str(claim.promotion.uuid),
        tag=f"{placement.repository}:{placement.tag}",
    )
    return None


def _after_failure(claim: Claim, error: RegistryError) -> State | None:
    if not error.temporary or claim.promotion.attempts >= settings.PROMOTION_ATTEMPTS:
        return _fail(claim, error.code, error.message)
    delay = error.retry_after or _backoff(claim.promotion.attempts)
    return _move(
        claim,
        State.PENDING,
        due_at=timezone.now() + timedelta(seconds=min(delay, MAX_DELAY_SECONDS)),
        error_code=error.code[:40],
        reason=error.message[:500],
    )


def _backoff(attempts: int) -> float:
    """Return the seconds to wait after so many attempts, with jitter."""
    longest: float = settings.RETRY_BASE_SECONDS * 2 ** min(attempts, 8)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


def _fail(claim: Claim, code: str, reason: str) -> State | None:
    return _move(claim, State.FAILED, error_code=code[:40], reason=reason[:500])


def _move(claim: Claim, state: State, **fields: object) -> State | None:
    """Change the row under the lease; None when the lease was lost."""
    rows = Promotion.objects.filter(pk=claim.promotion.pk)
    try:
        rows.move_to(state, lease=claim.lease, **fields)
    except IllegalTransition:
        return None
    return state
