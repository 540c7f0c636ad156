"""Tags and manifests, and one promotion by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.people import Person, wait_for

if TYPE_CHECKING:
    from tests.contract.caller import Caller

SCANNED = {"namespace": "dev", "reponame": "scanned"}


def _copied(msr: Caller) -> dict[str, str]:
    """Return a new repository of dev which has the image under the tag `one`."""
    name = msr.new_repository()
    assert Person(msr.stack, "admin").copy("dev/scanned:1", f"dev/{name}:one") == ""
    there = {"namespace": "dev", "reponame": name}
    wait_for(lambda: msr.call("ListRepoTags", **there))
    return there


def listed(msr: Caller) -> None:
    found = msr.call("ListRepoTags", query={"includeManifests": "true"}, **SCANNED)
    assert [(one["name"], one["digest"]) for one in found] == [("1", msr.image)]
    assert found[0]["manifest"]["architecture"]


def shown(msr: Caller) -> None:
    (found,) = msr.call("ListRepoTag", reference="1", **SCANNED)
    assert found["digest"] == msr.image


def deleted(msr: Caller) -> None:
    there = _copied(msr)
    msr.call("DeleteRepoTag", tag="one", **there)
    wait_for(lambda: not msr.call("ListRepoTags", **there))


def manifests(msr: Caller) -> None:
    found = msr.call("ListRepoManifests", **SCANNED)
    assert msr.image in {one["digest"] for one in found}


def manifest_deleted(msr: Caller) -> None:
    there = _copied(msr)
    msr.call("DeleteRepoManifest", reference=msr.image, **there)
    wait_for(lambda: not msr.call("ListRepoTags", **there))


def promoted(msr: Caller) -> None:
    tag = msr.new_name("by-hand")
    body = {"targetRepository": "qa/website", "targetTag": tag}
    made = msr.call("CreateRepoTagPromotion", body, tag="1", **SCANNED)
    assert (made["sourceRepository"], made["sourceTag"]) == ("dev/scanned", "1")
    there = {"namespace": "qa", "reponame": "website", "reference": tag}

    def arrived() -> bool:
        every = {"pageSize": 1000}
        found = msr.call(
            "ListRepoTags", None, every, namespace="qa", reponame="website"
        )
        return tag in {one["name"] for one in found}

    wait_for(arrived)
    (found,) = msr.call("ListRepoTag", **there)
    assert found["promotion"]["sourceRepository"] == "dev/scanned"


CALLS = {
    "ListRepoTags": listed,
    "ListRepoTag": shown,
    "DeleteRepoTag": deleted,
    "ListRepoManifests": manifests,
    "DeleteRepoManifest": manifest_deleted,
    "CreateRepoTagPromotion": promoted,
}
