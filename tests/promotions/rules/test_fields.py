"""Every field with every operator: on an image that meets it, one that does not, and
one of which nothing is known."""

from __future__ import annotations

import json

import pytest

from promotions.rules import (
    Component,
    Evidence,
    Field,
    InvalidRule,
    Operator,
    OutcomeResult,
    Rule,
)
from promotions.rules.fields import Section
from tests.promotions.rules.images import UNKNOWN_IMAGE, image, outcome, rule, scanned

HOLDS, FAILS, UNKNOWN = OutcomeResult

# What the known image (four vulnerabilities, one per severity, pushed 48 hours and
# scanned 6 hours ago) meets, and what it does not.
Case = tuple[str | list[str], str | list[str]]
COUNT_OF_ONE: dict[str, Case] = {
    "gte": ("1", "2"),
    "gt": ("0", "1"),
    "eq": ("1", "0"),
    "neq": ("0", "1"),
    "lte": ("1", "0"),
    "lt": ("2", "1"),
}
CASES: dict[str, dict[str, Case]] = {
    "tag": {
        "eq": ("1.4.2", "1.4"),
        "sw": ("1.", "2."),
        "ew": (".2", "-rc"),
        "c": ("4", "beta"),
        "oo": (["1.4.1", "1.4.2"], ["1.4.1", "1.4"]),
        "noo": (["1.4.1", "1.4"], ["1.4.1", "1.4.2"]),
        "matches": (r"^\d+\.4", "^v"),
    },
    "semver": {
        "gte": ("1.4.2", "1.4.3"),
        "gt": ("1.4.2-rc.1", "1.4.2"),
        "eq": ("v1.4.2", "1.4.2-rc.1"),
        "neq": ("1.4.3", "1.4.2"),
        "lte": ("1.4.2", "1.4"),
        "lt": ("2", "1.4.2"),
    },
    "component.name": {
        "eq": ("bash", "Bash"),
        "sw": ("open", "ssl"),
        "ew": ("ssl", "open"),
        "c": ("ft-p", "log4j"),
        "oo": (["log4j", "bash"], ["log4j", "zlib"]),
        "noo": (["log4j", "zlib"], ["log4j", "bash"]),
        "matches": ("^ba?sh$", "^ash"),
    },
    "component.purl": {
        "eq": ("pkg:npm/left-pad@1.3.0", "pkg:npm/left-pad"),
        "sw": ("pkg:npm/", "pkg:cargo/"),
        "c": ("left-pad", "right-pad"),
        "oo": (["pkg:npm/a@1", "pkg:npm/left-pad@1.3.0"], ["pkg:npm/a@1"]),
        "noo": (["pkg:npm/a@1"], ["pkg:npm/left-pad@1.3.0"]),
        "matches": (r"@1\.3\.\d$", r"@2\."),
    },
    "license.name": {
        "oo": (["agpl-3.0", "mit"], ["AGPL-3.0-only"]),
        "noo": (["AGPL-3.0-only"], ["AGPL-3.0-only", "GPL-3.0+"]),
        "eq": ("WTFPL", "BSD-3-Clause"),
        "matches": ("(?i)^gpl-3", "(?i)^agpl"),
    },
    "label": {
        "eq": ("team=web", "team=api"),
        "sw": ("team=", "owner="),
        "c": ("=we", "=ap"),
        "oo": (["stage=rc", "stage=beta"], ["stage=rc"]),
        "noo": (["stage=rc"], ["stage=rc", "stage=beta"]),
        "matches": ("^stage=(beta|rc)$", "^stage=rc$"),
    },
    "platform": {
        "eq": ("linux/amd64", "linux/arm64"),
        "sw": ("linux/", "windows/"),
        "oo": (["linux/arm64", "linux/amd64"], ["linux/arm64"]),
        "noo": (["linux/arm64"], ["linux/arm64", "linux/amd64"]),
        "matches": ("amd64$", "arm64$"),
    },
    "size": {
        "gte": ("250MB", "251MB"),
        "gt": ("249999999", "250MB"),
        "lte": ("0.25GB", "238MiB"),
        "lt": ("1GiB", "250000kB"),
    },
    "artifact_type": {
        "eq": ("application/helm", "application/wasm"),
        "sw": ("application/", "text/"),
        "oo": (["a/b", "application/helm"], ["a/b"]),
        "noo": (["a/b"], ["a/b", "application/helm"]),
        "matches": ("helm$", "wasm$"),
    },
    "sbom": {"eq": ("false", "true")},
    "signature_present": {"eq": ("true", "false")},
    "signature": {"noo": (["other-key"], ["release-key"])},
    "vulnerability_all": {
        "gte": ("4", "5"),
        "gt": ("3", "4"),
        "eq": ("4", "3"),
        "neq": ("3", "4"),
        "lte": ("4", "3"),
        "lt": ("5", "4"),
    },
    "vulnerability_critical": {
        "gte": ("2", "3"),
        "gt": ("1", "2"),
        "eq": ("2", "0"),
        "neq": ("0", "2"),
        "lte": ("2", "0"),
        "lt": ("3", "2"),
    },
    "vulnerability_major": COUNT_OF_ONE,
    "vulnerability_minor": COUNT_OF_ONE,
    "vulnerability_cvss3_critical": COUNT_OF_ONE,
    "vulnerability_cvss3_high": COUNT_OF_ONE,
    "vulnerability_cvss3_medium": COUNT_OF_ONE,
    "vulnerability_cvss3_low": COUNT_OF_ONE,
    "vulnerability_fixable": COUNT_OF_ONE,
    "vulnerability.id": {
        "oo": (["CVE-1999-1", "cve-2024-1"], ["CVE-1999-1"]),
        "noo": (["CVE-1999-1"], ["GHSA-AAAA-bbbb-cccc"]),
        "eq": ("GHSA-aaaa-bbbb-cccc", "CVE-2024-9"),
        "matches": ("^GHSA-a", "^CVE-2023-"),
    },
    "updated_at": {
        "bf": ("2026-02-27T12:00:01Z", "2026-02-27T12:00:00Z"),
        "af": ("2026-02-27", "2026-02-27T13:00:00+01:00"),
    },
    "pushed_by": {
        "eq": ("dana", "Dana"),
        "sw": ("da", "na"),
        "ew": ("na", "da"),
        "c": ("an", "x"),
        "oo": (["dana", "erik"], ["erik"]),
        "noo": (["erik"], ["erik", "dana"]),
        "matches": ("^d.*a$", "^robot"),
    },
}
# Time, a new scan and a signature can still make these true: they do not fail but wait.
WAITING_CASES: dict[str, dict[str, Case]] = {
    "updated_at_duration": {"bf": ("48h", "48h1s"), "af": ("48h1s", "2d")},
    "scan_age": {
        "lte": ("6h", "5h59m59s"),
        "lt": ("6h1s", "6h"),
        "gte": ("6h", "6h1s"),
        "gt": ("5h59m59s", "6h"),
    },
    "signature": {
        "oo": (["other-key", "release-key"], ["other-key"]),
        "eq": ("release-key", "other-key"),
    },
}
ALL_CASES = {
    field: CASES.get(field, {}) | WAITING_CASES.get(field, {})
    for field in CASES | WAITING_CASES
}
FAILING_BY_TIME = {("updated_at_duration", "af")}
BY_THE_PUSH = {"tag", "semver", "artifact_type", "updated_at", "updated_at_duration"}
NEEDING_EVIDENCE = {
    field: operators
    for field, operators in ALL_CASES.items()
    if field not in BY_THE_PUSH
}


def cases(table: dict[str, dict[str, Case]]) -> list[object]:
    return [
        pytest.param(field, operator, *values, id=f"{field}-{operator}")
        for field, operators in table.items()
        for operator, values in operators.items()
    ]


def values(written: str | list[str]) -> list[str]:
    return [written] if isinstance(written, str) else written


def facts_for(field: str):
    return image(artifact_type="application/helm" if field == "artifact_type" else "")


@pytest.mark.parametrize(("field", "operator", "holding", "failing"), cases(CASES))
def test_field_and_operator_decide(field, operator, holding, failing):
    facts = facts_for(field)
    met = outcome(facts, rule(field, operator, *values(holding)))
    unmet = outcome(facts, rule(field, operator, *values(failing)))
    assert (met.result, unmet.result) == (HOLDS, FAILS)


@pytest.mark.parametrize(
    ("field", "operator", "holding", "waiting"), cases(WAITING_CASES)
)
def test_field_and_operator_wait_for_what_can_come(field, operator, holding, waiting):
    met = outcome(image(), rule(field, operator, *values(holding)))
    unmet = outcome(image(), rule(field, operator, *values(waiting)))
    expected = FAILS if (field, operator) in FAILING_BY_TIME else UNKNOWN
    assert (met.result, unmet.result) == (HOLDS, expected)


@pytest.mark.parametrize(
    ("field", "operator", "holding", "other"), cases(NEEDING_EVIDENCE)
)
def test_field_and_operator_without_evidence_wait(field, operator, holding, other):
    for one in (holding, other):
        found = outcome(UNKNOWN_IMAGE, rule(field, operator, *values(one)))
        assert found.result is UNKNOWN
        assert "unknown, " in found.sentence or "not known" in found.sentence


def test_table_has_every_field_and_operator():
    assert {field: set(operators) for field, operators in ALL_CASES.items()} == {
        field.value: {operator.value for operator in field.operators} for field in Field
    }


@pytest.mark.parametrize(
    ("field", "operators"),
    [
        ("tag", "eq sw ew c oo noo matches"),
        ("component.name", "eq sw ew c oo noo matches"),
        ("license.name", "oo noo eq matches"),
        ("vulnerability_all", "gte gt eq neq lte lt"),
        ("vulnerability_critical", "gte gt eq neq lte lt"),
        ("vulnerability_cvss3_low", "gte gt eq neq lte lt"),
        ("updated_at", "bf af"),
        ("updated_at_duration", "bf af"),
    ],
)
def test_msr_fields_offer_msr_operators(field, operators):
    assert " ".join(Field(field).operators) == operators


@pytest.mark.parametrize("field", Field)
def test_field_tells_a_form_what_to_write(field):
    assert field.label
    assert field.section in Section
    assert field.hint.endswith(".")
    assert any(accepts(field, operator) for operator in field.operators)


def accepts(field: Field, operator: Operator) -> bool:
    try:
        Rule(field, operator, (field.example,))
    except InvalidRule:
        return False
    return True


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (("component.name", "c", "ss"), 'component: openssl 3.0.1 contains "ss"'),
        (
            ("component.name", "noo", "log4j"),
            (
                "component: none of bash 5.2, left-pad 1.3.0, openssl 3.0.1 "
                'is one of "log4j"'
            ),
        ),
        (
            ("platform", "eq", "linux/s390x"),
            'platform: linux/amd64, of which none equals "linux/s390x"',
        ),
        (
            ("vulnerability.id", "noo", "cve-2024-1"),
            (
                "vulnerability: CVE-2024-1 (in openssl 3.0.1, fixed in 3.0.2) "
                'is one of "cve-2024-1"'
            ),
        ),
        (("size", "lte", "100MB"), "size: 250.0 MB, wanted ≤ 100MB"),
        (("semver", "gte", "2"), "version 1.4.2, wanted ≥ 2"),
        (("sbom", "eq", "true"), "attached SBOM: false, wanted true"),
        (
            ("signature", "oo", "qa/one", "two"),
            (
                'verified signature: unknown, no signature by "qa/one", "two" was '
                "verified yet; sign the image with that key, and register its public "
                "part"
            ),
        ),
        (
            ("signature", "noo", "release-key"),
            'verified signature: release-key is one of "release-key"',
        ),
        (
            ("updated_at", "af", "2026-03-01"),
            "pushed at 2026-02-27 12:00:00 UTC, wanted after 2026-03-01 00:00:00 UTC",
        ),
    ],
)
def test_sentence_says_what_was_seen(one, said):
    assert outcome(image(), rule(*one)).sentence == said


def test_sentence_counts_what_is_too_much_to_list():
    many = Evidence(tuple(Component(f"c{number}") for number in range(6)))
    facts = image(scanned(components=many))
    assert outcome(facts, rule("component.name", "eq", "x")).sentence == (
        'component: none of 6 equals "x"'
    )


@pytest.mark.parametrize(
    ("purl", "name", "result"),
    [
        ("pkg:maven/org.apache/log4j-core@2.1", "org.apache:log4j-core", FAILS),
        ("pkg:npm/%40org/log4j-core@2.1", "@org/log4j-core", HOLDS),
        ("pkg:generic/org%3Alog4j-core@2.1", "org:log4j-core", HOLDS),
    ],
)
def test_artifact_of_maven_is_known_without_its_group(purl, name, result):
    components = Evidence((Component(name, "2.1", purl),))
    facts = image(scanned(components=components))
    answered = outcome(facts, rule("component.name", "noo", "log4j-core"))
    assert answered.result is result
    assert answered.sentence.startswith(f"component: {name} 2.1")
    assert outcome(facts, rule("component.name", "noo", name)).result is FAILS


def test_sentence_mentions_hidden_vulnerabilities():
    facts = image(scanned(hidden=("CVE-2021-1",)))
    asked = outcome(facts, rule("vulnerability.id", "noo", "CVE-2021-1"))
    assert asked.sentence.endswith("; 1 hidden does not count")


@pytest.mark.parametrize("field", Field)
def test_outcomes_of_every_field_can_be_stored(field):
    for operator in field.operators:
        if accepts(field, operator):
            found = outcome(facts_for(field), Rule(field, operator, (field.example,)))
            assert json.loads(json.dumps(found.to_json())) == found.to_json()
