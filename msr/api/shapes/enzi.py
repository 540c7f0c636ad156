"""Accounts, teams and members of the identity API."""

from __future__ import annotations

from uuid import UUID

from msr.api.shapes.kinds import shape

Account = shape(
    "Account",
    name=str,
    id=UUID,
    fullName=str,
    isOrg=bool,
    isAdmin=bool,
    isActive=bool,
    isImported=bool,
    membersCount=int,
    teamsCount=int,
)
Accounts = shape(
    "Accounts",
    usersCount=int,
    orgsCount=int,
    resourceCount=int,
    nextPageStart=str,
    accounts=[Account],
)
Team = shape("Team", orgID=UUID, name=str, id=UUID, description=str, membersCount=int)
Teams = shape("Teams", resourceCount=int, nextPageStart=str, teams=[Team])
Member = shape("Member", member=Account, isAdmin=bool, isPublic=bool)
Members = shape("Members", resourceCount=int, nextPageStart=str, members=[Member])
MemberOrg = shape("MemberOrg", org=Account, isAdmin=bool)
MemberOrgs = shape(
    "MemberOrgs", resourceCount=int, nextPageStart=str, memberOrgs=[MemberOrg]
)
