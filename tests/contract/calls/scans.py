"""Scans of the image `dev/scanned:1`, and what was found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.caller import Caller

IMAGE = {"namespace": "dev", "reponame": "scanned"}
COMPLETED = 6


def _layer(msr: Caller) -> str:
    (found,) = msr.call("GetScanSummary", reference="1", **IMAGE)
    return str(found["scannedImage"]["layers"][0]["digest"])


def status(msr: Caller) -> None:
    msr.call("GetNautilusDBStatus")


def started(msr: Caller) -> None:
    (tag,) = msr.call("ListRepoTag", reference="1", **IMAGE)
    image = {"tag": "1", "os": tag["manifest"]["os"] or "linux"}
    image["arch"] = tag["manifest"]["architecture"] or "amd64"
    msr.call("ScanImage", **image, **IMAGE)


def exported(msr: Caller) -> None:
    text = {"Accept": "text/csv"}
    _, answer = msr.response("ExportScanSummary", tag="1", headers=text, **IMAGE)
    assert answer.headers["Content-Type"].startswith("text/csv")


def database_updated(msr: Caller) -> None:
    # Nothing downloads advisories where there is no Trivy.
    msr.refused("UpdateVulnDB", 400, {"online": "true"})


def all_started(msr: Caller) -> None:
    msr.call("ScanAllLayers", {"scan": True, "check": False})


def summary(msr: Caller) -> None:
    (found,) = msr.call("GetScanSummary", reference="1", **IMAGE)
    assert found["scanStatus"] == COMPLETED
    assert found["scannedImage"]["manifestDigest"] == msr.image


def old_summary(msr: Caller) -> None:
    msr.call("GetSummaryByManifestDigest", tag="1", **IMAGE)


def summaries(msr: Caller) -> None:
    body = {"images": [{"name": "dev/scanned", "digest": msr.image}]}
    msr.call("GetScanSummaries", body)


def search(operation: str, parameter: str, term: str) -> Any:
    def called(msr: Caller) -> None:
        msr.call(operation, **{parameter: term})

    return called


def layer_search(msr: Caller) -> None:
    msr.call("GetScannedImageByLayer", layerid=_layer(msr))


def hidden(msr: Caller) -> None:
    body = {
        "cve": "CVE-2026-0001",
        "component": "zlib",
        "componentVersion": "1.3",
        "notes": "Not reachable from outside.",
    }
    msr.call("SetLayerVulnOverride", body, layerid=_layer(msr))
    found = msr.call("GetLayerVulnOverrides")
    made = next(one for one in found if one["cve"] == "CVE-2026-0001")
    msr.call("DeleteLayerVulnOverride", vulnerabilityid=str(made["pk"]))
    kept = {one["pk"] for one in msr.call("GetLayerVulnOverrides")}
    assert made["pk"] not in kept


CALLS = {
    "GetNautilusDBStatus": status,
    "ScanImage": started,
    "ExportScanSummary": exported,
    "ScanAllLayers": all_started,
    "UpdateVulnDB": database_updated,
    "GetScanSummary": summary,
    "GetSummaryByManifestDigest": old_summary,
    "GetScanSummaries": summaries,
    "GetScannedImageByCVE": search("GetScannedImageByCVE", "cve", "CVE-2026-1"),
    "GetScannedImageByComponent": search(
        "GetScannedImageByComponent", "component", "zlib"
    ),
    "GetScannedImageByLicense": search("GetScannedImageByLicense", "license", "MIT"),
    "GetScannedImageByLayer": layer_search,
    "GetLayerVulnOverrides": hidden,
    "SetLayerVulnOverride": hidden,
    "DeleteLayerVulnOverride": hidden,
}
