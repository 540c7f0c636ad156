"""A thousand more of everything that a page lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib.auth.models import Group
from django.db import connection

from accounts.models import (
    AccessToken,
    Organization,
    Team,
    TeamMembership,
)
from promotions.models import Promotion, PromotionPolicy
from repositories.models import (
    RepositoryManifest,
    Scan,
    VulnerabilityException,
)
from repositories.registry import Digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model

    from accounts.models import User
    from tests.pages.cast import Cast

COUNT = 1_000
VERSIONS = ("current_version_id", "proposed_version_id")


def copies(row: Model, change: Callable[[int], dict[str, Any]]) -> list[Any]:
    """Store COUNT copies of a row, each with what `change` says of its number."""
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    values = {field.attname: getattr(row, field.attname) for field in fields}
    made = [
        type(row)(**{**values, "uuid": uuid4(), **change(number)})
        for number in range(COUNT)
    ]
    return type(row)._default_manager.bulk_create(made)


def add_crowd(cast: Cast) -> None:
    """Fill every list of the cast's portal."""
    _add_tags(cast)
    _add_promotions(cast)
    _add_policies(cast)
    _add_people(cast)
    exception = VulnerabilityException.objects.get(repository=cast.source)
    copies(exception, lambda n: {"vulnerability": f"CVE-2020-{n}"})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the database does by itself, a minute later


def _add_tags(cast: Cast) -> None:
    manifest, scan = cast.tag.manifest, Scan.objects.get(manifest=cast.tag.manifest)
    manifests = copies(
        manifest, lambda n: {"digest": str(Digest.of(f"crowd {n}".encode()))}
    )
    holding = RepositoryManifest.objects.get(manifest=manifest, repository=cast.source)
    copies(holding, lambda n: {"manifest_id": manifests[n].pk})
    copies(scan, lambda n: {"manifest_id": manifests[n].pk})
    moves = copies(
        cast.tag.current_move,
        lambda n: {"tag": f"crowd-{n}", "to_manifest_id": manifests[n].pk},
    )
    copies(
        cast.tag,
        lambda n: {
            "name": f"crowd-{n}",
            "manifest_id": manifests[n].pk,
            "current_move_id": moves[n].pk,
        },
    )
    copies(cast.source, lambda n: {"name": f"crowd-{n}"})


def _add_promotions(cast: Cast) -> None:
    for state in (Promotion.State.SUCCEEDED, Promotion.State.FAILED):
        promotion = Promotion.objects.filter(state=state).first()
        assert promotion is not None
        copies(promotion, lambda _: {"idempotency_key": str(uuid4())})


def _add_policies(cast: Cast) -> None:
    """As many that run, and as many that wait for consent."""
    _add_like(cast.policy, "current_version")
    _add_like(cast.objects["proposal"], "proposed_version")


def _add_like(policy: PromotionPolicy, column: str) -> None:
    version = policy.shown_version
    rows = copies(policy, lambda _: dict.fromkeys(VERSIONS))
    own = copies(version, lambda n: {"policy_id": rows[n].pk})
    for row, its in zip(rows, own, strict=True):
        setattr(row, column, its)
    PromotionPolicy.objects.bulk_update(rows, [column])
    for consent in version.consents.all():
        copies(consent, lambda n: {"policy_version_id": own[n].pk})


def _add_people(cast: Cast) -> None:
    own = cast.people["rita"].namespace
    assert own is not None
    names = copies(own, lambda n: {"name": f"crowd-{n}"})
    users = copies(
        cast.people["rita"],
        lambda n: {"username": f"crowd-{n}", "namespace_id": names[n].pk},
    )
    _add_members(cast, users)
    token = AccessToken.objects.get(user=cast.people["dana"])
    copies(token, lambda n: {"prefix": f"p{n}", "label": f"crowd-{n}"})


def _add_members(cast: Cast, users: list[User]) -> None:
    """A thousand members and teams of `dev`, and members of its one team."""
    organization = Organization.objects.get(namespace=cast.source.namespace)
    names = copies(organization.namespace, lambda n: {"name": f"crowd-org-{n}"})
    copies(organization, lambda n: {"namespace_id": names[n].pk})
    member = organization.memberships.get(user=cast.people["walter"])
    copies(member, lambda n: {"user_id": users[n].pk})
    groups = Group.objects.bulk_create([Group(name=f"g{n}") for n in range(COUNT)])
    team = Team.objects.get(organization=organization)
    copies(team, lambda n: {"name": f"crowd-{n}", "group_id": groups[n].pk})
    copies(TeamMembership.objects.get(team=team), lambda n: {"user_id": users[n].pk})
