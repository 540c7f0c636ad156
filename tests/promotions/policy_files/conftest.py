"""Two tenants, who administers which, and files of policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from accounts.access import AccessLevel, Actor
from accounts.models import User
from promotions.models import PromotionPolicy
from promotions.services import policy_files
from promotions.services.policy_files import Applied, Options, Plan, Scope, Step
from promotions.services.policy_files.writing import written
from tests.factories import grant, make_organization, make_repository, make_user

DEV = Scope(("dev",))
STABLE = {
    "key": "stable",
    "sourceRepository": "dev/website",
    "targetRepository": "qa/website",
    "tagTemplate": "%n",
    "rules": [{"field": "tag", "operator": "ew", "values": ["-stable"]}],
}


@dataclass(frozen=True)
class Desk:
    """Where one person plans and applies files."""

    user: User

    @property
    def actor(self) -> Actor:
        return Actor(self.user)

    def plan(self, content: str, **options: Any) -> Plan:
        return policy_files.plan(
            actor=self.actor, content=content, options=Options(**options)
        )

    def apply(self, content: str, **options: Any) -> Applied:
        """Apply what is planned just before."""
        made = self.plan(content, **options)
        return policy_files.apply(
            actor=self.actor,
            content=content,
            options=Options(**options),
            expected=made.fingerprint,
        )

    def step(self, content: str, **options: Any) -> Step:
        """The only step of a plan."""
        (step,) = self.plan(content, **options).steps
        return step

    def export(self, scope: Scope = DEV) -> str:
        return policy_files.export(actor=self.actor, scope=scope)


def a_file(*entries: dict[str, Any], **values: Any) -> str:
    """A file about the namespace dev, unless it says otherwise."""
    whole = {"version": 1, "name": "team", "scope": {"namespaces": ["dev"]}}
    return written({**whole, **values, "policies": list(entries)})


def policy(key: str = "stable") -> PromotionPolicy:
    return PromotionPolicy.objects.kept().with_consents().get(key=key)


@pytest.fixture
def world(db: None) -> None:
    """`dev` of olga and `qa` of quentin; ada administers both, root everything."""
    for name, owner in (("dev", "olga"), ("qa", "quentin")):
        make_organization(name=name, owner=make_user(name=owner))
    ada = make_user(name="ada")
    make_user(name="root", is_superuser=True)
    for name in ("dev/website", "dev/app", "qa/website", "qa/app"):
        make_repository(name=name)
    for name in ("dev", "qa"):
        namespace = make_repository(name=f"{name}/other").namespace
        grant(to=ada, on=namespace, level=AccessLevel.ADMIN)


@pytest.fixture
def ada(world: None) -> Desk:
    """Administers both ends."""
    return Desk(User.objects.get(username="ada"))


@pytest.fixture
def olga(world: None) -> Desk:
    """Owns the source, and does not know of the target."""
    return Desk(User.objects.get(username="olga"))


@pytest.fixture
def root(world: None) -> Desk:
    """An administrator."""
    return Desk(User.objects.get(username="root"))
