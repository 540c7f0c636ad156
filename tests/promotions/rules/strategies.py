"""Images and rules that often have to do with each other."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from promotions.rules import (
    AnyOf,
    Component,
    Evidence,
    Field,
    ImageFacts,
    InvalidRule,
    Missing,
    Operator,
    Options,
    PlatformFacts,
    Rule,
    Unlicensed,
    Unscored,
    Vulnerability,
)
from tests.promotions.rules.images import DIGEST, NOW

NAMES = ["a", "b", "ab", "ba"]
LICENSES = ["MIT", "GPL-2.0", "GPL-2.0+", "MIT OR GPL-2.0", "MIT AND X11", "NONE"]
IDS = ["CVE-1", "CVE-2", "GHSA-a", "GHSA-b"]
VALUES: dict[Field, list[str]] = {
    Field.TAG: ["1.0.0", "1.1.0-rc.1", "v1.1.0", "latest", "1", "0"],
    Field.SEMVER: ["1.0.0", "1.1.0-rc.1", "1.1.0", "2"],
    Field.COMPONENT_PURL: ["pkg:a@1", "pkg:b@1", "pkg:"],
    Field.LICENSE_NAME: ["mit", "GPL-2.0-only", "GPL-2.0-or-later", "X11"],
    Field.LABEL: ["a=1", "b=2", "="],
    Field.PLATFORM: ["linux/amd64", "linux/arm64", "linux"],
    Field.SIZE: ["0", "1kB", "1000", "2KiB"],
    Field.ARTIFACT_TYPE: ["application/helm", "a"],
    Field.SBOM: ["true", "false"],
    Field.SIGNATURE_PRESENT: ["true", "false"],
    Field.SIGNATURE: ["key-a", "key-b"],
    Field.PUSHED_BY: NAMES,
    Field.COMPONENT_NAME: NAMES,
    Field.VULNERABILITY_ID: [*IDS, "cve-1"],
    Field.SCAN_AGE: ["0", "1h", "2h", "1d"],
    Field.UPDATED_AT_DURATION: ["0", "1h", "2h", "1d"],
    Field.UPDATED_AT: ["2026-03-01", "2026-03-01T11:00:00Z", "2026-03-01T10:00:00Z"],
}
COUNTS = ["0", "1", "2", "3"]
PATTERNS = ["^a", "b$", "1", "(-)(.)?", "(?i)cve", "mit", "x{3}"]

agos = st.sampled_from([0, 1, 2, 23, 24, 25]).map(lambda hours: timedelta(hours=hours))


def some(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


components = st.builds(
    Component,
    name=some(*NAMES),
    version=some("", "1"),
    purl=some("", "pkg:a@1", "pkg:b@1"),
    licenses=st.lists(some(*LICENSES), max_size=2).map(tuple),
)
scores = st.sampled_from([None, 0.0, 0.1, 4.0, 6.9, 7.0, 9.8, math.nan, 11.0])
vulnerabilities = st.builds(
    Vulnerability,
    id=some(*IDS, ""),
    aliases=st.lists(some(*IDS), max_size=1).map(tuple),
    severity=some("", "CRITICAL", "medium", "negligible", "unknown"),
    cvss3=scores,
    cvss2=scores,
    component=some("", "a"),
    fixed_version=some("", "2"),
)


def tuples(elements: st.SearchStrategy, size: int = 3) -> st.SearchStrategy:
    return st.lists(elements, max_size=size).map(tuple)


def evidence(values: st.SearchStrategy) -> st.SearchStrategy:
    at = st.none() | agos.map(lambda ago: NOW - ago)
    return st.builds(Evidence, values, some("", "scanner"), at)


known_platforms = st.builds(
    PlatformFacts,
    platform=some("linux/amd64", "linux/arm64"),
    components=evidence(tuples(components)),
    licenses=evidence(tuples(components)),
    vulnerabilities=evidence(tuples(vulnerabilities)),
    labels=evidence(st.dictionaries(some("a", "b"), some("1", "2"))),
    hidden=tuples(some(*IDS), 1),
)
known_images = st.builds(
    ImageFacts,
    tag=some("1.0.0", "1.1.0-rc.1", "v1.1.0", "latest"),
    digest=st.just(DIGEST),
    pushed_at=agos.map(lambda ago: NOW - ago),
    pushed_by=some(*NAMES),
    artifact_type=some("", "", "", "application/helm"),
    size=st.sampled_from([0, 1000, 2048, 10**30]),
    platforms=st.lists(known_platforms, min_size=1, max_size=2).map(tuple),
    attachments=evidence(st.frozensets(some("signature", "sbom"))),
    signatures=evidence(tuples(some("key-a", "key-b"))),
)
MISSING = [Missing("it is not known", "look"), Missing("no", unscannable=True)]
IMAGE_EVIDENCE = {"attachments", "signatures"}
PLATFORM_EVIDENCE = {"components", "licenses", "vulnerabilities", "labels"}
UNKNOWN_VALUES = {"pushed_by": "", "size": None, "platforms": ()}


@st.composite
def forgetting(draw: st.DrawFn, known: ImageFacts) -> ImageFacts:
    """The same image, of which less is known."""
    lost = draw(
        st.sets(st.sampled_from(sorted(IMAGE_EVIDENCE | UNKNOWN_VALUES.keys())))
    )
    missing = draw(st.sampled_from(MISSING))
    platforms = tuple(draw(forgetting_platform(one)) for one in known.platforms)
    changes: dict[str, Any] = {
        name: missing if name in IMAGE_EVIDENCE else UNKNOWN_VALUES[name]
        for name in lost
    }
    return replace(known, **({"platforms": platforms} | changes))


@st.composite
def forgetting_platform(draw: st.DrawFn, known: PlatformFacts) -> PlatformFacts:
    lost = draw(st.sets(st.sampled_from(sorted(PLATFORM_EVIDENCE | {"platform"}))))
    missing = draw(st.sampled_from(MISSING))
    changes: dict[str, Any] = {
        name: "" if name == "platform" else missing for name in lost
    }
    return replace(known, **changes)


images = known_images.flatmap(forgetting)
known_and_less = known_images.flatmap(
    lambda known: st.tuples(st.just(known), forgetting(known))
)
options = st.builds(
    Options,
    unscored=st.sampled_from(Unscored),
    unlicensed=st.sampled_from(Unlicensed),
    allow_unscannable=st.booleans(),
)


def _fits(field: Field, operator: Operator, value: str) -> bool:
    try:
        Rule(field, operator, (value,))
    except InvalidRule:
        return False
    return True


FITTING = {
    (field, operator): [
        value
        for value in (
            PATTERNS if operator is Operator.MATCHES else VALUES.get(field, COUNTS)
        )
        if _fits(field, operator, value)
    ]
    for field in Field
    for operator in field.operators
}


@st.composite
def single_rules(draw: st.DrawFn) -> Rule:
    field = draw(st.sampled_from(Field))
    operator = draw(st.sampled_from(field.operators))
    most = 3 if operator.takes_many else 1
    values = draw(st.lists(some(*FITTING[field, operator]), min_size=1, max_size=most))
    return Rule(field, operator, tuple(values))


rules = single_rules()
groups = st.builds(AnyOf, st.lists(rules, min_size=2, max_size=3).map(tuple))
criteria = rules | groups
policies = st.lists(criteria, max_size=4)
