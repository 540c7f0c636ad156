"""Promotion policies, their trials and consents, decisions and promotions."""

from __future__ import annotations

from django.urls import path

from msr.api.urls.addresses import of_namespace, of_repository
from promotions import api as promotions

POLICY = "promotionPolicies/<api_name:policy_id>"
PROMOTION = "promotions/<uuid:promotion_id>"

urlpatterns = [
    of_repository("/tags/<api_name:tag>/promotion", promotions.PromoteByHand),
    of_repository("/tags/<api_name:tag>/decisions", promotions.DecisionList),
    of_repository("/promotionPolicies", promotions.PolicyList),
    of_repository("/promotionPolicies/test", promotions.TestPolicy),
    of_repository("/promotionPolicies/preview", promotions.PreviewTemplate),
    of_repository(f"/{POLICY}", promotions.PolicyDetail),
    of_repository(f"/{POLICY}/consent", promotions.Consent),
    of_repository(f"/{POLICY}/proposal", promotions.Proposal),
    of_repository("/promotions", promotions.RepositoryPromotionList),
    of_repository("/promotions/retry", promotions.RetryFailed),
    of_namespace("/promotionPolicies", promotions.NamespacePolicyList),
    of_namespace("/promotionPolicies/test", promotions.TestNamespacePolicy),
    of_namespace(f"/{POLICY}", promotions.NamespacePolicyDetail),
    of_namespace(f"/{POLICY}/consent", promotions.NamespaceConsent),
    of_namespace(f"/{POLICY}/proposal", promotions.NamespaceProposal),
    path("promotionPolicies", promotions.GlobalPolicyList.as_view()),
    path("promotionPolicies/test", promotions.TestGlobalPolicy.as_view()),
    path("promotionPolicies/proposals", promotions.ProposalList.as_view()),
    path(POLICY, promotions.GlobalPolicyDetail.as_view()),
    path(f"{POLICY}/consent", promotions.GlobalConsent.as_view()),
    path(f"{POLICY}/namespaces/<api_name:admitted>", promotions.Admission.as_view()),
    path("promotions/failing", promotions.FailingList.as_view()),
    path(PROMOTION, promotions.PromotionDetail.as_view()),
    path(f"{PROMOTION}/again", promotions.PromoteAgain.as_view()),
    path(f"{PROMOTION}/cancel", promotions.CancelPromotion.as_view()),
]
