"""The demo of MSR's promotion page: two teams, two repositories, one policy."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.models import Organization, User
from accounts.services import access_tokens, grants, organizations, teams, users
from promotions.services import policies
from repositories.models import Registry, Repository
from repositories.services import repositories
from repositories.services.reconcile import reconcile

if TYPE_CHECKING:
    from pathlib import Path

    from promotions.models import PromotionPolicy

PEOPLE = ("admin", "dana", "quinn")


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organization of the demo and the person who works there."""

    name: str
    full_name: str
    team: str
    person: str
    level: AccessLevel


TENANTS = (
    Tenant("dev", "Development", "developers", "dana", AccessLevel.READ_WRITE),
    Tenant("qa", "Quality assurance", "testers", "quinn", AccessLevel.READ_ONLY),
)


def seed(credentials_path: Path) -> None:
    """Make the demo where it is not there yet, and write the people's credentials.

    Safe to call at every start: passwords and tokens stay as they are.
    """
    if Registry.objects.filter(baseline_at__isnull=True).exists():
        reconcile()
    if not User.objects.filter(username__in=PEOPLE).exists():
        with transaction.atomic():
            _write(credentials_path, {"users": _make_demo()})
    known = json.loads(credentials_path.read_text(encoding="utf-8"))
    _write(credentials_path, known)


def _write(path: Path, content: dict[str, Any]) -> None:
    """Replace the file whole, readable by its owner only."""
    content = {
        "url": settings.PUBLIC_URL,
        "registry": settings.REGISTRY_PUBLIC_HOST,
        "users": content["users"],
    }
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def _make_demo() -> dict[str, dict[str, str]]:
    credentials = {name: _make_person(name) for name in PEOPLE}
    admin = Actor(User.objects.get(username="admin"))
    made = {tenant.name: _make_tenant(admin, tenant) for tenant in TENANTS}
    _make_policy(admin, made["dev"], made["qa"])
    return credentials


def _make_person(name: str) -> dict[str, str]:
    password = secrets.token_urlsafe(12)
    user = users.create(
        actor=SYSTEM, username=name, password=password, is_superuser=name == "admin"
    )
    token = access_tokens.issue(actor=Actor(user), user=user, label="quickstart")
    return {"password": password, "token": token.secret}


def _make_tenant(admin: Actor, tenant: Tenant) -> Repository:
    organization = organizations.create(
        actor=admin,
        name=tenant.name,
        full_name=tenant.full_name,
        primary_owner=User.objects.get(username="admin"),
    )
    _make_team(admin, organization, tenant)
    return repositories.create(
        actor=admin,
        namespace=organization.namespace,
        name="website",
        short_description=f"The website, as {tenant.full_name.lower()} sees it.",
    )


def _make_team(admin: Actor, organization: Organization, tenant: Tenant) -> None:
    team = teams.create(actor=admin, organization=organization, name=tenant.team)
    person = User.objects.get(username=tenant.person)
    teams.add_member(actor=admin, team=team, user=person)
    grants.grant(actor=admin, level=tenant.level, to=team, on=organization.namespace)


def _make_policy(
    admin: Actor, source: Repository, target: Repository
) -> PromotionPolicy:
    draft = policies.Draft(
        source=source,
        target=target.full_name,
        rules=[{"field": "tag", "operator": "ew", "values": ["stable"]}],
        tag_template="%Y%m%d-%H%M%S",
    )
    return policies.create(actor=admin, draft=draft)
