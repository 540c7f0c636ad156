"""Repositories of a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.caller import Caller


def listed(msr: Caller) -> None:
    found, answer = msr.response("ListRepositories", query={"count": "true"})
    assert int(answer.headers["X-Resource-Count"]) >= len(found["repositories"]) > 0


def listed_of_namespace(msr: Caller) -> None:
    found = msr.call("ListNamespaceRepositories", namespace="dev")
    assert {one["namespace"] for one in found["repositories"]} == {"dev"}


def created(msr: Caller) -> None:
    name = msr.new_repository()
    found = msr.call("GetRepository", namespace="dev", reponame=name)
    assert (found["name"], found["visibility"]) == (name, "private")


def changed(msr: Caller) -> None:
    name = msr.new_repository()
    body = {"visibility": "public", "immutableTags": True}
    found = msr.call("PatchRepository", body, namespace="dev", reponame=name)
    assert (found["visibility"], found["immutableTags"]) == ("public", True)


def deleted(msr: Caller) -> None:
    name = msr.new_repository()
    msr.call("DeleteRepository", namespace="dev", reponame=name)
    found = msr.call(
        "ListNamespaceRepositories", {}, {"pageSize": 1000}, namespace="dev"
    )
    assert name not in {one["name"] for one in found["repositories"]}


def scan_on_push_toggled(msr: Caller) -> None:
    msr.call("ToggleAllRepositoriesScanOnPush", {"scanOnPush": True})


CALLS = {
    "ListRepositories": listed,
    "ListNamespaceRepositories": listed_of_namespace,
    "CreateRepository": created,
    "GetRepository": created,
    "PatchRepository": changed,
    "DeleteRepository": deleted,
    "ToggleAllRepositoriesScanOnPush": scan_on_push_toggled,
}
