"""What happened, of everything and of one repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.caller import Caller

SCANNED = {"namespace": "dev", "reponame": "scanned"}


def of_everything(msr: Caller) -> None:
    query = {"pageSize": 1, "count": "true"}
    found, answer = msr.response("GetEvents", query=query)
    assert len(found["events"]) == 1
    assert int(answer.headers["X-Resource-Count"]) > 1
    following = {"pageStart": answer.headers["X-Next-Page-Start"]}
    (one, *_) = msr.call("GetEvents", None, following)["events"]
    assert one["id"] != found["events"][0]["id"]


def of_repository(msr: Caller) -> None:
    found = msr.call("ListRepoEvents", None, {"objectType": "TAG"}, **SCANNED)
    assert {one["repository"] for one in found["events"]} == {"dev/scanned"}
    assert {one["object"]["type"] for one in found["events"]} == {"TAG"}


CALLS = {"GetEvents": of_everything, "ListRepoEvents": of_repository}
