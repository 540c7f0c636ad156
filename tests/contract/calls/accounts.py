"""Accounts: what belongs to them, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.calls.teams import TEAM

if TYPE_CHECKING:
    from tests.contract.caller import Caller


def language(msr: Caller) -> None:
    msr.call("GetLanguage")


def deleted(msr: Caller) -> None:
    name = msr.new_name("leaver")
    msr.identity("POST", "/accounts", {"name": name, "password": "wide enough 6006"})
    msr.call("DeleteNamespace", namespace=name)
    assert msr.identity("GET", f"/accounts/{name}")["isActive"] is False


def emptied(msr: Caller) -> None:
    name = msr.new_name("organization")
    msr.identity("POST", "/accounts", {"name": name, "isOrg": True})
    msr.new_repository("one", namespace=name)
    # MSR's file describes only what is answered when it fails.
    msr.response("DeleteNamespaceRepositories", namespace=name)
    found = msr.call("ListNamespaceRepositories", namespace=name)
    assert found["repositories"] == []


def access_of_team(msr: Caller) -> None:
    there = {"namespace": "dev", "reponame": msr.new_repository()}
    level = {"accessLevel": "read-write"}
    msr.call("GrantRepoTeamAccess", level, teamname=TEAM, **there)
    found = msr.call("ListTeamRepoAccess", orgname="dev", teamname=TEAM)
    held = {
        one["repository"]["name"]: one["accessLevel"]
        for one in found["repositoryAccessList"]
    }
    assert held[there["reponame"]] == "read-write"


def access_of_user(msr: Caller) -> None:
    there = {"namespace": "dev", "reponame": "website"}
    found = msr.call("GetUserRepoAccess", username="dana", **there)
    assert found["accessLevel"] == "read-write"


def settings(msr: Caller) -> None:
    body = {"contentCacheUUID": ""}
    msr.call("UpdateUserSettings", body, username="admin")
    assert msr.call("GetUserSettings", username="admin") == {"ContentCacheUUID": ""}


CALLS = {
    "GetLanguage": language,
    "DeleteNamespace": deleted,
    "DeleteNamespaceRepositories": emptied,
    "ListTeamRepoAccess": access_of_team,
    "GetUserRepoAccess": access_of_user,
    "GetUserSettings": settings,
    "UpdateUserSettings": settings,
}
