"""An example of every body that the API takes, for the schema and its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.api import AccessForm
from accounts.api.accounts import UserSettingsForm
from accounts.api.api_tokens import NewTokenForm, TokenForm
from accounts.api.ci_trusts import CITrustForm
from accounts.api.enzi.accounts import AccountForm, NewAccountForm
from accounts.api.enzi.members import MembershipForm
from accounts.api.enzi.teams import NewTeamForm, TeamForm
from accounts.api.robots import NewRobotForm, RobotForm
from msr.api.meta import SettingsForm
from promotions.api.consents import ConsentForm
from promotions.api.jobs import JobForm
from promotions.api.policies import PolicyForm, WidePolicyForm
from promotions.api.policy_files import FileForm
from promotions.api.promotions import AgainForm, PromotionForm, RetryForm
from promotions.api.trials import PreviewForm, TestForm, WideTestForm
from repositories.api.exceptions import ExceptionForm, RepositoryExceptionForm
from repositories.api.imagescan.overrides import OverrideForm
from repositories.api.imagescan.scanning import ScanOptions, ToggleForm
from repositories.api.imagescan.summaries import ImagesForm
from repositories.api.repositories import NewRepositoryForm, RepositoryForm
from repositories.api.robots import RobotAccessForm
from repositories.api.signing_keys import SigningKeyForm
from repositories.api.webhooks import (
    SecretForm,
    TrialForm,
    WebhookForm,
    WebhookUpdateForm,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGEST = "sha256:" + "4f5a" * 16
UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
IN_A_YEAR = "2027-11-01T00:00:00Z"
FILE = """\
version: 1
name: pipeline
scope:
  namespaces: [dev]
policies:
  - key: stable-to-qa
    sourceRepository: dev/website
    targetRepository: qa/website
    tagTemplate: "%n"
    rules:
      - {field: tag, operator: ew, values: ["-stable"]}
"""
POLICY = {
    "enabled": True,
    "rules": [
        {"field": "tag", "operator": "ew", "values": ["-stable"]},
        {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]},
    ],
    "targetRepository": "qa/website",
    "tagTemplate": "%n-%Y%m%d",
    "zone": "Europe/Berlin",
}
WIDE_POLICY = {**POLICY, "sourcePattern": "dev/*"}
EXCEPTION = {
    "vulnerability": "CVE-2024-3094",
    "reason": "The vulnerable code is not linked.",
    "component": "xz",
    "componentVersion": "5.6.1",
    "expiresAt": IN_A_YEAR,
}
REPOSITORY = {
    "shortDescription": "The website",
    "visibility": "private",
    "scanOnPush": True,
    "immutableTagPatterns": ["v*"],
    "promotionsOnly": False,
}
WEBHOOK = {"type": "PROMOTION", "endpoint": "https://chat.example.com/hooks/1"}

BODIES: Mapping[type[Any], Mapping[str, Any]] = {
    AccessForm: {"accessLevel": "read-write"},
    AccountForm: {"fullName": "Dana Developer", "isActive": True},
    AgainForm: {"comment": "The target was deleted by mistake."},
    CITrustForm: {
        "robot": "ci",
        "issuer": "https://token.actions.example.com",
        "claims": {"repository_id": "74", "ref": "refs/heads/release-*"},
        "scopes": ["pull", "push"],
        "tokenSeconds": 900,
    },
    ConsentForm: {"version": 3, "side": "target", "answer": "given"},
    ExceptionForm: EXCEPTION,
    FileForm: {"file": FILE},
    ImagesForm: {"images": [{"name": "dev/website", "digest": DIGEST}]},
    JobForm: {"action": "reconcile"},
    MembershipForm: {"isAdmin": True},
    NewAccountForm: {"name": "qa", "isOrg": True, "fullName": "Quality assurance"},
    NewRepositoryForm: {**REPOSITORY, "name": "website"},
    NewRobotForm: {
        "name": "ci",
        "description": "Builds the website",
        "expiresAt": IN_A_YEAR,
    },
    NewTeamForm: {"name": "developers", "description": "Who builds the website"},
    NewTokenForm: {
        "tokenLabel": "build server",
        "scopes": ["pull", "push"],
        "namespace": "dev",
        "expiresAt": IN_A_YEAR,
    },
    OverrideForm: {
        "cve": "CVE-2024-3094",
        "component": "xz",
        "componentVersion": "5.6.1",
        "notes": "The vulnerable code is not linked.",
        "scope": "dev/website",
    },
    PolicyForm: POLICY,
    PreviewForm: {"tagTemplate": "%n-%Y%m%d", "zone": "UTC", "tag": "1.4-stable"},
    PromotionForm: {"targetRepository": "qa/website", "targetTag": "1.4"},
    RepositoryExceptionForm: {**EXCEPTION, "digest": DIGEST},
    RepositoryForm: REPOSITORY,
    RetryForm: {"comment": "The registry was away."},
    RobotAccessForm: {"accessLevel": "read-write", "repository": "website"},
    RobotForm: {"expiresAt": IN_A_YEAR, "takeOver": True},
    ScanOptions: {"scan": True, "check": False},
    SecretForm: {"keepPrevious": True},
    SettingsForm: {"scanningEnabled": True},
    SigningKeyForm: {
        "name": "release",
        "publicKey": "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n",
    },
    TeamForm: {"description": "Who builds the website"},
    TestForm: {**POLICY, "policyId": UUID},
    ToggleForm: {"scanOnPush": True},
    TokenForm: {"isActive": False, "tokenLabel": "old build server"},
    TrialForm: WEBHOOK,
    UserSettingsForm: {"contentCacheUUID": ""},
    WebhookForm: {**WEBHOOK, "key": "dev/website", "format": "slack"},
    WebhookUpdateForm: {"id": UUID, "inactive": False},
    WidePolicyForm: WIDE_POLICY,
    WideTestForm: WIDE_POLICY,
}
