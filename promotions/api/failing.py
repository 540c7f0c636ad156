"""What was promoted and fails its policy now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from accounts.api import Form, Operation
from promotions.models import Watch

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response


class FailingQuery(Form):
    """The name of the namespace in which the targets lie; empty means any."""

    namespace = serializers.CharField(default="", allow_blank=True)


class FailingList(Operation):
    """`/promotions/failing`."""

    def get(self, _request: Request) -> Response:
        """List tags that would not be promoted with what is known today."""
        namespace = self.query(FailingQuery)["namespace"]
        rows = Watch.objects.failing_for(self.actor).in_namespace(namespace)
        return self.paged(rows, lambda page: [_render(watch) for watch in page])


def _render(watch: Watch) -> dict[str, Any]:
    """Return one; what is at a source the reader may not know is null."""
    promotion, policy = watch.promotion, watch.promotion.policy
    version, target = promotion.policy_version, promotion.target_repository
    return {
        "id": watch.uuid,
        "promotionID": promotion.uuid,
        "promotionPolicyID": str(policy.uuid) if policy else "",
        "policyVersion": version.number if version else None,
        "sourceRepository": watch.shown_source or None,
        "sourceTag": promotion.source_tag if watch.shown_source else None,
        "targetRepository": target.full_name if target else None,
        "targetTag": promotion.target_tag,
        "digest": promotion.manifest.digest,
        "failingSince": watch.failing_since,
        "reviewedAt": watch.reviewed_at,
        "fails": watch.sentences,
    }
