"""Promotions as jobs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q

from accounts.access import Action
from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.services.cancel import cancel
from promotions.services.jobs.job import Job, Lines, Status
from repositories.models import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

    from accounts.access import Actor
    from promotions.services.jobs.job import Line

STATUSES: Mapping[str, Status] = {
    State.WAITING: Status.WAITING,
    State.PENDING: Status.WAITING,
    State.RUNNING: Status.RUNNING,
    State.SUCCEEDED: Status.DONE,
    State.FAILED: Status.ERRORED,
    State.SKIPPED: Status.CANCELED,
    State.CANCELLED: Status.CANCELED,
}


class PromotionJobs:
    """Promotions, for the admins of their source and of their target.

    Of the end that a reader may not know nothing is told, nor any sentence, since that
    could name it.
    """

    actions = ("promotion",)

    def rows(self, actor: Actor, action: str = "") -> QuerySet[Any]:
        """Return those of which the actor administers an end."""
        del action
        rows = Promotion.objects.with_sight(actor)
        if actor.is_administrator:
            return rows
        own = Repository.objects.permitted(actor, Action.ADMIN).values("pk")
        return rows.filter(Q(source_repository__in=own) | Q(target_repository__in=own))

    def running(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(state=State.RUNNING)

    def shown(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        promotions: Any = rows
        shown: QuerySet[Any] = promotions.for_listing().select_related("repeats")
        return shown

    def job(self, row: Any) -> Job:
        promotion: Promotion = row
        total = settings.PROMOTION_ATTEMPTS - 1
        return Job(
            uuid=promotion.uuid,
            action="promotion",
            status=STATUSES[promotion.state],
            scheduled_at=promotion.created_at,
            started_at=promotion.started_at,
            finished_at=promotion.finished_at,
            parameters=_parameters(promotion),
            retry_from=promotion.repeats.uuid if promotion.repeats else None,
            retries_left=max(0, total - promotion.attempts) if promotion.is_open else 0,
            retries_total=total,
            reason=_told(promotion, promotion.reason) or promotion.error_code,
        )

    def lines(self, row: Any) -> Iterable[Line]:
        promotion: Promotion = row
        lines = Lines()
        lines.add(promotion.created_at, "wanted", *_ends(promotion), _by(promotion))
        for failure in promotion.failures:
            said = f"attempt {failure['attempt']} failed: {failure['code']}"
            reason = _told(promotion, failure["reason"])
            lines.add(datetime.fromisoformat(failure["at"]), said, reason)
        if promotion.started_at:
            lines.add(promotion.started_at, f"attempt {promotion.attempts} started")
        if promotion.cancel_wanted_at:
            lines.add(promotion.cancel_wanted_at, "somebody asked to cancel it")
        if promotion.blobs_total:
            lines.add(None, _copied(promotion))
        reason = _told(promotion, promotion.reason)
        lines.add(promotion.finished_at, promotion.state, promotion.error_code, reason)
        return lines.lines

    def cancel(self, actor: Actor, row: Any) -> None:
        cancel(actor=actor, promotion=row)


def _parameters(promotion: Promotion) -> dict[str, str]:
    """Return what was promoted whither; an end not to be known is left out."""
    found = {"digest": promotion.manifest.digest, "state": promotion.state}
    if promotion.policy:
        found["promotionPolicyID"] = str(promotion.policy.uuid)
    if promotion.sees_source:
        found["sourceRepository"] = promotion.shown_source
        found["sourceTag"] = promotion.source_tag
    if promotion.sees_target:
        found["targetRepository"] = promotion.shown_target
        found["targetTag"] = promotion.target_tag
    return found


def _ends(promotion: Promotion) -> Iterable[str]:
    if promotion.sees_source:
        yield f"from {promotion.shown_source}:{promotion.source_tag}"
    if promotion.sees_target:
        yield f"to {promotion.shown_target}"


def _by(promotion: Promotion) -> str:
    if promotion.policy:
        return f"by policy {promotion.policy.uuid}"
    return _told(promotion, f"by {promotion.requested_by}")


def _told(promotion: Promotion, sentence: str) -> str:
    return sentence if promotion.sees_source and promotion.sees_target else ""


def _copied(promotion: Promotion) -> str:
    return (
        f"{promotion.blobs_done} of {promotion.blobs_total} blobs are in the target;"
        f" {promotion.blobs_mounted} were mounted, {promotion.bytes_moved} bytes moved,"
        f" {promotion.requests_made} requests made"
    )
