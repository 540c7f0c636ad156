"""The router of `/api/v0`: every operation on one screen, MSR's first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, path, re_path, register_converter
from django.urls.converters import StringConverter
from rest_framework.exceptions import NotFound
from typing_extensions import override

from accounts.api import NamespaceTeamAccess, NamespaceTeamAccessList, Operation
from accounts.validators import RESERVED_WORDS
from promotions import api as promotions
from repositories import api as repositories

if TYPE_CHECKING:
    from rest_framework.request import Request


class NameConverter(StringConverter):
    """One name; without NUL, which PostgreSQL cannot even look for."""

    regex = r"[^/\0]+"


class RepositoryNameConverter(StringConverter):
    """What follows the namespace: slashes are part of it, words of the API are not."""

    regex = r"[^\0]+"

    @override
    def to_python(self, value: str) -> str:
        if not RESERVED_WORDS.isdisjoint(value.lower().split("/")):
            raise ValueError
        return value


class NoSuchOperation(Operation):
    """Everything else below `/api/v0`, answered as any other error."""

    permission_classes = ()

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        message = f"The API has no operation at {request.path}."
        raise NotFound(message)


class TermConverter(StringConverter):
    """What is looked for."""

    regex = r"[^\0]+"


register_converter(NameConverter, "api_name")
register_converter(TermConverter, "search_term")
register_converter(RepositoryNameConverter, "repository_path")


def _of_repository(rest: str, view: type[Operation]) -> URLPattern:
    route = f"repositories/<api_name:namespace>/<repository_path:name>{rest}"
    return path(route, view.as_view())


POLICY = "promotionPolicies/<api_name:policy_id>"


def _of_namespace(rest: str, view: type[Operation]) -> URLPattern:
    return path(f"repositoryNamespaces/<api_name:namespace>{rest}", view.as_view())


def _of_scans(rest: str, view: type[Operation]) -> URLPattern:
    return path(f"imagescan/{rest}", view.as_view())


def _search(subject: str, view: type[Operation]) -> URLPattern:
    # What is looked for may be a purl, which has slashes.
    return _of_scans(f"scansummary/{subject}/<search_term:term>", view)


IMAGE = "<api_name:namespace>/<repository_path:name>/<api_name:reference>"
PLATFORM = "<api_name:tag>/<api_name:os>/<api_name:arch>"

urlpatterns = [
    path("repositories/scan/toggle", repositories.Toggle.as_view()),
    path("repositories", repositories.RepositoryList.as_view()),
    path(
        "repositories/<api_name:namespace>",
        repositories.NamespaceRepositories.as_view(),
    ),
    _of_repository("/tags", repositories.TagList),
    _of_repository("/tags/<api_name:reference>", repositories.TagDetail),
    _of_repository("/tags/<api_name:tag>/promotion", promotions.PromoteByHand),
    _of_repository("/tags/<api_name:tag>/decisions", promotions.DecisionList),
    _of_repository("/tags/<api_name:tag>/scans", repositories.TagReports),
    _of_repository("/manifests", repositories.ManifestList),
    _of_repository("/promotionPolicies", promotions.PolicyList),
    _of_repository("/promotionPolicies/test", promotions.TestPolicy),
    _of_repository("/promotionPolicies/preview", promotions.PreviewTemplate),
    _of_repository(f"/{POLICY}", promotions.PolicyDetail),
    _of_repository(f"/{POLICY}/consent", promotions.Consent),
    _of_repository(f"/{POLICY}/proposal", promotions.Proposal),
    _of_repository("/promotions", promotions.RepositoryPromotionList),
    _of_repository("/promotions/retry", promotions.RetryFailed),
    _of_repository("/teamAccess", repositories.RepositoryTeamAccessList),
    _of_repository("/teamAccess/<api_name:team>", repositories.RepositoryTeamAccess),
    _of_repository("/vulnerabilityExceptions", repositories.ExceptionList),
    _of_repository(
        "/vulnerabilityExceptions/<api_name:exception_id>", repositories.ExceptionDetail
    ),
    _of_repository("", repositories.RepositoryDetail),
    path(
        "repositoryNamespaces/<api_name:namespace>/teamAccess",
        NamespaceTeamAccessList.as_view(),
    ),
    path(
        "repositoryNamespaces/<api_name:namespace>/teamAccess/<api_name:team>",
        NamespaceTeamAccess.as_view(),
    ),
    _of_namespace("/signingKeys", repositories.NamespaceSigningKeyList),
    _of_namespace("/signingKeys/<api_name:name>", repositories.NamespaceSigningKey),
    path("signingKeys", repositories.SigningKeyList.as_view()),
    path("signingKeys/<api_name:name>", repositories.SigningKeyDetail.as_view()),
    _of_namespace("/vulnerabilityExceptions", repositories.NamespaceExceptionList),
    _of_namespace(
        "/vulnerabilityExceptions/<api_name:exception_id>",
        repositories.NamespaceExceptionDetail,
    ),
    _of_namespace("/promotionPolicies", promotions.NamespacePolicyList),
    _of_namespace("/promotionPolicies/test", promotions.TestNamespacePolicy),
    _of_namespace(f"/{POLICY}", promotions.NamespacePolicyDetail),
    _of_namespace(f"/{POLICY}/consent", promotions.NamespaceConsent),
    _of_namespace(f"/{POLICY}/proposal", promotions.NamespaceProposal),
    path("promotionPolicies", promotions.GlobalPolicyList.as_view()),
    path("promotionPolicies/test", promotions.TestGlobalPolicy.as_view()),
    path("promotionPolicies/proposals", promotions.ProposalList.as_view()),
    path(POLICY, promotions.GlobalPolicyDetail.as_view()),
    path(f"{POLICY}/consent", promotions.GlobalConsent.as_view()),
    path(f"{POLICY}/namespaces/<api_name:admitted>", promotions.Admission.as_view()),
    path("promotions/failing", promotions.FailingList.as_view()),
    path("promotions/<uuid:promotion_id>", promotions.PromotionDetail.as_view()),
    path("promotions/<uuid:promotion_id>/again", promotions.PromoteAgain.as_view()),
    path("promotions/<uuid:promotion_id>/cancel", promotions.CancelPromotion.as_view()),
    _of_scans("status", repositories.Status),
    _of_scans("scan", repositories.ScanAll),
    _of_scans("scan/update", repositories.ScanUpdate),
    _of_scans(
        f"scan/<api_name:namespace>/<repository_path:name>/{PLATFORM}",
        repositories.ScanImage,
    ),
    _of_scans("scansummary/tags", repositories.TagSummaries),
    _of_scans(f"scansummary/repositories/{IMAGE}/export", repositories.ExportSummary),
    _of_scans(f"scansummary/repositories/{IMAGE}", repositories.ReferenceSummary),
    _search("cve", repositories.ByCve),
    _search("component", repositories.ByComponent),
    _search("layer", repositories.ByLayer),
    _search("license", repositories.ByLicense),
    _of_scans(f"repositories/{IMAGE}", repositories.OldSummary),
    _of_scans("layeroverride", repositories.LayerOverrideList),
    _of_scans("layeroverride/<api_name:key>", repositories.LayerOverride),
    re_path(".*", NoSuchOperation.as_view()),
]
