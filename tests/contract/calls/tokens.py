"""Access tokens of oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.caller import Caller


def created(msr: Caller) -> None:
    made = msr.call("CreateAnAPIToken", {"tokenLabel": "contract"})
    found = msr.call("GetAnAPIToken", hashedtoken=made["hashedToken"])
    assert (found["tokenLabel"], found["isActive"]) == ("contract", True)
    assert made["token"]
    assert "token" not in found


def listed(msr: Caller) -> None:
    made = msr.call("CreateAnAPIToken", {"tokenLabel": "contract"})
    found = msr.call("GetAllAPITokensByUser", None, {"pageSize": 1000})
    assert made["hashedToken"] in {one["hashedToken"] for one in found}


def switched_off(msr: Caller) -> None:
    made = msr.call("CreateAnAPIToken", {"tokenLabel": "contract"})
    there = {"hashedtoken": made["hashedToken"]}
    body = {"isActive": False, "tokenLabel": "retired"}
    found = msr.call("UpdateAnAPIToken", body, **there)
    assert (found["tokenLabel"], found["isActive"]) == ("retired", False)


def deleted(msr: Caller) -> None:
    made = msr.call("CreateAnAPIToken", {"tokenLabel": "contract"})
    msr.call("DeleteAnAPIToken", hashedtoken=made["hashedToken"])
    found = msr.call("GetAllAPITokensByUser", None, {"pageSize": 1000})
    assert made["hashedToken"] not in {one["hashedToken"] for one in found}


def cleaned_up(msr: Caller) -> None:
    made = msr.call("CreateAnAPIToken", {"tokenLabel": "contract"})
    msr.call("APITokenCleanup", None, {"usedbefore": "2020-01-01T00:00:00Z"})
    assert msr.call("GetAnAPIToken", hashedtoken=made["hashedToken"])["isActive"]


CALLS = {
    "GetAllAPITokensByUser": listed,
    "CreateAnAPIToken": created,
    "APITokenCleanup": cleaned_up,
    "GetAnAPIToken": created,
    "UpdateAnAPIToken": switched_off,
    "DeleteAnAPIToken": deleted,
}
