"""The portal as a whole: finding, features, settings, alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.caller import Caller


def completed(msr: Caller) -> None:
    query = {"query": "websi", "includeRepositories": "true", "includeAccounts": "true"}
    found = msr.call("Autocomplete", None, query)
    assert {one["name"] for one in found["repositoryResults"]} == {"website"}


def searched(msr: Caller) -> None:
    found = msr.call("Docker Search", None, {"q": "website"})
    assert "dev/website" in {one["name"] for one in found["results"]}


def features(msr: Caller) -> None:
    assert msr.call("GetFeatures")["promotionLicensed"] is True


def settings(msr: Caller) -> None:
    found = msr.call("GetSettings")
    msr.call("UpdateSettings", {"scanningEnabled": found["scanningEnabled"]})


def alerts(msr: Caller) -> None:
    msr.call("GetAlerts")


CALLS = {
    "Autocomplete": completed,
    "Docker Search": searched,
    "GetFeatures": features,
    "GetSettings": settings,
    "UpdateSettings": settings,
    "GetAlerts": alerts,
}
