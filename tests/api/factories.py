"""Rows that the API's tests look at, made by the services that make them in life."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.models import Namespace, TrustedIssuer, User
from accounts.services import (
    access_tokens,
    ci_trusts,
    grants,
    organizations,
    robots,
    teams,
    trusted_issuers,
    users,
)
from promotions.services import policies
from promotions.services.by_hand import promote_by_hand
from repositories.models import Manifest, Tag
from repositories.registry import Digest, MediaType
from repositories.services import manifests, repositories, tags

if TYPE_CHECKING:
    from accounts.models import CITrust, Organization, Robot, Team
    from accounts.services.access_tokens import IssuedToken
    from promotions.models import Promotion, PromotionPolicy
    from repositories.models import Repository

PASSWORD = "a long enough password"
STABLE: dict[str, Any] = {"field": "tag", "operator": "ew", "values": ["stable"]}


def person(name: str, *, is_superuser: bool = False) -> User:
    return users.create(
        actor=SYSTEM, username=name, password=PASSWORD, is_superuser=is_superuser
    )


def organization(name: str, owner: User) -> Organization:
    return organizations.create(actor=SYSTEM, name=name, primary_owner=owner)


def team(
    organization: Organization, name: str, *members: User, level: str = ""
) -> Team:
    made = teams.create(actor=SYSTEM, organization=organization, name=name)
    for user in members:
        teams.add_member(actor=SYSTEM, team=made, user=user)
    if level:
        grant(made, level, organization.namespace)
    return made


def grant(to: Team | User, level: str, on: Namespace | Repository) -> None:
    grants.grant(actor=SYSTEM, level=AccessLevel(level), to=to, on=on)


def robot(owner: Organization, name: str, by: User) -> Robot:
    """A robot of the organization that is good for a month."""
    return robots.create(
        actor=Actor(by),
        namespace=owner.namespace,
        name=name,
        expires_at=timezone.now() + timedelta(days=30),
    )


def robot_token(robot: Robot, by: User, **values: Any) -> IssuedToken:
    return access_tokens.issue(actor=Actor(by), user=robot.user, label="ci", **values)


def trust(robot: Robot, people: Any, **values: Any) -> CITrust:
    """A trust on an issuer, made by who is responsible for the robot."""
    url = "https://ci.example.com"
    if not TrustedIssuer.objects.filter(url=url).exists():
        trusted_issuers.create(
            actor=Actor(people.root), url=url, immutable_claims=["repository_id"]
        )
    given = {"claims": {"repository_id": "4711"}, "scopes": ["pull"], **values}
    return ci_trusts.create(
        actor=Actor(robot.responsible),
        robot=robot,
        wanted=ci_trusts.WantedTrust(url, **given),
    )


def repository(full_name: str, **values: Any) -> Repository:
    namespace, _, name = full_name.partition("/")
    owner = Namespace.objects.get(name=namespace)
    return repositories.create(actor=SYSTEM, namespace=owner, name=name, **values)


def manifest(repository: Repository, content: str = "", **values: Any) -> Manifest:
    """An image that differs from others only in `content`, held by the repository."""
    document = {"schemaVersion": 2, "annotations": {"content": content}}
    values = {"os": "linux", "architecture": "amd64", **values}
    return store(repository, document, MediaType.OCI_MANIFEST, **values)


def index(repository: Repository, *children: Manifest) -> Manifest:
    document = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_INDEX,
        "manifests": [
            {"mediaType": child.media_type, "digest": child.digest, "size": 10}
            for child in children
        ],
    }
    return store(repository, document, MediaType.OCI_INDEX)


def store(
    repository: Repository, document: dict[str, Any], media_type: str, **values: Any
) -> Manifest:
    raw = json.dumps(document).encode()
    defaults = {"media_type": media_type, "raw": raw, "size": len(raw), **values}
    digest = str(Digest.of(raw))
    row, _ = Manifest.objects.get_or_create(digest=digest, defaults=defaults)
    manifests.hold(repository=repository, manifests=[row.pk])
    return row


def push(
    repository: Repository, tag: str, image: Manifest | None = None, by: str = ""
) -> Tag:
    """Let a tag of the repository point to an image; return the tag's row."""
    seen = tags.Sighting(
        tag=tag,
        moved_at=timezone.now(),
        moved_by=by,
        expected_version=tags.version_of(repository, tag),
    )
    image = image or manifest(repository, f"{repository}:{tag}")
    tags.record_move(repository=repository, manifest=image, seen=seen)
    return Tag.objects.get(repository=repository, name=tag)


def policy(
    source: Repository,
    target: Repository,
    *,
    tag_template: str = "%n",
    rules: list[dict[str, Any]] | None = None,
) -> PromotionPolicy:
    draft = policies.Draft(
        source=source,
        target=target.full_name,
        rules=[STABLE] if rules is None else rules,
        tag_template=tag_template,
    )
    root = User.objects.get(is_superuser=True)
    return policies.create(actor=Actor(root), draft=draft)


def promotion(
    tag: Tag, target: Repository, target_tag: str, user: User, **values: Any
) -> Promotion:
    """A promotion by hand that nobody runs; `values` are set on its row."""
    made = promote_by_hand(
        actor=Actor(user), tag=tag, target=target, target_tag=target_tag
    )
    type(made).objects.filter(pk=made.pk).update(**values)
    return made
