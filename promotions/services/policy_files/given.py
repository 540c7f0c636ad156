"""What a test in a file gives of an image, as the facts that rules are asked about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from promotions.rules import (
    Component,
    Evidence,
    ImageFacts,
    Missing,
    PlatformFacts,
    Vulnerability,
)
from promotions.rules.durations import parse_duration
from promotions.rules.facts import (
    CONFIG_NOT_READ,
    NOT_LOOKED_FOR,
    NOT_SCANNED,
    NOT_VERIFIED,
)
from promotions.rules.sizes import parse_size
from promotions.rules.times import parse_time

DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
"""When tests take place, unless they say when the tag was pushed."""

SCORES = {"critical": 9.8, "high": 7.5, "medium": 5.0, "low": 2.0, "unscored": None}
_FOUND = {"fixedVersion": "fixed_version"}
_NONE = timedelta(0)


def facts_of(given: dict[str, Any]) -> tuple[ImageFacts, datetime]:
    """Return the facts, and the time at which the policy is asked.

    What is not given is not known: rules about it wait. Raises InvalidRule for a time,
    duration or size that cannot be read.
    """
    ago = parse_duration(given["pushedAgo"]) if "pushedAgo" in given else _NONE
    if "pushedAt" in given:
        pushed = parse_time(given["pushedAt"])
        now = pushed + ago
    else:
        now, pushed = NOW, NOW - ago
    facts = ImageFacts(
        tag=given["tag"],
        digest=DIGEST,
        pushed_at=pushed,
        pushed_by=given.get("pushedBy", ""),
        artifact_type=given.get("artifactType", ""),
        size=parse_size(given["size"]) if "size" in given else None,
        platforms=_platforms(given, now),
        attachments=_attachments(given),
        signatures=_evidence(given, "signatures", NOT_VERIFIED),
    )
    return facts, now


def _platforms(given: dict[str, Any], now: datetime) -> tuple[PlatformFacts, ...]:
    labels = given.get("labels")
    components = _components(given)
    listed = NOT_SCANNED if components is None else Evidence(components)
    return tuple(
        PlatformFacts(
            platform=platform,
            components=listed,
            licenses=listed,
            vulnerabilities=_vulnerabilities(given, now),
            labels=CONFIG_NOT_READ if labels is None else Evidence(labels),
        )
        for platform in given.get("platforms", [""])
    )


def _components(given: dict[str, Any]) -> tuple[Component, ...] | None:
    if "components" not in given and "licenses" not in given:
        return None
    named = [_component(one) for one in given.get("components", ())]
    licensed = [
        Component(f"package-{number}", licenses=(license_name,))
        for number, license_name in enumerate(given.get("licenses", ()), start=1)
    ]
    return (*named, *licensed)


def _component(value: str | dict[str, Any]) -> Component:
    if isinstance(value, str):
        name, _, version = value.rpartition("@")
        return Component(name, version) if name else Component(value)
    return Component(**{**value, "licenses": tuple(value.get("licenses", ()))})


def _vulnerabilities(
    given: dict[str, Any], now: datetime
) -> Evidence[tuple[Vulnerability, ...]] | Missing:
    if "counts" not in given and "vulnerabilities" not in given:
        return NOT_SCANNED
    counted = [
        Vulnerability(f"TEST-{word}-{number}".upper(), cvss3=SCORES[word])
        for word, count in given.get("counts", {}).items()
        for number in range(1, count + 1)
    ]
    named = [_vulnerability(one) for one in given.get("vulnerabilities", ())]
    age = parse_duration(given["scanAge"]) if "scanAge" in given else _NONE
    return Evidence((*counted, *named), "the test", now - age)


def _vulnerability(value: str | dict[str, Any]) -> Vulnerability:
    if isinstance(value, str):
        return Vulnerability(value)
    known = {_FOUND.get(name, name): said for name, said in value.items()}
    return Vulnerability(**{**known, "aliases": tuple(value.get("aliases", ()))})


def _attachments(given: dict[str, Any]) -> Evidence[frozenset[str]] | Missing:
    asked = {"sbom": "sbom", "signaturePresent": "signature"}
    known = [name for name in asked if name in given]
    if not known:
        return NOT_LOOKED_FOR
    return Evidence(frozenset(asked[name] for name in known if given[name]))


def _evidence(
    given: dict[str, Any], name: str, missing: Missing
) -> Evidence[tuple[str, ...]] | Missing:
    return Evidence(tuple(given[name])) if name in given else missing
