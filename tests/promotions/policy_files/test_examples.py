"""Tests of policies, which a file holds and a plan runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from promotions.models import PromotionPolicy
from tests.promotions.policy_files.conftest import STABLE, a_file

README = Path(__file__).resolve().parents[3] / "README.md"


def rule(field: str, operator: str, *values: str) -> dict[str, Any]:
    return {"field": field, "operator": operator, "values": list(values)}


def failed(desk: Any, rules: list[Any], test: dict[str, Any], **more: Any) -> list[str]:
    entry = {**STABLE, "rules": rules, "tests": [test], **more}
    return [one.sentence for one in desk.plan(a_file(entry)).failures]


def verdict(desk: Any, rules: list[Any], given: dict[str, Any], **more: Any) -> str:
    """What the policy says, found by what it is not."""
    for expect in ("matched", "not_matched", "waiting"):
        test = {"given": {"tag": "1.0", **given}, "expect": expect}
        if not failed(desk, rules, test, **more):
            return expect
    return ""


@pytest.mark.parametrize(
    ("asked", "given", "expected"),
    [
        (rule("tag", "ew", "0"), {}, "matched"),
        (rule("tag", "ew", "1"), {}, "not_matched"),
        (rule("vulnerability_critical", "lte", "0"), {}, "waiting"),
        (
            rule("vulnerability_critical", "lte", "0"),
            {"counts": {"medium": 3}},
            "matched",
        ),
        (
            rule("vulnerability_critical", "lte", "0"),
            {"counts": {"high": 1}},
            "not_matched",
        ),
        (
            rule("vulnerability_cvss3_critical", "lte", "0"),
            {"counts": {"high": 1}},
            "matched",
        ),
        (
            rule("vulnerability_critical", "lte", "0"),
            {"counts": {"unscored": 1}},
            "waiting",
        ),
        (
            rule("vulnerability.id", "noo", "CVE-1"),
            {"vulnerabilities": ["CVE-2"]},
            "matched",
        ),
        (
            rule("vulnerability_fixable", "eq", "0"),
            {"vulnerabilities": [{"id": "CVE-2", "fixedVersion": "2"}]},
            "not_matched",
        ),
        (
            rule("component.name", "noo", "xz"),
            {"components": ["xz@5.6.0"]},
            "not_matched",
        ),
        (
            rule("component.purl", "sw", "pkg:npm/"),
            {"components": [{"name": "left-pad", "purl": "pkg:npm/left-pad@1"}]},
            "matched",
        ),
        (rule("license.name", "noo", "MIT"), {"licenses": ["MIT"]}, "not_matched"),
        (rule("license.name", "noo", "MIT"), {"licenses": ["Zlib"]}, "matched"),
        (rule("license.name", "noo", "MIT"), {}, "waiting"),
        (rule("label", "eq", "team=a"), {"labels": {"team": "a"}}, "matched"),
        (
            rule("platform", "eq", "linux/arm64"),
            {"platforms": ["linux/amd64"]},
            "not_matched",
        ),
        (rule("size", "lt", "5MB"), {"size": "4MB"}, "matched"),
        (rule("size", "lt", "5MB"), {}, "waiting"),
        (rule("pushed_by", "eq", "robot"), {"pushedBy": "robot"}, "matched"),
        (rule("sbom", "eq", "true"), {"sbom": False}, "not_matched"),
        (
            rule("signature_present", "eq", "true"),
            {"signaturePresent": True},
            "matched",
        ),
        (
            rule("signature", "oo", "qa/release"),
            {"signatures": ["qa/release"]},
            "matched",
        ),
        (rule("updated_at_duration", "bf", "24h"), {"pushedAgo": "25h"}, "matched"),
        (rule("updated_at_duration", "bf", "24h"), {"pushedAgo": "1h"}, "waiting"),
        (rule("updated_at", "af", "2026-01-01"), {"pushedAt": "2026-02-01"}, "matched"),
        (
            rule("scan_age", "lte", "24h"),
            {"counts": {}, "scanAge": "48h"},
            "waiting",
        ),
        (rule("tag", "eq", "1.0"), {"artifactType": "application/x"}, "not_matched"),
    ],
)
def test_each_thing_given_is_what_its_rule_looks_at(ada, asked, given, expected):
    assert verdict(ada, [asked], given) == expected


def test_what_a_policy_chooses_about_gaps_counts(ada):
    asked = [rule("vulnerability_critical", "lte", "0")]
    given = {"counts": {"unscored": 1}}
    assert verdict(ada, asked, given, unscored="ignore") == "matched"


def test_a_test_that_fails_says_why_and_where_and_forbids_the_apply(ada):
    test = {"name": "clean", "given": {"tag": "1.0"}, "expect": "matched"}
    entry = {**STABLE, "tests": [test]}
    (failure,) = ada.plan(a_file(entry)).failures
    assert "Test 1 of stable, clean: expected matched, but it is" in failure.sentence
    assert '"1.0"' in failure.sentence
    assert failure.line > 1
    with pytest.raises(ValidationError, match="Test 1 of stable"):
        ada.apply(a_file(entry))
    assert not PromotionPolicy.objects.exists()


def test_the_example_of_the_readme_is_a_file_whose_tests_succeed(ada):
    text = README.read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(# yaml-language.*?)```", text, re.DOTALL)
    made = ada.plan(example)
    assert made.failures == ()
    assert [one.key for one in made.steps] == ["everything-nightly", "stable-to-qa"]
    assert made.steps[1].refusal == ""


def test_the_tag_in_the_target_is_expected_too(ada):
    rules = [rule("tag", "matches", r"^v(\d+)")]
    test = {"given": {"tag": "v12"}, "expect": "matched", "expectTag": "r12"}
    assert failed(ada, rules, test, tagTemplate="r%{1}") == []
    (said,) = failed(ada, rules, test, tagTemplate="x%{1}")
    assert "expected the tag r12, but it is x12" in said
    at_noon = {"tag": "v1", "pushedAt": "2026-02-01T12:00:00Z"}
    timed = {**test, "expectTag": "20260201", "given": at_noon}
    assert failed(ada, rules, timed, tagTemplate="%Y%m%d") == []


@pytest.mark.parametrize(
    "given",
    [
        {"pushedAgo": "soon"},
        {"pushedAt": "tomorrow"},
        {"size": "big"},
        {"counts": {"low": 0}, "scanAge": "x"},
        {"pushedAgo": "36500d", "pushedAt": "9999-01-01"},
        {"counts": {}, "scanAge": "36500d", "pushedAt": "0001-01-02"},
    ],
)
def test_what_cannot_be_read_fails_the_test_with_a_sentence(ada, given):
    test = {"given": {"tag": "1-stable", **given}, "expect": "matched"}
    (said,) = failed(ada, [rule("tag", "c", "1")], test)
    assert said.startswith("Test 1 of stable: ")


@pytest.mark.parametrize(
    ("pushed", "zone"),
    [
        ("9999-12-31T23:59:59Z", "Pacific/Kiritimati"),
        ("0001-01-01T00:00:00Z", "America/New_York"),
    ],
)
def test_a_date_at_the_end_of_the_calendar_fails_the_test_alone(ada, pushed, zone):
    given = {"tag": "1.0", "pushedAt": pushed}
    test = {"given": given, "expect": "matched", "expectTag": "1.0-1"}
    (said,) = failed(ada, [], test, zone=zone, tagTemplate="%n-%Y")
    assert "out of range" in said
