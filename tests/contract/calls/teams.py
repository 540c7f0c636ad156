"""Which teams may do what to a repository, and to a whole namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.caller import Caller

TEAM = "contract"


def on_repository(msr: Caller) -> None:
    there = {"namespace": "dev", "reponame": msr.new_repository()}
    body = {"accessLevel": "read-write"}
    msr.call("GrantRepoTeamAccess", body, teamname=TEAM, **there)
    (found,) = msr.call("ListRepoTeamAccess", **there)["teamAccessList"]
    assert (found["team"]["name"], found["accessLevel"]) == (TEAM, "read-write")
    msr.call("RevokeRepoTeamAccess", teamname=TEAM, **there)
    assert msr.call("ListRepoTeamAccess", **there)["teamAccessList"] == []


def on_namespace(msr: Caller) -> None:
    there = {"namespace": "dev"}
    body = {"accessLevel": "read-only"}
    msr.call("GrantRepoNamespaceTeamAccess", body, teamname=TEAM, **there)
    found = msr.call("GetRepoNamespaceTeamAccess", teamname=TEAM, **there)
    assert found["accessLevel"] == "read-only"
    listed = msr.call("ListRepoNamespaceTeamAccess", **there)["teamAccessList"]
    assert TEAM in {one["team"]["name"] for one in listed}
    msr.call("RevokeRepoNamespaceTeamAccess", teamname=TEAM, **there)
    listed = msr.call("ListRepoNamespaceTeamAccess", **there)["teamAccessList"]
    assert TEAM not in {one["team"]["name"] for one in listed}


CALLS = {
    "ListRepoTeamAccess": on_repository,
    "GrantRepoTeamAccess": on_repository,
    "RevokeRepoTeamAccess": on_repository,
    "ListRepoNamespaceTeamAccess": on_namespace,
    "GetRepoNamespaceTeamAccess": on_namespace,
    "GrantRepoNamespaceTeamAccess": on_namespace,
    "RevokeRepoNamespaceTeamAccess": on_namespace,
}
