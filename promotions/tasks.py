"""Background work of promotions: six lines each, one service per task."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from promotions.models import Evaluation, Promotion, PromotionPolicy
from promotions.models.promotion import State
from promotions.services import (
    apply,
    evaluate,
    forgetting,
    promote,
    reevaluate,
    rescan,
    watch,
)
from repositories.models import AttachmentNotice, SigningKey, TagMove
from repositories.services import attachments, signing_keys
from repositories.tasks import wake

SWEEP_BATCH = 500
RESCAN_BATCH = 100
REVIEW_BATCH = 500
REVIEWED_WITHIN = timedelta(hours=1)


@shared_task
def evaluate_move(move_id: int) -> None:
    """Decide about one move of a tag and start what it leads to."""
    for promotion_id in evaluate.evaluate_move(move_id=move_id):
        wake(run_promotion, promotion_id)


@shared_task
def reevaluate_move(move_id: int) -> None:
    """Decide again about a move: there is new evidence, or its time came."""
    trigger = Evaluation.Trigger.EVIDENCE
    for promotion_id in evaluate.evaluate_move(move_id=move_id, trigger=trigger):
        wake(run_promotion, promotion_id)


@shared_task
def reevaluate_image(manifest_id: int) -> None:
    """Decide again about everything that rests on what is in an image."""
    for move_id in reevaluate.moves_of_image(manifest_id=manifest_id):
        wake(reevaluate_move, move_id)


@shared_task
def reevaluate_exception(exception_id: int) -> None:
    """Decide again where a vulnerability was hidden, or is not any more."""
    for move_id in reevaluate.moves_of_exception(exception_id=exception_id):
        wake(reevaluate_move, move_id)


@shared_task
def reevaluate_attachment(notice_id: int) -> None:
    """Decide again about an image, since something attached to it came or went."""
    notice = AttachmentNotice.objects.get(pk=notice_id)
    for move_id in reevaluate.moves_of_attachment(notice=notice):
        reevaluate_move(move_id)
    attachments.set_noticed(notice=notice)


@shared_task
def reevaluate_key(key_id: int) -> None:
    """Decide again about what a key signed, since it was made or retired."""
    key = SigningKey.objects.get(pk=key_id)
    for move_id in reevaluate.moves_of_key(key=key):
        wake(reevaluate_move, move_id)
    signing_keys.set_noticed(key=key)


@shared_task
def sweep_decisions() -> None:
    """Wake workers up for decisions whose time came, or whose message was lost."""
    period = settings.SWEEP_PERIOD
    due = reevaluate.due_moves(limit=SWEEP_BATCH)
    for move_id in {*due, *reevaluate.overlooked_moves(limit=SWEEP_BATCH)}:
        wake(reevaluate_move, move_id, expires_seconds=period)
    for exception_id in reevaluate.expired_exceptions():
        wake(reevaluate_exception, exception_id)
        wake(review_exception, exception_id)
    for notice_id in reevaluate.overlooked_attachments(limit=SWEEP_BATCH):
        wake(reevaluate_attachment, notice_id, expires_seconds=period)
    for key_id in reevaluate.overlooked_keys(limit=SWEEP_BATCH):
        wake(reevaluate_key, key_id, expires_seconds=period)


@shared_task
def compact_decisions() -> None:
    """Forget old decisions that no promotion rests on."""
    reevaluate.compact()


@shared_task
def forget_events() -> None:
    """Forget old history that nothing rests on, where the operator wants that."""
    forgetting.forget()


@shared_task
def run_promotion(promotion_id: int) -> None:
    """Copy one image; what could not be copied now is taken up by the sweeper."""
    if promote.run(promotion_id=promotion_id) is State.SUCCEEDED:
        wake(watch_promotion, promotion_id)


@shared_task
def watch_promotion(promotion_id: int) -> None:
    """Note what is known of an image when it is promoted: more is news later."""
    watch.review_one(promotion_id=promotion_id)


@shared_task
def review_promoted(manifest_id: int) -> None:
    """Look again at what was promoted of an image, since it was scanned."""
    watch.review(manifest_id=manifest_id)


@shared_task
def review_exception(exception_id: int) -> None:
    """Look again at what was promoted, where a vulnerability was hidden or shown."""
    watch.review_exception(exception_id=exception_id)


@shared_task
def review_all() -> None:
    """Look again at all that was promoted: a lost message may have left something."""
    wake(review_after, 0)


@shared_task
def review_after(promotion_id: int) -> None:
    """Look again at some promotions behind a key, then wake up for the next."""
    following = watch.review_some(
        after=promotion_id, unless_within=REVIEWED_WITHIN, limit=REVIEW_BATCH
    )
    if following is not None:
        wake(review_after, following)


@shared_task
def rescan_promoted() -> None:
    """Queue scans of promoted images whose last is old; the sweeper starts them."""
    rescan.rescan_promoted()


@shared_task
def rescan_stale() -> None:
    """Have images scanned anew that wait because what is known of them is too old."""
    rescan.rescan_stale(limit=RESCAN_BATCH)


@shared_task
def apply_policy(policy_id: int) -> None:
    """*Save & Apply*: ask one policy about the tags that exist."""
    policy = PromotionPolicy.objects.live().get(pk=policy_id)
    for promotion_id in apply.apply(policy=policy):
        wake(run_promotion, promotion_id)


@shared_task
def sweep_promotions() -> None:
    """Wake workers up for what a lost message or a dead worker left."""
    due = Promotion.objects.due().order_by("id").values_list("pk", flat=True)
    period = settings.SWEEP_PERIOD
    for promotion_id in due[:SWEEP_BATCH]:
        wake(run_promotion, promotion_id, expires_seconds=period)
    for move_id in _unevaluated():
        wake(evaluate_move, move_id, expires_seconds=period)
    late = timezone.now() - timedelta(seconds=period)
    wanted = PromotionPolicy.objects.live().filter(apply_wanted_at__lt=late)
    for policy_id in wanted.values_list("pk", flat=True)[:SWEEP_BATCH]:
        wake(apply_policy, policy_id, expires_seconds=period)


def _unevaluated() -> list[int]:
    """Return recent moves that no evaluation was written for: its message was lost."""
    now = timezone.now()
    evaluated = Evaluation.objects.filter(tag_move=OuterRef("pk"))
    rows = TagMove.objects.filter(
        ~Exists(evaluated),
        is_baseline=False,
        created_at__gt=now - timedelta(days=7),
        created_at__lt=now - timedelta(seconds=settings.SWEEP_PERIOD),
    )
    return list(rows.order_by("id").values_list("pk", flat=True)[:SWEEP_BATCH])


@shared_task
def retry_waiting() -> None:
    """Look again at promotions that wait for their target repository."""
    Promotion.objects.filter(state=State.WAITING, error_code="TARGET_MISSING").update(
        state=State.PENDING
    )
