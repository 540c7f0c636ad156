"""What a worker writes and asks while it copies: lease, progress, whether to go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.services.promote.outcome import is_cancel_wanted

if TYPE_CHECKING:
    from promotions.services.promote.claim import Claim
    from repositories.registry import Progress

ASK_SECONDS = 1.0  # between two questions whether to go on, while blobs are copied
WRITE_SECONDS = 1.0  # between two writes at least: a quick copy has none


class CancelWanted(Exception):
    """Somebody asked to cancel the promotion; the tag is not written yet."""


@dataclass(slots=True)
class Keeper:
    """Is told how far the copy is; renews the lease and lets people see it.

    It ends the copy when somebody asked for that, at the latest before the tag is
    written: a cancelled promotion moves no tag. Raises IllegalTransition when the lease
    is another worker's by now: then nothing is written.
    """

    claim: Claim
    asked: float = field(default_factory=monotonic)
    written: float = field(default_factory=monotonic)

    def __call__(self, progress: Progress) -> None:
        if progress.is_before_put or monotonic() - self.asked >= ASK_SECONDS:
            self.asked = monotonic()
            self._refuse_cancelled()
        if monotonic() - self.written >= min(WRITE_SECONDS, settings.LEASE_SECONDS / 3):
            self.written = monotonic()
            self._write(progress)

    def _refuse_cancelled(self) -> None:
        if is_cancel_wanted(self.claim.promotion):
            raise CancelWanted

    def _write(self, progress: Progress) -> None:
        """Renew the lease, and with it say how far the copy is.

        What an earlier attempt brought stays there: it is never told to be less.
        """
        until = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
        was = self.claim.promotion
        was.blobs_done = max(was.blobs_done, progress.blobs_done)
        was.bytes_moved = max(was.bytes_moved, progress.bytes_moved)
        Promotion.objects.filter(pk=was.pk).move_to(
            State.RUNNING,
            lease=self.claim.lease,
            leased_until=until,
            blobs_done=was.blobs_done,
            blobs_total=progress.blobs_total,
            bytes_moved=was.bytes_moved,
        )
