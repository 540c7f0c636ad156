"""Promotion policies: list, create, show, change, delete.

MSR knows those of a repository. Beyond it, a namespace has policies about its
repositories, and administrators make global ones.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from typing_extensions import override

from accounts.access import Action
from accounts.api import Form, Operation, require_unchanged
from accounts.permissions import check, require, require_administrator
from promotions.api.ends import EndQuery
from promotions.api.policy_json import policies_json, policy_json
from promotions.api.policy_state import state_of
from promotions.models import PolicyVersion, PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies
from promotions.tasks import apply_policy
from promotions.validators import validate_source_pattern
from repositories.api import namespace_of, repository_of
from repositories.tasks import wake

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import Namespace
    from promotions.querysets import PromotionPolicyQuerySet
    from repositories.models import Repository


class PolicyForm(Form):
    """MSR: forms.CreatePromotionPolicy; beyond it what a version chooses besides."""

    enabled = serializers.BooleanField(default=True)
    rules = serializers.ListField(child=serializers.DictField())
    target_repository = serializers.CharField(max_length=300)
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
    allow_public_target = serializers.BooleanField(required=False)
    allow_cycle = serializers.BooleanField(required=False)
    exceptions_of = serializers.ChoiceField(
        PolicyVersion.Exceptions.choices, required=False
    )
    propose = serializers.BooleanField(default=False)


class WidePolicyForm(PolicyForm):
    """A policy on more than one repository names them by a pattern."""

    source_pattern = serializers.CharField(validators=(validate_source_pattern,))


class ApplyQuery(Form):
    """Whether the tags that exist are looked at (MSR: *Save & Apply*)."""

    initial_evaluation = serializers.BooleanField(default=True)


class PolicyOperation(Operation):
    """What the operations on policies share: where they stand, and what is found there.

    The address says where: below a repository here, and by mixins below a namespace or
    at the registry.
    """

    missing = "NO_SUCH_REPOSITORY"
    invalid = "INVALID_PROMOTION_POLICY"
    form = PolicyForm

    @cached_property
    def repository(self) -> Repository | None:
        """The repository of the address; None where it names none."""
        return repository_of(self.actor, "{namespace}/{name}".format(**self.kwargs))

    def outgoing(self) -> PromotionPolicyQuerySet:
        """Return the policies that promote from here."""
        return PromotionPolicy.objects.of_source(cast("Repository", self.repository))

    def incoming(self) -> PromotionPolicyQuerySet:
        """Return the policies that promote into here.

        What is proposed is for those who can accept it.
        """
        repository = cast("Repository", self.repository)
        return PromotionPolicy.objects.of_target(
            repository,
            with_proposed=bool(check(self.actor, Action.ADMIN, repository)),
        )

    def find(self) -> PromotionPolicy | None:
        """Return the policy of the address if it is found here; None otherwise."""
        rows = self.outgoing() | self.incoming()
        try:
            uuid = UUID(self.kwargs["policy_id"])
        except ValueError:
            return None
        return rows.with_consents().filter(uuid=uuid).first()

    def policy(self) -> PromotionPolicy:
        """Return the policy of the address; raises NO_SUCH_PROMOTION_POLICY."""
        policy = self.find()
        if policy is None:
            message = f"No promotion policy {self.kwargs['policy_id']} is found here."
            raise NotFound(message, code="NO_SUCH_PROMOTION_POLICY")
        return policy

    def content(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return what was sent as fields of a Draft.

        A target that reads as absent is refused at once, unless it is proposed.
        """
        target = values.pop("target_repository", None)
        if target is not None:
            is_asked_for = values.get("propose") or "{" in target
            known = target if is_asked_for else repository_of(self.actor, target)
            values["target"] = str(known)
        if (pattern := values.pop("source_pattern", None)) is not None:
            values["source"] = RepositoryPattern.parse(pattern)
        return values

    def saved(self, policy: PromotionPolicy, status: int) -> Response:
        """Let a worker apply the policy if it is to be; answer the policy."""
        if policy.apply_wanted_at:
            wake(apply_policy, policy.pk)
        rows = PromotionPolicy.objects.kept().with_consents()
        saved = rows.filter(pk=policy.pk).first()
        if saved is None:
            message = "Somebody deleted the policy meanwhile."
            raise NotFound(message, code="NO_SUCH_PROMOTION_POLICY")
        return Response(policy_json(self.actor, saved, self.repository), status=status)


class PolicyList(PolicyOperation):
    """`…/promotionPolicies`."""

    def get(self, _request: Request, **_names: str) -> Response:
        """List the policies whose source (or target) this is, unpaged."""
        as_source = self.query(EndQuery)["source"]
        rows = self.outgoing() if as_source else self.incoming()
        ordered = rows.with_consents().order_by("created_at", "id")
        return Response(policies_json(self.actor, ordered, self.repository))

    def post(self, _request: Request, **_names: str) -> Response:
        """Create a policy and, unless told otherwise, apply it to existing tags."""
        source = self.source()
        apply = self.query(ApplyQuery)["initial_evaluation"]
        values = self.content(self.body(self.form))
        enabled, propose = values.pop("enabled"), values.pop("propose")
        policy = policies.create(
            actor=self.actor,
            draft=policies.Draft(**source, **values),
            enabled=enabled,
            apply=apply,
            propose=propose,
        )
        return self.saved(policy, 201)

    def source(self) -> dict[str, Any]:
        """Return what the address says of a new policy's source."""
        return {"source": self.repository}


class PolicyDetail(PolicyOperation):
    """`…/promotionPolicies/{promotionpolicyid}`, below the source or the target."""

    def get(self, _request: Request, **_names: str) -> Response:
        """Show one policy."""
        policy = self.policy()
        self.state = state_of(self.actor, policy)
        return Response(policy_json(self.actor, policy, self.repository))

    def put(self, _request: Request, **_names: str) -> Response:
        """Change what was sent, as the policy's next version, and apply it."""
        policy = self.policy()
        require_unchanged(self.request, state_of(self.actor, policy))
        apply = self.query(ApplyQuery)["initial_evaluation"]
        is_wide = bool(policy.shown_version.source_pattern)
        form = WidePolicyForm if is_wide else PolicyForm
        changes = self.content(self.body(form, partial=True))
        enabled, propose = changes.pop("enabled", None), changes.pop("propose", False)
        policies.update(
            actor=self.actor,
            policy=policy,
            changes=changes,
            enabled=enabled,
            apply=apply,
            propose=propose,
        )
        return self.saved(policy, 200)

    def delete(self, _request: Request, **_names: str) -> Response:
        """Delete a policy; no error where there is none."""
        policy = self.find()
        if policy is not None:
            require_unchanged(self.request, state_of(self.actor, policy))
            policies.delete(actor=self.actor, policy=policy)
        return Response(status=204)


class OfNamespace(PolicyOperation):
    """Below `/repositoryNamespaces/{namespace}`; for its admins."""

    missing = "NO_SUCH_ACCOUNT"
    form = WidePolicyForm
    repository = None

    @cached_property
    def namespace(self) -> Namespace:
        """The namespace of the address, which the actor administers."""
        namespace = namespace_of(self.actor, self.kwargs["namespace"])
        require(self.actor, Action.ADMIN, namespace)
        return namespace

    @override
    def outgoing(self) -> PromotionPolicyQuerySet:
        return PromotionPolicy.objects.of_namespace(self.namespace)

    @override
    def incoming(self) -> PromotionPolicyQuerySet:
        return PromotionPolicy.objects.into_namespace(self.namespace)


class NamespacePolicyList(OfNamespace, PolicyList):
    """`/repositoryNamespaces/{namespace}/promotionPolicies`."""

    @override
    def source(self) -> dict[str, Any]:
        return {"namespace": self.namespace}


class NamespacePolicyDetail(OfNamespace, PolicyDetail):
    """`/repositoryNamespaces/{namespace}/promotionPolicies/{promotionpolicyid}`."""


class OfRegistry(PolicyOperation):
    """Of the whole registry; for administrators."""

    form = WidePolicyForm
    repository = None

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require_administrator(self.actor)

    @override
    def outgoing(self) -> PromotionPolicyQuerySet:
        return PromotionPolicy.objects.of_no_namespace()

    @override
    def incoming(self) -> PromotionPolicyQuerySet:
        return self.outgoing()


class GlobalPolicyList(OfRegistry, PolicyList):
    """`/promotionPolicies`."""

    @override
    def source(self) -> dict[str, Any]:
        return {}


class GlobalPolicyDetail(OfRegistry, PolicyDetail):
    """`/promotionPolicies/{promotionpolicyid}`."""
