"""The identity API: accounts, organizations, teams and members."""

from __future__ import annotations

from accounts.api import enzi
from accounts.api.enzi.accounts import AccountForm, AccountQuery, NewAccountForm
from accounts.api.enzi.members import MemberQuery, MembershipForm
from accounts.api.enzi.paging import PageQuery
from accounts.api.enzi.teams import NewTeamForm, TeamForm
from msr.api.described.kinds import GONE, Described, Rows, made
from msr.api.shapes import enzi as kept

DESCRIBED: Rows = {
    enzi.AccountList: {
        "get": Described(kept.Accounts, query=AccountQuery),
        "post": made(kept.Account, NewAccountForm),
    },
    enzi.AccountDetail: {
        "get": Described(kept.Account),
        "patch": Described(kept.Account, body=AccountForm),
        "delete": GONE,
    },
    enzi.UserOrganizations: {"get": Described(kept.MemberOrgs, query=PageQuery)},
    enzi.OrganizationMembers: {"get": Described(kept.Members, query=MemberQuery)},
    enzi.OrganizationMember: {
        "get": Described(kept.Member),
        "put": Described(kept.Member, body=MembershipForm),
        "delete": GONE,
    },
    enzi.TeamList: {
        "get": Described(kept.Teams, query=PageQuery),
        "post": made(kept.Team, NewTeamForm),
    },
    enzi.TeamDetail: {
        "get": Described(kept.Team),
        "patch": Described(kept.Team, body=TeamForm),
        "delete": GONE,
    },
    enzi.TeamMembers: {"get": Described(kept.Members, query=MemberQuery)},
    enzi.TeamMember: {
        "get": Described(kept.Member),
        "put": Described(kept.Member, body=MembershipForm),
        "delete": GONE,
    },
}
