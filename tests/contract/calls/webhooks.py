"""Webhooks of repositories, of namespaces and of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.caller import Caller

# An address of the internet that is nobody's computer: nothing is sent in this test.
ENDPOINT = "https://192.88.98.1/hook"
TRUST = {"tlsCert": "", "skipTLSVerification": False}


def _made(msr: Caller, key: str) -> dict[str, Any]:
    body = {"type": "TAG_PUSH", "key": key, "endpoint": ENDPOINT, **TRUST}
    made: dict[str, Any] = msr.call("CreateWebhook", body)
    return made


def of_repository(msr: Caller) -> None:
    there = {"namespace": "dev", "reponame": msr.new_repository()}
    made = _made(msr, "/".join(there.values()))
    found = msr.call("ListRepoWebhooks", **there)
    assert [one["id"] for one in found] == [made["id"]]


def of_namespace(msr: Caller) -> None:
    made = _made(msr, "qa")
    found = msr.call("ListNamespaceWebhooks", namespace="qa")
    assert made["id"] in {one["id"] for one in found}


def listed(msr: Caller) -> None:
    made = _made(msr, "qa")
    found = msr.call("ListWebhooks", None, {"webhookType": "TAG_PUSH"})
    assert made["id"] in {one["id"] for one in found}


def paused(msr: Caller) -> None:
    made = _made(msr, "qa")
    body = {"id": made["id"], "inactive": True, **TRUST}
    msr.call("UpdateWebhook", body)
    found = {one["id"]: one for one in msr.call("ListWebhooks")}
    assert found[made["id"]]["inactive"] is True


def deleted(msr: Caller) -> None:
    made = _made(msr, "qa")
    msr.call("DeleteWebhook", webhook=made["id"])
    assert made["id"] not in {one["id"] for one in msr.call("ListWebhooks")}


def tested(msr: Caller) -> None:
    # What is on this machine is not called, whoever asks for it.
    endpoint = {"endpoint": "http://127.0.0.1:9/", **TRUST}
    msr.refused("TestWebhook", 400, body={"type": "TAG_PUSH", **endpoint})


CALLS = {
    "ListRepoWebhooks": of_repository,
    "ListNamespaceWebhooks": of_namespace,
    "ListWebhooks": listed,
    "CreateWebhook": of_repository,
    "UpdateWebhook": paused,
    "DeleteWebhook": deleted,
    "TestWebhook": tested,
}
