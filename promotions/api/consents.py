"""Answers to policies: accept, decline, withdraw; and where global ones may act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.api import Form, Operation
from accounts.models import Namespace
from promotions.api.policies import OfNamespace, OfRegistry, PolicyOperation
from promotions.api.policy_json import policies_json
from promotions.models import PolicyConsent, PromotionPolicy
from promotions.services import policies

if TYPE_CHECKING:
    from rest_framework.request import Request

ANSWERS = {
    PolicyConsent.Answer.GIVEN: policies.accept,
    PolicyConsent.Answer.DECLINED: policies.decline,
    PolicyConsent.Answer.WITHDRAWN: policies.withdraw,
}


class ConsentForm(Form):
    """An answer to one version of a policy, for one of its sides."""

    version = serializers.IntegerField(min_value=1)
    side = serializers.ChoiceField(
        PolicyConsent.Side.choices, default=PolicyConsent.Side.TARGET
    )
    answer = serializers.ChoiceField(
        PolicyConsent.Answer.choices, default=PolicyConsent.Answer.GIVEN
    )
    comment = serializers.CharField(default="", allow_blank=True, max_length=500)


class Consent(PolicyOperation):
    """`…/promotionPolicies/{promotionpolicyid}/consent`."""

    def put(self, _request: Request, **_names: str) -> Response:
        """Answer the version that was looked at."""
        policy = self.policy()
        values = self.body(ConsentForm)
        number = values.pop("version")
        version = policy.versions.filter(number=number).first()
        if version is None:
            message = f"The policy has no version {number}."
            raise NotFound(message, code="NO_SUCH_PROMOTION_POLICY")
        service = ANSWERS[PolicyConsent.Answer(values.pop("answer"))]
        policy = service(actor=self.actor, version=version, **values)
        return self.saved(policy, 200)


class Proposal(PolicyOperation):
    """`…/promotionPolicies/{promotionpolicyid}/proposal`."""

    def delete(self, _request: Request, **_names: str) -> Response:
        """Take back what is proposed; a policy that never ran goes with it."""
        policies.retract(actor=self.actor, policy=self.policy())
        return Response(status=204)


class NamespaceConsent(OfNamespace, Consent):
    """The same below `/repositoryNamespaces/{namespace}`."""


class NamespaceProposal(OfNamespace, Proposal):
    """The same below `/repositoryNamespaces/{namespace}`."""


class GlobalConsent(OfRegistry, Consent):
    """The same of a global policy."""


class ProposalList(Operation):
    """`/promotionPolicies/proposals`."""

    def get(self, _request: Request) -> Response:
        """List the policies that wait for the consent of targets one administers."""
        rows = PromotionPolicy.objects.waiting_for(self.actor).with_consents()
        return self.paged(rows, lambda page: policies_json(self.actor, page))


class Admission(OfRegistry):
    """`/promotionPolicies/{promotionpolicyid}/namespaces/{namespace}`."""

    def put(self, _request: Request, **_names: str) -> Response:
        """Let a global policy act in the namespace."""
        policy = self.policy()
        policies.admit(actor=self.actor, policy=policy, namespace=self._namespace())
        return self.saved(policy, 200)

    def delete(self, _request: Request, **_names: str) -> Response:
        """Keep a global policy out of the namespace."""
        policy = self.policy()
        policies.dismiss(actor=self.actor, policy=policy, namespace=self._namespace())
        return Response(status=204)

    def _namespace(self) -> Namespace:
        name = self.kwargs["admitted"]
        namespace = Namespace.objects.filter(name=name).first()
        if namespace is None:
            message = f"There is no account “{name}”."
            raise NotFound(message, code="NO_SUCH_ACCOUNT")
        return namespace
