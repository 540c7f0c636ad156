"""Before the copy: whether it is still wanted, where it goes, and who does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

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
from promotions.services.placement import (
    NotPlaced,
    Placement,
    TargetMissing,
    place,
    remember,
)
from repositories.models import RepositoryManifest, Tag

if TYPE_CHECKING:
    from uuid import UUID

BUSY_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Claim:
    """A promotion this worker holds, and where its image goes."""

    promotion: Promotion
    placement: Placement
    lease: UUID


def due(promotion_id: int) -> Promotion | None:
    """Return the promotion with all a copy needs; None when it is not to be run now."""
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


def claim(promotion: Promotion) -> Claim | None:
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
