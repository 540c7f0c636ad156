"""`/enzi/v0`: accounts, organizations, teams and members, as MSR's identity API had it.

MSR's Swagger file does not hold it. The shapes are those of the account operations in
the API reference that Docker published for UCP 3.2, whose identity service (eNZi) is
the same; which of them clients call, and what they read, was taken from Mirantis'
Terraform provider for MSR and Harbor's DTR adapter.
"""

from __future__ import annotations

from accounts.api.enzi.accounts import AccountDetail, AccountList, UserOrganizations
from accounts.api.enzi.members import OrganizationMember, OrganizationMembers
from accounts.api.enzi.teams import TeamDetail, TeamList, TeamMember, TeamMembers

__all__ = [
    "AccountDetail",
    "AccountList",
    "OrganizationMember",
    "OrganizationMembers",
    "TeamDetail",
    "TeamList",
    "TeamMember",
    "TeamMembers",
    "UserOrganizations",
]
