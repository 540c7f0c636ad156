"""Why a tag is promoted, or is not: what each policy says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.response import Response

from accounts.api import Operation
from promotions.models import PromotionPolicy
from promotions.rules import OutcomeResult, Result
from promotions.services.evaluate import is_subject
from promotions.services.explain import explain_all
from promotions.services.policies import Shown, shown, unanswered
from repositories.api import repository_of, tag_of

if TYPE_CHECKING:
    from rest_framework.request import Request

    from promotions.rules import Verdict


class DecisionList(Operation):
    """`…/tags/{tag}/decisions`."""

    missing = "NO_SUCH_REPOSITORY"

    def get(self, _request: Request, namespace: str, name: str, tag: str) -> Response:
        """Ask every policy of the repository about what the tag points to now."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        found = tag_of(repository, tag)
        move = found.current_move
        move.to_manifest = found.manifest
        about = {"digest": found.manifest.digest}
        if not is_subject(move):
            return Response([])
        rows = PromotionPolicy.objects.of_source(repository).with_consents()
        policies = list(rows.order_by("id"))
        versions = [row.shown_version for row in policies]
        ends = shown(self.actor, versions, repository)
        move.repository = repository
        verdicts = explain_all(versions, move, hiding=unanswered(policies, ends))
        return Response([_render(row, verdicts, ends) | about for row in policies])


def _render(
    policy: PromotionPolicy, verdicts: dict[int, Verdict], ends: dict[int, Shown]
) -> dict[str, Any]:
    version = policy.shown_version
    verdict = verdicts[version.pk]
    return {
        "promotionPolicyID": policy.uuid,
        "policyVersion": version.number,
        "enabled": policy.enabled,
        "standing": policy.standing,
        "targetRepository": ends[version.pk].target or None,
        "verdict": verdict.result,
        "outcomes": [outcome.to_json() for outcome in verdict.outcomes],
        "reevaluateAt": verdict.reevaluate_at,
        "waitsFor": [
            outcome.sentence
            for outcome in verdict.outcomes
            if verdict.result == Result.WAITING
            and outcome.result == OutcomeResult.UNKNOWN
        ],
    }
