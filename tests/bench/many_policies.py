"""A repository with very many policies, and pushes to it; needs the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils import timezone

from promotions.models import PolicyConsent, PolicyVersion, PromotionPolicy
from promotions.rules import parse_rules
from repositories.models import (
    Component,
    Finding,
    License,
    Scan,
    ScanComponent,
    Vulnerability,
)
from tests.factories import make_manifest, make_repository, make_scan, make_tag

if TYPE_CHECKING:
    from repositories.models import Manifest, Repository

    Rules = list[dict[str, Any]]

POLICIES = 1_000
MATCHING, WAITING = 5, 10
COMPONENTS, FINDINGS = 500, 200
LICENSES = ("MIT", "Apache-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0")


class Pushes:
    """Fresh moves of tags in a repository about which POLICIES policies are asked."""

    def __init__(self, name: str, *, tags_only: bool) -> None:
        """Make the repository, its policies, and a scanned image in it."""
        self.repository = make_repository(name=f"bench/{name}")
        make_policies(self.repository, tags_only=tags_only)
        self.image = make_manifest(repository=self.repository, content="bench")
        if not Scan.objects.filter(manifest=self.image).exists():
            _scan(self.image)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self._pushed = 0

    def push(self) -> int:
        """Push the image under a tag of its own; return the key of the move."""
        self._pushed += 1
        name = f"1.{self._pushed}-stable"
        tag = make_tag(repository=self.repository, name=name, manifest=self.image)
        return tag.current_move_id


def make_policies(source: Repository, *, tags_only: bool) -> None:
    """Make policies that run: both sides agreed to each."""
    target = make_repository(name=f"qa/{source.name}").namespace
    policies = PromotionPolicy.objects.bulk_create(
        PromotionPolicy(source_namespace=source.namespace) for _ in range(POLICIES)
    )
    versions = PolicyVersion.objects.bulk_create(
        PolicyVersion(
            policy=policy,
            number=1,
            source_repository=source,
            rules=_rules(number, tags_only=tags_only),
            target_namespace=target,
            target_name=f"{source.name}-{number}",
            tag_template="%n",
        )
        for number, policy in enumerate(policies)
    )
    for policy, version in zip(policies, versions, strict=True):
        policy.current_version = version
    PromotionPolicy.objects.bulk_update(policies, ["current_version"])
    now = timezone.now()
    PolicyConsent.objects.bulk_create(
        PolicyConsent(policy_version=version, side=side, answer="given", decided_at=now)
        for version in versions
        for side in PolicyConsent.Side
    )


def _rules(number: int, *, tags_only: bool) -> Rules:
    """Return what a few match, a few wait for, and the rest do not match."""
    asked = _about_tags(number) if tags_only else _mixed(number)
    rules = [
        {"field": field, "operator": operator, "values": [value]}
        for field, operator, value in asked
    ]
    parse_rules(rules)  # as on saving
    return rules


def _about_tags(number: int) -> list[tuple[str, str, str]]:
    if number < MATCHING:
        return [("tag", "ew", "-stable")]
    return (
        [("tag", "sw", f"feature-{number}-")],
        [("tag", "ew", f"-rc{number}")],
        [("tag", "matches", rf"^release-{number}\.(\d+)$")],
    )[number % 3]


def _mixed(number: int) -> list[tuple[str, str, str]]:
    """Return rules of which those on the contents decide for every fourth policy."""
    if number < MATCHING:
        return [("tag", "ew", "-stable"), *_about_contents(number, critical=FINDINGS)]
    if number < MATCHING + WAITING:
        return [("tag", "sw", "1."), ("updated_at_duration", "bf", f"{number}h")]
    if number % 4 == 0:
        return [("tag", "ew", "-stable"), *_about_contents(number, critical=0)]
    if number % 4 == 1:
        return [*_about_tags(number), *_about_contents(number, critical=0)]
    return _about_tags(number)


def _about_contents(number: int, *, critical: int) -> list[tuple[str, str, str]]:
    return [
        ("component.name", "oo", f"package-{number % COMPONENTS}"),
        ("vulnerability_critical", "lte", str(critical)),
    ]


def _scan(image: Manifest) -> None:
    """Make a scan of a usual size."""
    scan = make_scan(manifest=image, components={"openssl": "BSD-3-Clause"})
    licenses = License.objects.bulk_create(License(name=name) for name in LICENSES)
    components = Component.objects.bulk_create(
        Component(
            purl=f"pkg:deb/debian/package-{number}@1.{number}",
            name=f"package-{number}",
            version=f"1.{number}",
        )
        for number in range(COMPONENTS - 1)
    )
    rows = ScanComponent.objects.bulk_create(
        ScanComponent(scan=scan, component=one) for one in components
    )
    under = ScanComponent.licenses.through
    under.objects.bulk_create(
        under(scancomponent=row, license=licenses[number % len(licenses)])
        for number, row in enumerate(rows)
    )
    known = Vulnerability.objects.bulk_create(
        Vulnerability(identifier=f"CVE-2025-{number}") for number in range(FINDINGS)
    )
    Finding.objects.bulk_create(
        Finding(
            scan=scan,
            component=components[number],
            vulnerability=one,
            severity="high",
            cvss3_score=number % 100 / 10,
        )
        for number, one in enumerate(known)
    )
