"""Rows that the API's tests look at, made by the services that make them in life."""

from __future__ import annotations

import json

from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.models import Namespace, User
from accounts.services import grants, organizations, teams, users
from promotions.services import policies
from promotions.services.by_hand import promote_by_hand
from repositories.models import Manifest, Tag
from repositories.registry import Digest, MediaType
from repositories.services import manifests, repositories, tags

PASSWORD = "a long enough password"
STABLE = {"field": "tag", "operator": "ew", "values": ["stable"]}


def person(name, *, is_superuser=False):
    return users.create(
        actor=SYSTEM, username=name, password=PASSWORD, is_superuser=is_superuser
    )


def organization(name, owner):
    return organizations.create(actor=SYSTEM, name=name, primary_owner=owner)


def team(organization, name, *members, level=None):
    made = teams.create(actor=SYSTEM, organization=organization, name=name)
    for user in members:
        teams.add_member(actor=SYSTEM, team=made, user=user)
    if level:
        grant(made, level, organization.namespace)
    return made


def grant(to, level, on):
    grants.grant(actor=SYSTEM, level=AccessLevel(level), to=to, on=on)


def repository(full_name, **values):
    namespace, _, name = full_name.partition("/")
    owner = Namespace.objects.get(name=namespace)
    return repositories.create(actor=SYSTEM, namespace=owner, name=name, **values)


def manifest(repository, content="", **values):
    """An image that differs from others only in `content`, held by the repository."""
    document = {"schemaVersion": 2, "annotations": {"content": content}}
    values = {"os": "linux", "architecture": "amd64", **values}
    return store(repository, document, MediaType.OCI_MANIFEST, **values)


def index(repository, *children):
    document = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_INDEX,
        "manifests": [
            {"mediaType": child.media_type, "digest": child.digest, "size": 10}
            for child in children
        ],
    }
    return store(repository, document, MediaType.OCI_INDEX)


def store(repository, document, media_type, **values):
    raw = json.dumps(document).encode()
    defaults = {"media_type": media_type, "raw": raw, "size": len(raw), **values}
    digest = str(Digest.of(raw))
    row, _ = Manifest.objects.get_or_create(digest=digest, defaults=defaults)
    manifests.hold(repository=repository, manifests=[row.pk])
    return row


def push(repository, tag, image=None, by=""):
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


def policy(source, target, *, rules=(STABLE,), tag_template="%n", enabled=True):
    draft = policies.Draft(
        source=source, target=target, rules=list(rules), tag_template=tag_template
    )
    root = User.objects.get(is_superuser=True)
    return policies.create(actor=Actor(root), draft=draft, enabled=enabled)


def promotion(tag, target, target_tag, user, **values):
    """A promotion by hand that nobody runs; `values` are set on its row."""
    made = promote_by_hand(
        actor=Actor(user), tag=tag, target=target, target_tag=target_tag
    )
    type(made).objects.filter(pk=made.pk).update(**values)
    return made
