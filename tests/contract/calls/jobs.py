"""What workers do and did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.calls.tags import promoted
from tests.e2e.people import Person, wait_for

if TYPE_CHECKING:
    from tests.contract.caller import Caller


def listed(msr: Caller) -> None:
    promoted(msr)
    found = msr.call("ListJobs", None, {"action": "promotion", "limit": 1})["jobs"]
    assert [one["status"] for one in found] == ["done"]
    assert msr.call("GetJob", jobID=found[0]["id"])["action"] == "promotion"


def logged(msr: Caller) -> None:
    promoted(msr)
    (job,) = msr.call("ListJobs", None, {"action": "promotion", "limit": 1})["jobs"]
    lines = msr.call("GetJobLogs", jobID=job["id"])
    assert any("dev/scanned" in line["data"] for line in lines)


def begun(msr: Caller) -> None:
    job = msr.call("CreateJob", {"action": "reconcile"})["id"]
    wait_for(lambda: msr.call("GetJob", jobID=job)["status"] == "done")


def cancelled(msr: Caller) -> None:
    # A promotion that waits: its target is deleted before anything is pushed.
    name, target = msr.new_repository(), msr.new_repository(namespace="qa")
    body = {
        "enabled": True,
        "rules": [{"field": "tag", "operator": "eq", "values": ["one"]}],
        "targetRepository": f"qa/{target}",
        "tagTemplate": "%n",
    }
    msr.call("CreateRepoPromotionPolicy", body, namespace="dev", reponame=name)
    msr.call("DeleteRepository", namespace="qa", reponame=target)
    assert Person(msr.stack, "admin").copy("dev/scanned:1", f"dev/{name}:one") == ""
    job = wait_for(lambda: _waiting(msr, f"dev/{name}"))
    msr.call("CancelJob", jobID=job)
    assert msr.call("GetJob", jobID=job)["status"] == "canceled"


def _waiting(msr: Caller, repository: str) -> str:
    """Return the id of the job of the repository that waits; empty for none."""
    found = msr.call("ListJobs", None, {"action": "promotion"})["jobs"]
    waiting = [one for one in found if one["status"] == "waiting"]
    of_it = (one["id"] for one in waiting if repository in str(one["parameters"]))
    return next(of_it, "")


def crons(msr: Caller) -> None:
    (found, *_) = msr.call("ListCrons")["crons"]
    assert msr.call("GetCron", action=found["action"])["action"] == found["action"]


def workers(msr: Caller) -> None:
    assert msr.call("ListWorkers")["workers"]


CALLS = {
    "ListJobs": listed,
    "GetJob": listed,
    "GetJobLogs": logged,
    "CreateJob": begun,
    "CancelJob": cancelled,
    "ListCrons": crons,
    "GetCron": crons,
    "ListWorkers": workers,
}
