"""Promotions: by hand, one by one, and the history of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ValidationError
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api import Form, Operation, no_such
from promotions.api.ends import EndQuery, Ends
from promotions.models import Promotion, PromotionFilter
from promotions.models.promotion import State
from promotions.services.by_hand import promote_by_hand
from promotions.services.cancel import cancel
from promotions.services.repeat import promote_again
from promotions.services.retry import retry_failed
from promotions.tasks import run_promotion
from repositories.api import repository_of, tag_of
from repositories.tasks import wake

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from rest_framework.request import Request

    from accounts.access import Actor
    from promotions.querysets import PromotionQuerySet
    from promotions.services.retry import Retried

# The fields of a filter by the names they are sent under.
FILTER = {
    "state": "state",
    "errorCode": "error_code",
    "policyID": "policy",
    "since": "since",
    "until": "until",
    "tag": "tag",
}

# The reasons of these name people, or the name that a pattern made.
TELLS_OF_BOTH = {
    "CONSENT_WITHDRAWN",
    "INVALID_TARGET_REPOSITORY",
    "NOT_ADMITTED",
    "NOT_AUTHORIZED",
}


class PromotionForm(Form):
    """MSR: forms.CreatePromotion; beyond it a comment."""

    target_repository = serializers.CharField()
    target_tag = serializers.CharField()
    comment = serializers.CharField(default="", allow_blank=True, max_length=500)


class PromoteByHand(Operation):
    """`…/tags/{tag}/promotion`."""

    missing = "NO_SUCH_REPOSITORY"

    def post(self, _request: Request, namespace: str, name: str, tag: str) -> Response:
        """Promote what the tag points to now; a worker copies it."""
        source = repository_of(self.actor, f"{namespace}/{name}")
        chosen = tag_of(source, tag)
        values = self.body(PromotionForm)
        target = repository_of(self.actor, values.pop("target_repository"))
        promotion = promote_by_hand(
            actor=self.actor, tag=chosen, target=target, **values
        )
        wake(run_promotion, promotion.pk)
        return Response(_render_by_hand(promotion), status=201)


class RepositoryPromotionList(Operation):
    """`…/promotions`: what was promoted from the repository, or into it."""

    missing = "NO_SUCH_REPOSITORY"

    def get(self, _request: Request, namespace: str, name: str) -> Response:
        """List those promotions of a repository that the filter asks for."""
        rows = _history(self, f"{namespace}/{name}").for_listing()
        rows = rows.matching(_filter(self.request.query_params.getlist), self.actor)
        return self.paged(rows, lambda page: _render(self.actor, page))


class AgainForm(Form):
    """Why it is promoted again."""

    comment = serializers.CharField(default="", allow_blank=True, max_length=500)


class RetryForm(AgainForm):
    """Beyond the filter: the last promotion that an earlier call looked at."""

    after = serializers.UUIDField(required=False, allow_null=True)


class RetryFailed(Operation):
    """`…/promotions/retry`."""

    missing = "NO_SUCH_REPOSITORY"

    def post(self, _request: Request, namespace: str, name: str) -> Response:
        """Promote again what failed and the filter asks for; workers copy it."""
        rows = _history(self, f"{namespace}/{name}")
        values = self.body(RetryForm)
        wanted = _filter(cast("dict[str, Any]", self.request.data).get)
        _require_failed(wanted)
        if (last := values.pop("after", None)) is not None:
            values["after"] = _visible(self.actor, last)
        retried = retry_failed(
            actor=self.actor, promotions=rows.matching(wanted, self.actor), **values
        )
        for again in retried.promotions:
            wake(run_promotion, again.pk)
        return Response(_render_retried(self.actor, retried))


def _history(operation: Operation, full_name: str) -> PromotionQuerySet:
    """Return the promotions from the repository or, with `source=false`, into it."""
    repository = repository_of(operation.actor, full_name)
    as_source = operation.query(EndQuery)["source"]
    return Promotion.objects.of(repository, as_source=as_source)


def _filter(sent: Callable[[str], Any]) -> PromotionFilter:
    return PromotionFilter.parse({ours: sent(name) for name, ours in FILTER.items()})


def _require_failed(wanted: PromotionFilter) -> None:
    """Refuse other states: they would be ignored, and more retried than meant."""
    if set(wanted.states) - {State.FAILED}:
        message = "Only failed promotions are retried; leave the state out."
        raise ValidationError({"state": message})


class PromotionDetail(Operation):
    """`/promotions/{id}`."""

    def get(self, _request: Request, promotion_id: UUID) -> Response:
        """Show one promotion to whoever may pull from its source or target."""
        promotion = _visible(self.actor, promotion_id)
        return Response(_render(self.actor, [promotion])[0])


class PromoteAgain(Operation):
    """`/promotions/{id}/again`."""

    def post(self, _request: Request, promotion_id: UUID) -> Response:
        """Promote once more what ended; a worker copies it."""
        promotion = _visible(self.actor, promotion_id)
        again = promote_again(
            actor=self.actor, promotion=promotion, **self.body(AgainForm)
        )
        wake(run_promotion, again.pk)
        return Response(_render(self.actor, [again])[0], status=201)


class CancelPromotion(Operation):
    """`/promotions/{id}/cancel`."""

    def post(self, _request: Request, promotion_id: UUID) -> Response:
        """Stop a promotion that waits."""
        cancel(actor=self.actor, promotion=_visible(self.actor, promotion_id))
        shown = _visible(self.actor, promotion_id)
        return Response(_render(self.actor, [shown])[0])


def _visible(actor: Actor, promotion_id: UUID) -> Promotion:
    rows = Promotion.objects.for_listing().visible_to(actor)
    promotion = rows.filter(uuid=promotion_id).first()
    if promotion is None:
        message = "No promotion with this id is visible to you."
        raise no_such(actor, "NO_SUCH_PROMOTION", message)
    return promotion


def _render_by_hand(promotion: Promotion) -> dict[str, Any]:
    """Return responses.Promotion; beyond it what to ask about the copy."""
    return {
        "promotionPolicyID": "",
        "sourceRepository": promotion.source_repository.full_name,
        "sourceTag": promotion.source_tag,
        "string": promotion.manifest.digest,
        "id": promotion.uuid,
        "state": promotion.state,
        "targetRepository": _target(promotion),
        "targetTag": promotion.target_tag,
    }


def _render_retried(actor: Actor, retried: Retried) -> dict[str, Any]:
    """Return what was retried; `next` is the `after` of the call for those left."""
    last = retried.last
    return {
        "retried": len(retried.promotions),
        "left": retried.left,
        "next": last.uuid if last and retried.left else None,
        "refused": [
            {"id": refusal.promotion.uuid, "reason": refusal.reason}
            for refusal in retried.refused
        ],
        "promotions": _render(actor, retried.promotions),
    }


def _render(actor: Actor, promotions: list[Promotion]) -> list[dict[str, Any]]:
    ends = Ends.of(actor, promotions)
    return [_rendered(promotion, ends) for promotion in promotions]


def _rendered(promotion: Promotion, ends: Ends) -> dict[str, Any]:
    """Return one promotion; what is at an end the reader may not know is null."""
    policy, version, user = (
        promotion.policy,
        promotion.policy_version,
        promotion.requested_by,
    )
    source, target = promotion.source_repository.full_name, _target(promotion)
    sees_source, sees_target = ends.shown(source), ends.shown(target)
    sees_both = sees_source and sees_target
    is_told = sees_both or promotion.error_code not in TELLS_OF_BOTH
    reason = promotion.reason if is_told else ""
    reason = ends.redacted(reason, source, promotion.source_tag)
    reason = ends.redacted(reason, target, promotion.target_tag)
    return {
        "id": promotion.uuid,
        "state": promotion.state,
        "errorCode": promotion.error_code,
        "reason": reason,
        "promotionPolicyID": str(policy.uuid) if policy else "",
        "policyVersion": version.number if version else None,
        "requestedBy": user.username if user and sees_both else None,
        "comment": promotion.comment if sees_both else "",
        "sourceRepository": sees_source,
        "sourceTag": promotion.source_tag if sees_source else None,
        "targetRepository": sees_target,
        "targetTag": promotion.target_tag if sees_target else None,
        "digest": promotion.manifest.digest,
        "attempts": promotion.attempts,
        "blobsDone": promotion.blobs_done,
        "blobsTotal": promotion.blobs_total,
        "generation": promotion.generation,
        "createdAt": promotion.created_at,
        "startedAt": promotion.started_at,
        "finishedAt": promotion.finished_at,
    }


def _target(promotion: Promotion) -> str:
    return promotion.target_full_name
