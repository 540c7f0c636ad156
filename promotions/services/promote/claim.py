"""Before the copy: whether it is still wanted, where it goes, and who does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, TypedDict, cast
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.http import Http404
from django.utils import timezone

from accounts.access import Actor
from promotions.models import PolicyVersion, Promotion
from promotions.models.promotion import State
from promotions.permissions import require_promoter
from promotions.services.placement import (
    NotPlaced,
    Placement,
    TargetMissing,
    place,
    remember,
)
from promotions.services.promote.outcome import is_recorded
from repositories.models import RepositoryManifest, Tag
from repositories.services import tags

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet
    from django_stubs_ext import WithAnnotations

    from repositories.models import Provenance

    class Wanted(TypedDict):
        """Whether the source still holds the image, and its tag points to it."""

        is_held: bool
        is_current: bool

    WantedPromotion = WithAnnotations[Promotion, Wanted]

BUSY_SECONDS = 1
PLACE_AGAIN = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """A promotion this worker holds, and where its image goes."""

    promotion: Promotion
    placement: Placement
    lease: UUID
    provenance: Provenance


def load(promotion_id: int) -> WantedPromotion:
    """Return the promotion with what a copy needs; claiming it is another matter."""
    return cast("WantedPromotion", _rows().get(pk=promotion_id))


@cache
def _rows() -> QuerySet[Promotion]:
    """Return the query of `load`, built once per process.

    The repositories are left to queries of their own: with them PostgreSQL plans the
    join longer than it answers both.
    """
    held = RepositoryManifest.objects.filter(
        repository=OuterRef("source_repository"),
        manifest=OuterRef("manifest"),
        gone_at__isnull=True,
    )
    pointing = Tag.objects.filter(
        repository=OuterRef("source_repository"),
        name=OuterRef("source_tag"),
        manifest=OuterRef("manifest"),
    )
    rows = Promotion.objects.select_related("policy", "policy_version", "manifest")
    return rows.annotate(is_held=Exists(held), is_current=Exists(pointing))


def claim(promotion: WantedPromotion) -> Claim | None:
    """Make the row `running` for this worker; None when it came to another state.

    Raises IllegalTransition when it is not due: done, or another worker's.
    """
    was_left = promotion.state == State.RUNNING
    if was_left and promotion.attempts >= settings.PROMOTION_ATTEMPTS:
        _give_up(promotion)
        return None
    rows = Promotion.objects.due().filter(pk=promotion.pk)
    if was_left and is_recorded(promotion):
        rows.move_to(State.SUCCEEDED)
        return None
    try:
        _check_still_wanted(promotion)
        return _place_and_take(promotion)
    except NotPlaced as error:
        rows.move_to(State.SKIPPED, error_code=error.code, reason=str(error)[:500])
    except TargetMissing as error:
        rows.move_to(State.WAITING, error_code="TARGET_MISSING", reason=str(error))
    return None


def _place_and_take(promotion: WantedPromotion) -> Claim | None:
    """Claim under a placement that still holds when the claim is made."""
    for _ in range(PLACE_AGAIN):
        try:
            return _take(promotion, place(promotion))
        except tags.TagChanged:
            continue
    _wait(promotion)
    return None


def _wait(promotion: Promotion) -> None:
    """Let others finish with the tag first."""
    due_at = timezone.now() + timedelta(seconds=BUSY_SECONDS)
    rows = Promotion.objects.filter(pk=promotion.pk, state=State.PENDING)
    rows.update(due_at=due_at)


def _take(promotion: Promotion, placement: Placement) -> Claim | None:
    lease, now = uuid4(), timezone.now()
    try:
        with transaction.atomic():
            provenance = remember(promotion)
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
            _refuse_stale(placement)
    except IntegrityError:
        # Another promotion is being copied to this tag: one at a time.
        _wait(promotion)
        return None
    promotion.attempts += 1
    return Claim(promotion, placement, lease, provenance)


def _refuse_stale(placement: Placement) -> None:
    """Raise TagChanged when the tag is not as it was when the place was chosen.

    From here on no other promotion writes it: it would have to be `running` too.
    """
    if tags.version_of(placement.repository, placement.tag) != placement.version:
        raise tags.TagChanged


def _give_up(promotion: Promotion) -> None:
    """Fail what was started too often: its workers died, or never came to an end."""
    rows = Promotion.objects.due().filter(pk=promotion.pk)
    rows.move_to(
        State.FAILED,
        error_code=promotion.error_code or "GAVE_UP",
        reason=promotion.reason or "The copy was started too often without an end.",
    )


def _check_still_wanted(promotion: WantedPromotion) -> None:
    """Check again, at the last moment, what held when the promotion was decided."""
    if promotion.policy_version is not None:
        _check_policy(promotion, promotion.policy_version)
    _check_rights(promotion)
    if not promotion.is_held or promotion.source_repository.deleted_at:
        message = "The image was deleted from the source repository."
        raise NotPlaced("SOURCE_GONE", message)


def _check_policy(promotion: WantedPromotion, version: PolicyVersion) -> None:
    policy = promotion.policy
    if policy is None or not policy.enabled or policy.deleted_at:
        message = "The policy was disabled or deleted before the image was copied."
        raise NotPlaced("POLICY_DISABLED", message)
    every_push = version.on_moved_tag == PolicyVersion.OnMovedTag.EVERY_PUSH
    if not (every_push or promotion.is_current):
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
