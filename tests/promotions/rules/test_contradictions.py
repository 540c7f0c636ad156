from __future__ import annotations

from typing import Any

import pytest

from promotions.rules import InvalidRule, parse_rules


def triples(*written: str) -> list[Any]:
    """Rules written `field operator value,value`, alternatives joined by |."""
    found: list[Any] = []
    for one in written:
        parts = [triple(part) for part in one.split(" | ")]
        found.append(parts[0] if len(parts) == 1 else {"any": parts})
    return found


def triple(text: str) -> dict[str, object]:
    field, operator, values = text.split(" ", 2)
    return {"field": field, "operator": operator, "values": values.split(",")}


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            ["vulnerability_critical gt 0", "vulnerability_critical lte 0"],
            (
                "no image meets critical vulnerabilities > 0 and "
                "critical vulnerabilities ≤ 0."
            ),
        ),
        (
            ["vulnerability_all eq 0", "vulnerability_critical gt 0"],
            "no image meets vulnerabilities = 0 and critical vulnerabilities > 0.",
        ),
        (
            ["vulnerability_cvss3_high gte 2", "vulnerability_all lt 2"],
            "no image meets CVSS 3 high vulnerabilities ≥ 2 and vulnerabilities < 2.",
        ),
        (
            ["vulnerability_fixable gt 0", "vulnerability_all lte 0"],
            "no image meets fixable vulnerabilities > 0 and vulnerabilities ≤ 0.",
        ),
        (
            ["vulnerability.id eq CVE-1", "vulnerability_all lte 0"],
            'no image meets vulnerability equals "CVE-1" and vulnerabilities ≤ 0.',
        ),
        (["size gt 1GB", "size lte 1000MB"], "size > 1GB and size ≤ 1000MB."),
        (["scan_age lt 1d", "scan_age gte 24h"], "age of the scan < 1d and"),
        (
            ["updated_at bf 2026-01-01", "updated_at af 2026-01-01T00:00:00Z"],
            "time of the push before 2026-01-01 and time of the push after",
        ),
        (
            ["updated_at_duration bf 24h", "updated_at_duration af 24h"],
            "time since the push before 24h and",
        ),
        (
            ["semver gt 1.4.0", "semver lt 1.4"],
            "no image meets version in the tag > 1.4.0",
        ),
        (["semver eq 1.4.0", "semver neq v1.4.0"], "version in the tag = 1.4.0"),
        (["tag eq latest", "semver gte 1.0.0"], "no tag equals"),
        (["pushed_by eq dana", "pushed_by noo dana,erik"], "no pusher equals"),
        (["pushed_by sw a", "pushed_by sw b"], "no pusher starts with"),
        (["artifact_type eq a/b", "artifact_type sw c"], "no type of artifact"),
        (
            ["component.name oo a,b", "component.name noo a,b,c"],
            'no image meets component is one of "a", "b" and component is not one of',
        ),
        (["component.purl eq p", "component.purl noo p"], "package URL equals"),
        (["label eq a=b", "label noo a=b"], "label equals"),
        (["platform oo a,b", "platform noo b,a"], "platform is one of"),
        (["signature eq key", "signature noo key"], "verified signature equals"),
        (["vulnerability.id eq cve-1", "vulnerability.id noo CVE-1"], "vulnerability"),
        (["sbom eq true", "sbom eq false"], 'attached SBOM equals "true" and'),
        (
            ["signature_present eq true", "signature_present eq false"],
            "attached signature equals",
        ),
    ],
)
def test_two_rules_that_exclude_each_other_are_refused(rules, said):
    with pytest.raises(InvalidRule) as refused:
        parse_rules(triples(*rules))
    assert str(refused.value).startswith("Rules 1 and 2 contradict each other: no ")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("rules", "numbers"),
    [
        (
            [
                "tag sw v",
                "vulnerability_all gte 1",
                "vulnerability_all neq 1",
                "vulnerability_all lt 2",
            ],
            "2, 3 and 4",
        ),
        (
            [
                "vulnerability_critical gte 1",
                "tag sw v",
                "vulnerability_major gte 1",
                "vulnerability_all lte 1",
            ],
            "1, 3 and 4",
        ),
        (
            ["component.name oo a,b", "component.name noo a", "component.name noo b"],
            "1, 2 and 3",
        ),
    ],
)
def test_only_the_rules_that_matter_are_named(rules, numbers):
    with pytest.raises(InvalidRule, match=rf"^Rules {numbers} contradict each other: "):
        parse_rules(triples(*rules))


@pytest.mark.parametrize(
    "rules",
    [
        ["vulnerability_all lte 1", "vulnerability_critical eq 1"],
        [
            "vulnerability_critical eq 1",
            "vulnerability_cvss3_high eq 1",
            "vulnerability_all eq 1",
        ],
        ["vulnerability_all gte 0", "vulnerability_all neq 0"],
        ["vulnerability.id noo CVE-1", "vulnerability_all eq 0"],
        ["license.name oo MIT", "license.name noo MIT"],
        ["component.name oo a,b", "component.name noo a"],
        ["component.name sw a", "component.name noo a"],
        ["component.name eq a", "component.name eq b"],
        ["semver gte 1.0.0", "semver lte 1.0.0"],
        ["semver gt 1.0.0", "semver lt 1.0.1"],
        ["scan_age lte 24h", "scan_age gte 24h"],
        ["updated_at af 2026-01-01", "updated_at bf 2026-01-02"],
        ["updated_at_duration bf 24h", "updated_at_duration af 24h1s"],
        ["sbom eq true", "sbom eq true", "signature_present eq false"],
        ["size gte 5MB", "size lte 5MB"],
        ["platform eq a", "platform eq b"],
    ],
)
def test_rules_some_image_meets_are_accepted(rules):
    assert len(parse_rules(triples(*rules))) == len(rules)


def test_group_is_refused_when_none_of_its_alternatives_is_left():
    with pytest.raises(InvalidRule) as refused:
        parse_rules(triples("tag eq a", "tag sw b | tag eq c"))
    assert str(refused.value) == (
        "Rule 2 contradicts the others: "
        "none of its alternatives can hold together with them."
    )


@pytest.mark.parametrize(
    "rules",
    [
        ["tag eq a", "tag sw b | vulnerability_all lte 0"],
        ["tag eq a | tag eq b", "tag eq b | tag eq c"],
        ["tag eq a | tag eq b"],
    ],
)
def test_group_with_an_alternative_left_is_accepted(rules):
    assert len(parse_rules(triples(*rules))) == len(rules)
