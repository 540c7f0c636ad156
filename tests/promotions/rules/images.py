"""Facts about images, with as little said as a test needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from promotions.rules import (
    AnyOf,
    Component,
    Evidence,
    Field,
    ImageFacts,
    Missing,
    Operator,
    Options,
    Outcome,
    PlatformFacts,
    Rule,
    Verdict,
    Vulnerability,
    compile_rules,
    evaluate,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PUSHED = NOW - timedelta(hours=48)
SCANNED = NOW - timedelta(hours=6)
DIGEST = "sha256:" + "ab" * 32

COMPONENTS = (
    Component("openssl", "3.0.1", "pkg:deb/debian/openssl@3.0.1", ("Apache-2.0",)),
    Component("bash", "5.2", "pkg:deb/debian/bash@5.2", ("GPL-3.0-or-later",)),
    Component("left-pad", "1.3.0", "pkg:npm/left-pad@1.3.0", ("MIT OR WTFPL",)),
)
VULNERABILITIES = (
    Vulnerability(
        "CVE-2024-1",
        ("GHSA-aaaa-bbbb-cccc",),
        severity="CRITICAL",
        cvss3=9.8,
        component="openssl",
        version="3.0.1",
        fixed_version="3.0.2",
    ),
    Vulnerability("CVE-2024-2", severity="High", cvss3=7.5, component="bash"),
    Vulnerability("CVE-2024-3", severity="medium", cvss3=5.0, component="bash"),
    Vulnerability("CVE-2024-4", severity="low", cvss3=2.0, component="left-pad"),
)


def scanned(name: str = "linux/amd64", **changes: Any) -> PlatformFacts:
    """A platform of which everything is known."""
    known: dict[str, Any] = {
        "components": Evidence(COMPONENTS, "Trivy 0.55", SCANNED),
        "licenses": Evidence(COMPONENTS, "Trivy 0.55", SCANNED),
        "vulnerabilities": Evidence(VULNERABILITIES, "Trivy 0.55", SCANNED),
        "labels": Evidence({"team": "web", "stage": "beta"}),
    }
    return PlatformFacts(name, **{**known, **changes})


def image(*platforms: PlatformFacts, **changes: Any) -> ImageFacts:
    """An image of which everything is known; without platforms, of one such."""
    known: dict[str, Any] = {
        "tag": "1.4.2",
        "digest": DIGEST,
        "pushed_at": PUSHED,
        "pushed_by": "dana",
        "size": 250_000_000,
        "platforms": platforms or (scanned(),),
        "attachments": Evidence(frozenset({"signature"}), "registry"),
        "signatures": Evidence(("release-key",), "cosign"),
    }
    return ImageFacts(**{**known, **changes})


UNKNOWN_IMAGE = ImageFacts("1.4.2", DIGEST, PUSHED)


def with_vulnerabilities(*found: Vulnerability, **changes: Any) -> PlatformFacts:
    """A platform with these vulnerabilities."""
    return scanned(vulnerabilities=Evidence(found, "Trivy 0.55", SCANNED), **changes)


def unscanned(name: str = "linux/arm64", *, unscannable: bool = False) -> PlatformFacts:
    """A platform of which no evidence exists."""
    missing = Missing(
        f"no scan of {name} has finished", "scan the image", unscannable=unscannable
    )
    return PlatformFacts(name, missing, missing, missing, missing)


def rule(field: str, operator: str, *values: str) -> Rule:
    return Rule(Field(field), Operator(operator), values)


def decide(
    facts: ImageFacts,
    *rules: Rule | AnyOf,
    options: Options | None = None,
    now: datetime = NOW,
) -> Verdict:
    return evaluate(compile_rules(rules, options or Options()), facts, now)


def outcome(
    facts: ImageFacts,
    one: Rule | AnyOf,
    options: Options | None = None,
    now: datetime = NOW,
) -> Outcome:
    """The outcome of one rule."""
    (only,) = decide(facts, one, options=options, now=now).outcomes
    return only
