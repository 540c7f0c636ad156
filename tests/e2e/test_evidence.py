"""A policy about vulnerabilities waits for a scan, and follows what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.e2e.backstage import make_repositories, promotions, shell
from tests.e2e.people import Person, wait_for
from tests.e2e.test_chains import add_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow

NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
CVES = ("CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003")


@pytest.fixture
def ends(stack: Stack, admin: Person) -> tuple[str, str]:
    """A repository and where its images without critical vulnerabilities go."""
    mark = uuid4().hex[:8]
    source, target = f"scanned-{mark}/shop", f"clean-{mark}/shop"
    make_repositories(stack, {source: "dana", target: "quinn"})
    added = add_policy(admin, source, target, rules=[NO_CRITICAL])
    assert added.status_code == 201, added.text
    return source, target


def scan(stack: Stack, digest: str, found: Mapping[str, float]) -> None:
    """Let a scanner report what it found, with CVSS 3 scores.

    It is not the built-in one, which sees no packages in these images.
    """
    code = f"""
from django.db import transaction
from repositories.models import Manifest
from tests.factories import make_scan
with transaction.atomic():
    image = Manifest.objects.get(digest={digest!r})
    make_scan(manifest=image, vulnerabilities={dict(found)!r}, origin="other")
"""
    shell(stack, code)


def hide(stack: Stack, repository: str, vulnerabilities: tuple[str, ...]) -> None:
    """Let the repository's owner say that these do not matter."""
    code = f"""
from accounts.access import Actor
from accounts.models import User
from repositories.models import Repository
from repositories.services.exceptions import hide
for identifier in {vulnerabilities!r}:
    hide(
        actor=Actor(User.objects.get(username="dana")),
        scope=Repository.objects.named({repository!r}).get(),
        vulnerability=identifier,
        reason="The code is not reachable.",
    )
"""
    shell(stack, code)


def decision(person: Person, repository: str, verdict: str) -> dict[str, Any]:
    """Wait for the verdict of the only policy on the tag `1.0`; return it whole."""
    path = f"/repositories/{repository}/tags/1.0/decisions"

    def answered() -> list[dict[str, Any]]:
        response = person.api("GET", path)
        found = response.json() if response.ok else []
        return [one for one in found if one["verdict"] == verdict]

    (one,) = wait_for(answered)
    return dict(one)


def test_a_push_waits_for_its_scan_and_is_promoted_when_that_is_good(
    stack: Stack,
    dana: Person,
    quinn: Person,
    new_image: Callable[..., Image],
    ends: tuple[str, str],
) -> None:
    source, target = ends
    image = new_image()
    assert dana.push(image, f"{source}:1.0") == ""

    waiting = decision(dana, source, "waiting")
    (sentence,) = waiting["waitsFor"]
    assert "vulnerabilit" in sentence
    assert promotions(stack, source) == []
    scan(stack, image.digest, {"CVE-2026-0009": 3.1})

    (promoted,) = wait_for(lambda: quinn.tags(target))
    assert (promoted["name"], promoted["digest"]) == ("1.0", image.digest)


def test_critical_vulnerabilities_are_named_and_once_hidden_hinder_no_more(
    stack: Stack,
    dana: Person,
    quinn: Person,
    new_image: Callable[..., Image],
    ends: tuple[str, str],
) -> None:
    source, target = ends
    image = new_image()
    assert dana.push(image, f"{source}:1.0") == ""
    decision(dana, source, "waiting")
    scan(stack, image.digest, dict.fromkeys(CVES, 9.8))

    refused = outcome_of(dana, source)
    assert refused["seen"] == "3"
    assert all(identifier in refused["sentence"] for identifier in CVES)
    hide(stack, source, CVES[:2])
    left = wait_for(lambda: seen_of(dana, source, "1"))
    assert CVES[2] in left["sentence"]
    assert quinn.tags(target) == []
    hide(stack, source, CVES[2:])

    (promoted,) = wait_for(lambda: quinn.tags(target))
    assert promoted["digest"] == image.digest
    assert [one["state"] for one in promotions(stack, source)] == ["succeeded"]


def outcome_of(person: Person, repository: str) -> dict[str, Any]:
    """Return how the only rule was answered that does not hold."""
    (outcome,) = decision(person, repository, "not_matched")["outcomes"]
    return dict(outcome)


def seen_of(person: Person, repository: str, seen: str) -> dict[str, Any] | None:
    outcome = outcome_of(person, repository)
    return outcome if outcome["seen"] == seen else None
