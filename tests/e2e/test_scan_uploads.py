"""Reports that CI uploads, and two tenants that hold the same image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import pytest
import requests

from tests.e2e.backstage import is_at_rest, make_repositories, shell
from tests.e2e.people import Person, wait_for
from tests.e2e.scanning import (
    advisory,
    cyclonedx,
    decision,
    failing,
    load,
    scan_of,
)
from tests.e2e.test_chains import add_policy
from tests.e2e.test_evidence import hide
from tests.e2e.test_scan_policies import RULES, promoted, python_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow

CLEAN = cyclonedx({"pkg:maven/com.example/shop@1.0": "MIT"})
LOG4J = cyclonedx(
    {"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1": "Apache-2.0"}
)


@pytest.fixture
def tenants(stack: Stack) -> tuple[str, str]:
    """The organizations of Dana and of Quinn, with two repositories each."""
    mark = uuid4().hex[:8]
    ours, theirs = f"ours-{mark}", f"theirs-{mark}"
    owners = {ours: "dana", theirs: "quinn"}
    repositories = {
        f"{name}/{end}": owner
        for name, owner in owners.items()
        for end in ("shop", "clean", "strict")
    }
    make_repositories(stack, repositories)
    return ours, theirs


@dataclass(frozen=True, slots=True)
class ContinuousIntegration:
    """Uploads reports for one repository, with a token good for nothing else."""

    stack: Stack
    repository: str
    name: str
    secret: str

    @classmethod
    def of(cls, stack: Stack, repository: str) -> Self:
        """Register it."""
        name = f"ci-{uuid4().hex[:8]}"
        code = f"""
from accounts.access import SYSTEM, AccessLevel, TokenScope
from accounts.services import access_tokens
from repositories.models import Repository
from tests.factories import grant, make_user
ci = make_user(name={name!r})
repository = Repository.objects.named({repository!r}).get()
grant(to=ci, on=repository, level=AccessLevel.SCAN)
issued = access_tokens.issue(
    actor=SYSTEM, user=ci, label="ci", scopes=[TokenScope.SCAN]
)
print(issued.secret)
"""
        return cls(stack, repository, name, shell(stack, code).strip())

    def upload(
        self, report: Any, digest: str, repository: str = ""
    ) -> requests.Response:
        """Send a report of an image."""
        where = {"repository": repository or self.repository, "digest": digest}
        return self.ask("POST", "/registry/scans", params=where, json=report)

    def ask(self, method: str, path: str, **values: Any) -> requests.Response:
        """Ask the portal for anything."""
        auth = (self.name, self.secret)
        return requests.request(
            method, f"{self.stack.url}{path}", auth=auth, timeout=30, **values
        )


def test_a_report_from_ci_counts_for_policies_that_name_uploads(
    stack: Stack,
    dana: Person,
    tenants: tuple[str, str],
    new_image: Callable[..., Image],
) -> None:
    ours, _ = tenants
    source, trusting, strict = (f"{ours}/{end}" for end in ("shop", "clean", "strict"))
    assert add_policy(dana, source, trusting, rules=RULES, origins=["upload"]).ok
    assert add_policy(dana, source, strict, rules=RULES).ok
    ci = ContinuousIntegration.of(stack, source)
    good, bad = new_image(), new_image()
    for tag, image in (("good", good), ("bad", bad)):
        assert dana.push(image, f"{source}:{tag}") == ""
        assert scan_of(stack, image.digest)["component_count"] == 0
        decision(dana, source, tag, "waiting", trusting)

    kept, refused = ci.upload(CLEAN, good.digest), ci.upload(LOG4J, bad.digest)

    assert kept.status_code == refused.status_code == 201, kept.text + refused.text
    assert (kept.json()["origin"], kept.json()["digest"]) == ("upload", good.digest)
    wait_for(lambda: promoted(dana, trusting))
    decided = decision(dana, source, "bad", "not_matched", trusting)
    assert "log4j-core" in failing(decided)["component.name"]
    wait_for(lambda: is_at_rest(stack))
    assert promoted(dana, trusting) == {"good": good.digest}
    for tag in ("good", "bad"):
        decision(dana, source, tag, "waiting", strict)
    assert promoted(dana, strict) == {}
    elsewhere = ci.upload(CLEAN, good.digest, trusting)
    assert elsewhere.status_code == 404, "it may not know that repository"
    assert ci.ask("GET", f"/api/v0/repositories/{source}/tags").status_code == 401


def share(image: Image, people: Mapping[str, Person]) -> None:
    """Let everybody push the image to a repository, and set a policy up there."""
    for tenant, person in people.items():
        source, target = f"{tenant}/shop", f"{tenant}/clean"
        assert add_policy(person, source, target, rules=RULES, origins=["upload"]).ok
        assert person.push(image, f"{source}:1.0") == ""


def test_what_one_tenant_uploads_does_not_count_for_another(
    stack: Stack,
    dana: Person,
    quinn: Person,
    tenants: tuple[str, str],
    new_image: Callable[..., Image],
) -> None:
    ours, theirs = tenants
    image = new_image()
    share(image, {ours: dana, theirs: quinn})
    for tenant, person in ((ours, dana), (theirs, quinn)):
        decision(person, f"{tenant}/shop", "1.0", "waiting")

    our_ci = ContinuousIntegration.of(stack, f"{ours}/shop")
    assert our_ci.upload(CLEAN, image.digest).ok
    wait_for(lambda: promoted(dana, f"{ours}/clean"))
    wait_for(lambda: is_at_rest(stack))
    decision(quinn, f"{theirs}/shop", "1.0", "waiting")
    assert promoted(quinn, f"{theirs}/clean") == {}

    their_ci = ContinuousIntegration.of(stack, f"{theirs}/shop")
    assert their_ci.upload(LOG4J, image.digest).ok
    decision(quinn, f"{theirs}/shop", "1.0", "not_matched")
    decision(dana, f"{ours}/shop", "1.0", "matched")


def test_what_one_tenant_hides_counts_for_another(
    stack: Stack,
    dana: Person,
    quinn: Person,
    tenants: tuple[str, str],
    known: Path,
) -> None:
    ours, theirs = tenants
    advisory(known, "CVE-2039-1", "PyPI", "shared", fixed="2.0")
    load(stack, known)
    image = python_image(known, "shared", "MIT", "1.0")
    share(image, {ours: dana, theirs: quinn})
    assert scan_of(stack, image.digest)["critical_count"] == 1
    for tenant, person in ((ours, dana), (theirs, quinn)):
        decision(person, f"{tenant}/shop", "1.0", "not_matched")

    hide(stack, f"{ours}/shop", ("CVE-2039-1",))

    wait_for(lambda: promoted(dana, f"{ours}/clean"))
    wait_for(lambda: is_at_rest(stack))
    refused = decision(quinn, f"{theirs}/shop", "1.0", "not_matched")
    assert "CVE-2039-1" in failing(refused)["vulnerability_critical"]
    assert promoted(quinn, f"{theirs}/clean") == {}
