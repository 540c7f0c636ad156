"""`/api/v0/repositories`: repositories, tags, team access; keys; `/imagescan`."""

from __future__ import annotations

from repositories.api.account_access import (
    AccountRepositories,
    TeamRepositoryAccess,
    UserRepositoryAccess,
)
from repositories.api.deliveries import DeliveryDetail, DeliveryList, ResendDelivery
from repositories.api.exceptions import (
    ExceptionDetail,
    ExceptionList,
    NamespaceExceptionDetail,
    NamespaceExceptionList,
)
from repositories.api.imagescan import (
    ByComponent,
    ByCve,
    ByLayer,
    ByLicense,
    ExportSummary,
    LayerOverride,
    LayerOverrideList,
    OldSummary,
    ReferenceSummary,
    ScanAll,
    ScanImage,
    ScanUpdate,
    Status,
    TagSummaries,
    Toggle,
)
from repositories.api.index import (
    Autocomplete,
    AutocompleteQuery,
    DockerSearch,
    DockerSearchQuery,
)
from repositories.api.lookup import namespace_of, repository_of, tag_of
from repositories.api.manifests import ManifestDetail, ManifestList
from repositories.api.repositories import (
    NamespaceRepositories,
    RepositoryDetail,
    RepositoryList,
)
from repositories.api.robots import RobotAccess
from repositories.api.scan_reports import RegistryReports, TagReports
from repositories.api.signing_keys import (
    NamespaceSigningKey,
    NamespaceSigningKeyList,
    SigningKeyDetail,
    SigningKeyList,
)
from repositories.api.tags import TagDetail, TagList
from repositories.api.team_access import RepositoryTeamAccess, RepositoryTeamAccessList
from repositories.api.webhooks import (
    NamespaceWebhookList,
    RepositoryWebhookList,
    TestWebhook,
    UpdateWebhook,
    WebhookDetail,
    WebhookList,
    WebhookSecrets,
)

__all__ = [
    "AccountRepositories",
    "Autocomplete",
    "AutocompleteQuery",
    "ByComponent",
    "ByCve",
    "ByLayer",
    "ByLicense",
    "DeliveryDetail",
    "DeliveryList",
    "DockerSearch",
    "DockerSearchQuery",
    "ExceptionDetail",
    "ExceptionList",
    "ExportSummary",
    "LayerOverride",
    "LayerOverrideList",
    "ManifestDetail",
    "ManifestList",
    "NamespaceExceptionDetail",
    "NamespaceExceptionList",
    "NamespaceRepositories",
    "NamespaceSigningKey",
    "NamespaceSigningKeyList",
    "NamespaceWebhookList",
    "OldSummary",
    "ReferenceSummary",
    "RegistryReports",
    "RepositoryDetail",
    "RepositoryList",
    "RepositoryTeamAccess",
    "RepositoryTeamAccessList",
    "RepositoryWebhookList",
    "ResendDelivery",
    "RobotAccess",
    "ScanAll",
    "ScanImage",
    "ScanUpdate",
    "SigningKeyDetail",
    "SigningKeyList",
    "Status",
    "TagDetail",
    "TagList",
    "TagReports",
    "TagSummaries",
    "TeamRepositoryAccess",
    "TestWebhook",
    "Toggle",
    "UpdateWebhook",
    "UserRepositoryAccess",
    "WebhookDetail",
    "WebhookList",
    "WebhookSecrets",
    "namespace_of",
    "repository_of",
    "tag_of",
]
