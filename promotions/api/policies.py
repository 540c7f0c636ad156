"""Promotion policies of a repository: list, create, show, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.api import Form, Operation
from promotions.api.ends import EndQuery, Ends
from promotions.models import PolicyVersion, PromotionPolicy
from promotions.services import policies
from promotions.tasks import apply_policy
from repositories.api import repository_of
from repositories.tasks import wake

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rest_framework.request import Request

    from accounts.access import Actor
    from repositories.models import Repository

NEVER = "0001-01-01T00:00:00Z"  # Go's zero time, which MSR answers before the first run


class PolicyForm(Form):
    """MSR: forms.CreatePromotionPolicy; beyond it what a version chooses besides."""

    enabled = serializers.BooleanField(default=True)
    rules = serializers.ListField(child=serializers.DictField())
    target_repository = serializers.CharField()
    tag_template = serializers.CharField()
    zone = serializers.CharField(required=False)
    on_moved_tag = serializers.ChoiceField(
        PolicyVersion.OnMovedTag.choices, required=False
    )
    on_conflict = serializers.ChoiceField(
        PolicyVersion.OnConflict.choices, required=False
    )
    unscored = serializers.ChoiceField(PolicyVersion.Evidence.choices, required=False)
    unlicensed = serializers.ChoiceField(PolicyVersion.Evidence.choices, required=False)
    allow_unscannable = serializers.BooleanField(required=False)
    origins = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=20, required=False
    )
    allow_cycle = serializers.BooleanField(required=False)
    exceptions_of = serializers.ChoiceField(
        PolicyVersion.Exceptions.choices, required=False
    )


class ApplyQuery(Form):
    """Whether the tags that exist are looked at (MSR: *Save & Apply*)."""

    initial_evaluation = serializers.BooleanField(default=True)


class PolicyList(Operation):
    """`…/promotionPolicies`."""

    missing = "NO_SUCH_REPOSITORY"
    invalid = "INVALID_PROMOTION_POLICY"

    def get(self, _request: Request, namespace: str, name: str) -> Response:
        """List the policies whose source (or target) the repository is, unpaged."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        objects = PromotionPolicy.objects.order_by("created_at", "id")
        as_source = self.query(EndQuery)["source"]
        rows = (objects.of_source if as_source else objects.of_target)(repository)
        return Response(_render(self.actor, rows))

    def post(self, _request: Request, namespace: str, name: str) -> Response:
        """Create a policy and, unless told otherwise, apply it to existing tags."""
        source = repository_of(self.actor, f"{namespace}/{name}")
        apply = self.query(ApplyQuery)["initial_evaluation"]
        values = self.body(PolicyForm)
        enabled = values.pop("enabled")
        target = repository_of(self.actor, values.pop("target_repository"))
        draft = policies.Draft(source=source, target=target, **values)
        policy = policies.create(
            actor=self.actor, draft=draft, enabled=enabled, apply=apply
        )
        return _saved(self.actor, policy, apply=apply, status=201)


class PolicyDetail(Operation):
    """`…/promotionPolicies/{promotionpolicyid}`, below the source or the target."""

    missing = "NO_SUCH_REPOSITORY"
    invalid = "INVALID_PROMOTION_POLICY"

    def get(
        self, _request: Request, namespace: str, name: str, policy_id: str
    ) -> Response:
        """Show one policy."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        policy = _policy(repository, policy_id)
        return Response(_render(self.actor, [policy])[0])

    def put(
        self, _request: Request, namespace: str, name: str, policy_id: str
    ) -> Response:
        """Change what was sent, as the policy's next version, and apply it."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        policy = _policy(repository, policy_id)
        apply = self.query(ApplyQuery)["initial_evaluation"]
        changes = self.body(PolicyForm, partial=True)
        enabled = changes.pop("enabled", None)
        if (target := changes.pop("target_repository", None)) is not None:
            changes["target"] = repository_of(self.actor, target)
        policies.update(
            actor=self.actor,
            policy=policy,
            changes=changes,
            enabled=enabled,
            apply=apply,
        )
        return _saved(self.actor, policy, apply=apply, status=200)

    def delete(
        self, _request: Request, namespace: str, name: str, policy_id: str
    ) -> Response:
        """Delete a policy; no error where there is none."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        policy = _found(repository, policy_id)
        if policy is not None:
            policies.delete(actor=self.actor, policy=policy)
        return Response(status=204)


def _found(repository: Repository, policy_id: str) -> PromotionPolicy | None:
    """Return the policy if the repository is one of its ends."""
    try:
        uuid = UUID(policy_id)
    except ValueError:
        return None
    rows = PromotionPolicy.objects.filter(uuid=uuid)
    ends = rows.of_source(repository) | rows.of_target(repository)
    return ends.first()


def _policy(repository: Repository, policy_id: str) -> PromotionPolicy:
    policy = _found(repository, policy_id)
    if policy is None:
        message = f"The repository “{repository}” has no promotion policy {policy_id}."
        raise NotFound(message, code="NO_SUCH_PROMOTION_POLICY")
    return policy


def _saved(
    actor: Actor, policy: PromotionPolicy, *, apply: bool, status: int
) -> Response:
    """Let a worker apply the policy if it is to be; answer the policy."""
    if apply and policy.enabled:
        wake(apply_policy, policy.pk)
    return Response(_render(actor, [policy])[0], status=status)


def _render(
    actor: Actor, policies_shown: Iterable[PromotionPolicy]
) -> list[dict[str, Any]]:
    """Return responses.PromotionPolicy of each; an end not to be known is empty."""
    versions = [(row, row.current_version) for row in policies_shown]
    known = [(row, version) for row, version in versions if version is not None]
    ends = Ends.of(actor, [version for _, version in known])
    return [_rendered(policy, version, ends) for policy, version in known]


def _rendered(
    policy: PromotionPolicy, version: PolicyVersion, ends: Ends
) -> dict[str, Any]:
    return {
        "id": policy.uuid,
        "enabled": policy.enabled,
        "sourceRepository": ends.shown(version.source) or "",
        "targetRepository": ends.shown(version.target) or "",
        "tagTemplate": version.tag_template,
        "rules": version.rules,
        "lastPromotedAt": policy.last_promoted_at or NEVER,
        "zone": version.zone,
        "onMovedTag": version.on_moved_tag,
        "onConflict": version.on_conflict,
        "unscored": version.unscored,
        "unlicensed": version.unlicensed,
        "allowUnscannable": version.allow_unscannable,
        "origins": version.origins,
        "exceptionsOf": version.exceptions_of,
        "allowCycle": version.allow_cycle,
        "version": version.number,
    }
