"""`/api/v0`: promotion policies, promotions, and why a tag is promoted or not."""

from __future__ import annotations

from promotions.api.consents import (
    Admission,
    Consent,
    GlobalConsent,
    NamespaceConsent,
    NamespaceProposal,
    Proposal,
    ProposalList,
)
from promotions.api.decisions import DecisionList
from promotions.api.events import EventList, RepositoryEventList
from promotions.api.failing import FailingList
from promotions.api.jobs import JobCancel, JobDetail, JobList, JobLogs
from promotions.api.policies import (
    GlobalPolicyDetail,
    GlobalPolicyList,
    NamespacePolicyDetail,
    NamespacePolicyList,
    PolicyDetail,
    PolicyList,
)
from promotions.api.policy_files import (
    ApplyFile,
    ExportFile,
    FileSchema,
    GlobalPolicyInFile,
    NamespacePolicyInFile,
    PlanFile,
    PolicyInFile,
)
from promotions.api.promotions import (
    CancelPromotion,
    PromoteAgain,
    PromoteByHand,
    PromotionDetail,
    RepositoryPromotionList,
    RetryFailed,
)
from promotions.api.trials import (
    PreviewTemplate,
    TestGlobalPolicy,
    TestNamespacePolicy,
    TestPolicy,
)

__all__ = [
    "Admission",
    "ApplyFile",
    "CancelPromotion",
    "Consent",
    "DecisionList",
    "EventList",
    "ExportFile",
    "FailingList",
    "FileSchema",
    "GlobalConsent",
    "GlobalPolicyDetail",
    "GlobalPolicyInFile",
    "GlobalPolicyList",
    "JobCancel",
    "JobDetail",
    "JobList",
    "JobLogs",
    "NamespaceConsent",
    "NamespacePolicyDetail",
    "NamespacePolicyInFile",
    "NamespacePolicyList",
    "NamespaceProposal",
    "PlanFile",
    "PolicyDetail",
    "PolicyInFile",
    "PolicyList",
    "PreviewTemplate",
    "PromoteAgain",
    "PromoteByHand",
    "PromotionDetail",
    "Proposal",
    "ProposalList",
    "RepositoryEventList",
    "RepositoryPromotionList",
    "RetryFailed",
    "TestGlobalPolicy",
    "TestNamespacePolicy",
    "TestPolicy",
]
