"""Promotion policies of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.caller import Caller


def created(msr: Caller) -> None:
    there = {"namespace": "dev", "reponame": msr.new_repository()}
    made = msr.new_policy(there["reponame"])
    found = msr.call("GetRepoPromotionPolicy", promotionpolicyid=made, **there)
    assert found["rules"] == [{"field": "tag", "operator": "ew", "values": ["-stable"]}]


def listed(msr: Caller) -> None:
    there = {"namespace": "dev", "reponame": msr.new_repository()}
    made = msr.new_policy(there["reponame"])
    found = msr.call("ListRepoPromotionPolicies", **there)
    assert [one["id"] for one in found] == [made]
    target = {"namespace": "qa", "reponame": "website"}
    found = msr.call("ListRepoPromotionPolicies", None, {"source": "false"}, **target)
    assert made in {one["id"] for one in found}


def changed(msr: Caller) -> None:
    there = {"namespace": "dev", "reponame": msr.new_repository()}
    policy = {"promotionpolicyid": msr.new_policy(there["reponame"])}
    found = msr.call("UpdateRepoPromotionPolicy", {"enabled": False}, **policy, **there)
    assert (found["enabled"], found["tagTemplate"]) == (False, "%n")


def deleted(msr: Caller) -> None:
    there = {"namespace": "dev", "reponame": msr.new_repository()}
    policy = {"promotionpolicyid": msr.new_policy(there["reponame"])}
    msr.call("DeleteRepoPromotionPolicy", **policy, **there)
    assert msr.call("ListRepoPromotionPolicies", **there) == []
    # MSR's own quirk: what is gone already is deleted with success.
    msr.call("DeleteRepoPromotionPolicy", **policy, **there)


CALLS = {
    "CreateRepoPromotionPolicy": created,
    "GetRepoPromotionPolicy": created,
    "ListRepoPromotionPolicies": listed,
    "UpdateRepoPromotionPolicy": changed,
    "DeleteRepoPromotionPolicy": deleted,
}
