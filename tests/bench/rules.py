"""`python -m tests.bench.rules`: how many policies per second the rule engine answers.

One push with 500 components and 200 vulnerabilities is asked about by many policies,
as after every scan. Their values differ, except that every hundredth has the same; the
facts are indexed once, which is part of what is measured.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest

from promotions.rules import (
    CompiledRules,
    Component,
    Evidence,
    ImageFacts,
    PlatformFacts,
    Result,
    Vulnerability,
    compile_rules,
    matches,
    parse_rules,
)

POLICIES = 20_000
VARIANTS = 100
ROUNDS = 5
PROMISED = 50_000
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

TAG = ("tag", "ew", "-stable")
CRITICAL = ("vulnerability_critical", "lte", "2{:02}")
CASES = {
    "tag ew, vulnerability_critical lte, component.name oo": (
        TAG,
        CRITICAL,
        ("component.name", "oo", "package-4{:02}"),
    ),
    "component.name c": (("component.name", "c", "age-4{:02}"),),
    "component.name sw": (("component.name", "sw", "package-4{:02}"),),
    "component.name matches": (("component.name", "matches", "-4{:02}$"),),
    "license.name noo": (("license.name", "noo", "AGPL-3.{}"),),
    "vulnerability.id noo": (("vulnerability.id", "noo", "CVE-1999-{}"),),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One case: policies answered per second on one core, the best of the rounds."""

    name: str
    rate: float
    promised: int | None


def measure() -> list[Row]:
    """Return a row per case; the first has a promise."""
    return [
        Row(name, _rate(_variants(rules)), promised)
        for (name, rules), promised in zip_longest(CASES.items(), [PROMISED])
    ]


def facts() -> ImageFacts:
    """Return an image of a usual size, made anew so that nothing is indexed yet."""
    components = tuple(
        Component(f"package-{number}", f"1.{number}", licenses=("MIT OR Apache-2.0",))
        for number in range(500)
    )
    vulnerabilities = tuple(
        Vulnerability(
            f"CVE-2025-{number}",
            severity="high",
            cvss3=number % 100 / 10,
            component=f"package-{number}",
        )
        for number in range(200)
    )
    platform = PlatformFacts(
        "linux/amd64",
        components=Evidence(components, "scanner", NOW),
        licenses=Evidence(components, "scanner", NOW),
        vulnerabilities=Evidence(vulnerabilities, "scanner", NOW),
    )
    return ImageFacts("1.4-stable", "sha256:" + "ab" * 32, NOW, platforms=(platform,))


def _variants(rules: tuple[tuple[str, str, str], ...]) -> list[CompiledRules]:
    return [_compiled(rules, number) for number in range(VARIANTS)]


def _compiled(rules: tuple[tuple[str, str, str], ...], number: int) -> CompiledRules:
    triples = [
        {"field": field, "operator": operator, "values": [value.format(number)]}
        for field, operator, value in rules
    ]
    return compile_rules(parse_rules(triples))


def _rate(variants: list[CompiledRules]) -> float:
    return max(_round(variants) for _ in range(ROUNDS))


def _round(variants: list[CompiledRules]) -> float:
    pushed, policies = facts(), variants * (POLICIES // VARIANTS)
    started = time.perf_counter()
    for compiled in policies:
        assert matches(compiled, pushed, NOW) is Result.MATCHED
    return POLICIES / (time.perf_counter() - started)


def main() -> None:
    """Print a table."""
    print(f"\none push, {POLICIES} policies, best of {ROUNDS} rounds (policies/s)\n")
    for row in measure():
        promise = ""
        if row.promised:
            kept = "kept" if row.rate >= row.promised else "MISSED"
            promise = f"   ≥ {row.promised:,}  {kept}"
        print(f"  {row.name:<54} {row.rate:12,.0f}{promise}")


if __name__ == "__main__":
    main()
