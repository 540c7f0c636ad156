"""What each operation takes and answers, for the schema: a row for every method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.api import AccessForm, NamespaceTeamAccess, NamespaceTeamAccessList
from msr.api.shapes import promotions as moved
from msr.api.shapes import repositories as kept
from msr.api.shapes import scans as found
from promotions import api as promotions
from promotions.api.consents import ConsentForm
from promotions.api.ends import EndQuery
from promotions.api.failing import FailingQuery
from promotions.api.policies import ApplyQuery, PolicyForm, WidePolicyForm
from promotions.api.promotions import AgainForm, PromotionForm, RetryForm
from promotions.api.trials import PreviewForm, TestForm, TestQuery, WideTestForm
from repositories import api as repositories
from repositories.api.exceptions import (
    ExceptionForm,
    ExceptionQuery,
    RepositoryExceptionForm,
)
from repositories.api.imagescan.export import ExportQuery
from repositories.api.imagescan.overrides import OverrideForm
from repositories.api.imagescan.reading import PlatformQuery
from repositories.api.imagescan.scanning import ScanOptions, ToggleForm
from repositories.api.imagescan.summaries import ImagesForm
from repositories.api.repositories import NewRepositoryForm, RepositoryForm
from repositories.api.scan_reports import RegistryReportQuery, ReportQuery
from repositories.api.signing_keys import SigningKeyForm
from repositories.api.tags import TagListQuery, TagQuery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.api import Form, Operation
    from msr.api.shapes.kinds import Shape


@dataclass(frozen=True, slots=True)
class Described:
    """One method: the shape of its answer (None is empty, a list is one of them).

    `query` and `body` are the forms that it reads; `paged` lists come in pages.
    """

    answer: Shape | list[Shape] | None
    body: type[Form] | None = None
    query: type[Form] | None = None
    status: int = 200
    paged: bool = False
    filtered: bool = False
    takes_report: bool = False


def _list(answer: Any, query: type[Form] | None = None, **more: Any) -> Described:
    return Described(answer, query=query, paged=True, **more)


def _made(answer: Any, body: type[Form] | None, **more: Any) -> Described:
    return Described(answer, body=body, status=201, **more)


GONE = Described(None, status=204)

_POLICIES = {
    "get": Described([moved.Policy], query=EndQuery),
    "post": _made(moved.Policy, PolicyForm, query=ApplyQuery),
}
_WIDE_POLICIES = {
    "get": _POLICIES["get"],
    "post": _made(moved.Policy, WidePolicyForm, query=ApplyQuery),
}
_POLICY = {
    "get": Described(moved.Policy),
    "put": Described(moved.Policy, body=PolicyForm, query=ApplyQuery),
    "delete": GONE,
}
_WIDE_POLICY = _POLICY | {
    "put": Described(moved.Policy, body=WidePolicyForm, query=ApplyQuery)
}
_TEST = {"post": _list([moved.Trial], TestQuery, body=TestForm)}
_WIDE_TEST = {"post": _list([moved.Trial], TestQuery, body=WideTestForm)}
_CONSENT = {"put": Described(moved.Policy, body=ConsentForm)}
_SEARCH = {"get": _list([found.Found])}
_SUMMARY = {"get": Described([found.ScanSummary], query=PlatformQuery)}

DESCRIBED: Mapping[type[Operation], Mapping[str, Described]] = {
    NamespaceTeamAccessList: {"get": _list(kept.NamespaceTeams)},
    NamespaceTeamAccess: {
        "get": Described(kept.NamespaceTeamAccess),
        "put": Described(kept.NamespaceTeamAccess, body=AccessForm),
        "delete": GONE,
    },
    repositories.RepositoryList: {"get": _list(kept.Repositories)},
    repositories.NamespaceRepositories: {
        "get": _list(kept.Repositories),
        "post": _made(kept.Repository, NewRepositoryForm),
    },
    repositories.RepositoryDetail: {
        "get": Described(kept.Repository),
        "patch": Described(kept.Repository, body=RepositoryForm),
        "delete": GONE,
    },
    repositories.RepositoryTeamAccessList: {"get": _list(kept.RepositoryTeams)},
    repositories.RepositoryTeamAccess: {
        "put": Described(kept.RepositoryTeams, body=AccessForm),
        "delete": GONE,
    },
    repositories.TagList: {"get": _list([kept.ListedTag], TagListQuery)},
    repositories.TagDetail: {
        "get": Described([kept.Tag], query=TagQuery),
        "delete": GONE,
    },
    repositories.ManifestList: {"get": _list([kept.Manifest])},
    repositories.TagReports: {
        "post": _made(found.Report, None, query=ReportQuery, takes_report=True)
    },
    repositories.RegistryReports: {
        "post": _made(found.Report, None, query=RegistryReportQuery, takes_report=True)
    },
    repositories.ExceptionList: {
        "get": _list(found.HiddenList, ExceptionQuery),
        "post": _made(found.Hidden, RepositoryExceptionForm),
    },
    repositories.ExceptionDetail: {"delete": GONE},
    repositories.NamespaceExceptionList: {
        "get": _list(found.HiddenList, ExceptionQuery),
        "post": _made(found.Hidden, ExceptionForm),
    },
    repositories.NamespaceExceptionDetail: {"delete": GONE},
    repositories.SigningKeyList: {
        "get": _list(kept.SigningKeys),
        "post": _made(kept.SigningKey, SigningKeyForm),
    },
    repositories.NamespaceSigningKeyList: {
        "get": _list(kept.SigningKeys),
        "post": _made(kept.SigningKey, SigningKeyForm),
    },
    repositories.SigningKeyDetail: {"delete": GONE},
    repositories.NamespaceSigningKey: {"delete": GONE},
    repositories.Status: {"get": Described(found.ScannerStatus)},
    repositories.ScanAll: {"post": Described(found.Nothing, body=ScanOptions)},
    repositories.ScanUpdate: {"put": Described(found.Nothing)},
    repositories.ScanImage: {"post": Described(found.Nothing)},
    repositories.Toggle: {"post": Described(found.Nothing, body=ToggleForm)},
    repositories.TagSummaries: {
        "post": Described(found.ThinSummaries, body=ImagesForm)
    },
    repositories.ExportSummary: {
        "get": Described([found.ScanSummary], query=ExportQuery)
    },
    repositories.ReferenceSummary: _SUMMARY,
    repositories.OldSummary: {
        "get": Described([found.OldSummary], query=PlatformQuery)
    },
    repositories.ByCve: _SEARCH,
    repositories.ByComponent: _SEARCH,
    repositories.ByLayer: _SEARCH,
    repositories.ByLicense: _SEARCH,
    repositories.LayerOverrideList: {"get": Described([found.Override])},
    repositories.LayerOverride: {
        "post": Described([found.Override], body=OverrideForm),
        "delete": Described(found.Nothing),
    },
    promotions.PromoteByHand: {"post": _made(moved.Started, PromotionForm)},
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
    promotions.ProposalList: {"get": _list([moved.Policy])},
    promotions.Admission: {"put": Described(moved.Policy), "delete": GONE},
    promotions.RepositoryPromotionList: {
        "get": _list([moved.Promotion], EndQuery, filtered=True)
    },
    promotions.RetryFailed: {
        "post": Described(moved.Retried, body=RetryForm, query=EndQuery)
    },
    promotions.FailingList: {"get": _list([moved.Failing], FailingQuery)},
    promotions.PromotionDetail: {"get": Described(moved.Promotion)},
    promotions.PromoteAgain: {"post": _made(moved.Promotion, AgainForm)},
    promotions.CancelPromotion: {"post": Described(moved.Promotion)},
}
