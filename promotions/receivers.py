"""What the registry's content says to promotions: receivers only enqueue, on commit."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from promotions.tasks import (
    evaluate_move,
    reevaluate_attachment,
    reevaluate_exception,
    reevaluate_image,
    reevaluate_key,
    review_exception,
    review_promoted,
)
from repositories.signals import (
    attachment_changed,
    exception_changed,
    scan_completed,
    signing_key_changed,
    tag_pushed,
)
from repositories.tasks import wake


@receiver(tag_pushed, dispatch_uid="evaluate_move")
def evaluate_pushed_tag(*, move_id: int, **_kwargs: Any) -> None:
    """Ask the policies about the move as soon as it is committed."""
    wake(evaluate_move, move_id)


@receiver(scan_completed, dispatch_uid="reevaluate_image")
def reevaluate_scanned_image(*, manifest_id: int, **_kwargs: Any) -> None:
    """Ask again about the tags of an image that was scanned."""
    wake(reevaluate_image, manifest_id)


@receiver(scan_completed, dispatch_uid="review_promoted")
def review_scanned_image(*, manifest_id: int, **_kwargs: Any) -> None:
    """Look again at what was promoted of an image that was scanned."""
    wake(review_promoted, manifest_id)


@receiver(exception_changed, dispatch_uid="review_exception")
def review_hidden(*, exception_id: int, **_kwargs: Any) -> None:
    """Look again at what was promoted, where a vulnerability was hidden or shown."""
    wake(review_exception, exception_id)


@receiver(exception_changed, dispatch_uid="reevaluate_exception")
def reevaluate_hidden(*, exception_id: int, **_kwargs: Any) -> None:
    """Ask again about the images in which a vulnerability was hidden or shown."""
    wake(reevaluate_exception, exception_id)


@receiver(attachment_changed, dispatch_uid="reevaluate_attachment")
def reevaluate_attached(*, notice_id: int, **_kwargs: Any) -> None:
    """Ask again about an image to which something was attached, or no longer is."""
    wake(reevaluate_attachment, notice_id)


@receiver(signing_key_changed, dispatch_uid="reevaluate_key")
def reevaluate_signed(*, key_id: int, **_kwargs: Any) -> None:
    """Ask again about the images that a key signed, made or retired by now."""
    wake(reevaluate_key, key_id)
