"""Who: people, organizations, teams, namespaces, grants, tokens, the audit log."""

from __future__ import annotations

from accounts.models.access_token import AccessToken
from accounts.models.audit import AuditEvent
from accounts.models.base import PublicModel
from accounts.models.ci_trust import CITrust, TrustedIssuer, UsedAssertion
from accounts.models.encrypted import EncryptedTextField
from accounts.models.grant import GrantBase, NamespaceGroupGrant, NamespaceUserGrant
from accounts.models.horizon import Horizon
from accounts.models.namespace import Namespace
from accounts.models.organization import (
    Organization,
    OrganizationMembership,
    Team,
    TeamMembership,
)
from accounts.models.robot import Robot
from accounts.models.user import User

__all__ = [
    "AccessToken",
    "AuditEvent",
    "CITrust",
    "EncryptedTextField",
    "GrantBase",
    "Horizon",
    "Namespace",
    "NamespaceGroupGrant",
    "NamespaceUserGrant",
    "Organization",
    "OrganizationMembership",
    "PublicModel",
    "Robot",
    "Team",
    "TeamMembership",
    "TrustedIssuer",
    "UsedAssertion",
    "User",
]
