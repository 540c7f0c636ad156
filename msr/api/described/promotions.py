"""Policies, trials, consents, decisions and promotions."""

from __future__ import annotations

from msr.api.described.kinds import GONE, GONE_GUARDED, Described, Rows, listed, made
from msr.api.shapes import promotions as moved
from promotions import api as promotions
from promotions.api.consents import ConsentForm
from promotions.api.ends import EndQuery
from promotions.api.failing import FailingQuery
from promotions.api.policies import ApplyQuery, PolicyForm, WidePolicyForm
from promotions.api.promotions import AgainForm, PromotionForm, RetryForm
from promotions.api.trials import PreviewForm, TestForm, TestQuery, WideTestForm

_POLICIES = {
    "get": Described([moved.Policy], query=EndQuery),
    "post": made(moved.Policy, PolicyForm, query=ApplyQuery),
}
_WIDE_POLICIES = {
    "get": _POLICIES["get"],
    "post": made(moved.Policy, WidePolicyForm, query=ApplyQuery),
}
_POLICY = {
    "get": Described(moved.Policy),
    "put": Described(moved.Policy, body=PolicyForm, query=ApplyQuery, guarded=True),
    "delete": GONE_GUARDED,
}
_WIDE_POLICY = _POLICY | {
    "put": Described(moved.Policy, body=WidePolicyForm, query=ApplyQuery, guarded=True)
}
_TEST = {"post": listed([moved.Trial], TestQuery, body=TestForm)}
_WIDE_TEST = {"post": listed([moved.Trial], TestQuery, body=WideTestForm)}
_CONSENT = {"put": Described(moved.Policy, body=ConsentForm)}

DESCRIBED: Rows = {
    promotions.PromoteByHand: {"post": made(moved.Started, PromotionForm)},
    promotions.DecisionList: {"get": Described([moved.Decision])},
    promotions.PolicyList: _POLICIES,
    promotions.NamespacePolicyList: _WIDE_POLICIES,
    promotions.GlobalPolicyList: _WIDE_POLICIES,
    promotions.PolicyDetail: _POLICY,
    promotions.NamespacePolicyDetail: _WIDE_POLICY,
    promotions.GlobalPolicyDetail: _WIDE_POLICY,
    promotions.TestPolicy: _TEST,
    promotions.TestNamespacePolicy: _WIDE_TEST,
    promotions.TestGlobalPolicy: _WIDE_TEST,
    promotions.PreviewTemplate: {"post": Described(moved.Preview, body=PreviewForm)},
    promotions.Consent: _CONSENT,
    promotions.NamespaceConsent: _CONSENT,
    promotions.GlobalConsent: _CONSENT,
    promotions.Proposal: {"delete": GONE},
    promotions.NamespaceProposal: {"delete": GONE},
    promotions.ProposalList: {"get": listed([moved.Policy])},
    promotions.Admission: {"put": Described(moved.Policy), "delete": GONE},
    promotions.RepositoryPromotionList: {
        "get": listed([moved.Promotion], EndQuery, filtered=True)
    },
    promotions.RetryFailed: {
        "post": Described(moved.Retried, body=RetryForm, query=EndQuery)
    },
    promotions.FailingList: {"get": listed([moved.Failing], FailingQuery)},
    promotions.PromotionDetail: {"get": Described(moved.Promotion)},
    promotions.PromoteAgain: {"post": made(moved.Promotion, AgainForm)},
    promotions.CancelPromotion: {"post": Described(moved.Promotion)},
}
