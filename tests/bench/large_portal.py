"""A registry of 100,000 repositories and a million tags, written in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel
from accounts.models import Namespace, User
from accounts.services import grants, organizations, users
from promotions.models import PolicyConsent, PolicyVersion, Promotion, PromotionPolicy
from repositories.models import Manifest, Repository, RepositoryManifest, Tag, TagMove
from tests.bench.many_findings import PASSWORD, bulk, copy_rows
from tests.factories import make_manifest

if TYPE_CHECKING:
    from datetime import datetime

NAMESPACES, REPOSITORIES, TAGS = 100, 100_000, 1_000_000
POLICIES, PROMOTIONS = 10_000, 100_000
SEEN = 10  # namespaces, so 10,000 repositories
LARGE = "repository0"  # which holds a hundredth of all tags and promotions
DAYS = 30


@dataclass(frozen=True, slots=True)
class Readers:
    """Who asks: an administrator, and an admin of a tenth of the namespaces."""

    administrator: User
    reader: User


def fill() -> Readers:
    """Write all of it; the database is empty."""
    owner = users.create(
        actor=SYSTEM, username="root", password=PASSWORD, is_superuser=True
    )
    reader = users.create(actor=SYSTEM, username="reader", password=PASSWORD)
    repositories = _repositories(owner, reader)
    image = make_manifest(repository=repositories[0])
    _tags(repositories, image)
    versions = _policies(repositories)
    _promotions(repositories, versions, image)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Readers(owner, reader)


def _repositories(owner: User, reader: User) -> list[Repository]:
    for number in range(NAMESPACES):
        organizations.create(actor=SYSTEM, name=f"team{number}", primary_owner=owner)
    namespaces = list(Namespace.objects.filter(name__startswith="team").order_by("id"))
    for namespace in namespaces[:SEEN]:
        grants.grant(actor=SYSTEM, to=reader, on=namespace, level=AccessLevel.ADMIN)
    per_namespace = REPOSITORIES // NAMESPACES
    return bulk(
        Repository(
            namespace=namespaces[number // per_namespace], name=f"repository{number}"
        )
        for number in range(REPOSITORIES)
    )


def _place(number: int) -> int:
    """Return which repository the tag or promotion of a number belongs to."""
    return 0 if number % 100 == 0 else number % REPOSITORIES


def _tags(repositories: list[Repository], image: Manifest) -> None:
    now = timezone.now()
    bulk(RepositoryManifest(repository=one, manifest=image) for one in repositories[1:])
    move_columns = "uuid created_at repository_id tag to_manifest_id moved_at moved_by"
    copy_rows(
        TagMove,
        f"{move_columns} is_baseline",
        (
            (
                *(uuid4(), now, repositories[_place(number)].pk, f"v{number}"),
                *(image.pk, _day(now, number), "root", False),
            )
            for number in range(TAGS)
        ),
    )
    found = TagMove.objects.filter(tag__startswith="v").order_by("id")
    # Read whole before the next COPY, which has the connection to itself.
    moves = list(found.values_list("pk", "repository", "tag", "moved_at"))
    tag_columns = "uuid created_at repository_id name manifest_id current_move_id"
    copy_rows(
        Tag,
        f"{tag_columns} updated_at version source_repository source_tag",
        (
            (uuid4(), now, home, name, image.pk, key, moved_at, 1, "", "")
            for key, home, name, moved_at in moves
        ),
    )


def _day(now: datetime, number: int) -> datetime:
    return now - timedelta(days=number % DAYS, seconds=number % 80_000)


def _policies(repositories: list[Repository]) -> list[PolicyVersion]:
    """Make policies from each tenth repository into the one behind it."""
    sources = repositories[:: REPOSITORIES // POLICIES]
    policies = bulk(PromotionPolicy(source_namespace=one.namespace) for one in sources)
    versions = bulk(
        PolicyVersion(
            policy=policy,
            number=1,
            source_repository=source,
            target_namespace=source.namespace,
            target_name=f"repository{int(source.name[10:]) + 1}",
            tag_template="%n",
            rules=[{"field": "tag", "operator": "ew", "values": ["stable"]}],
        )
        for policy, source in zip(policies, sources, strict=True)
    )
    for policy, version in zip(policies, versions, strict=True):
        policy.current_version = version
    PromotionPolicy.objects.bulk_update(policies, ["current_version"], batch_size=1000)
    given, now = PolicyConsent.Answer.GIVEN, timezone.now()
    bulk(
        PolicyConsent(policy_version=version, side=side, answer=given, decided_at=now)
        for version in versions
        for side in PolicyConsent.Side
    )
    return versions


def _promotions(
    repositories: list[Repository], versions: list[PolicyVersion], image: Manifest
) -> None:
    now, move = timezone.now(), TagMove.objects.earliest("id")
    states = [Promotion.State.SUCCEEDED] * 9 + [Promotion.State.FAILED]

    def made(number: int) -> Promotion:
        version = versions[0 if number % 100 == 0 else number % POLICIES]
        source = version.source_repository
        assert source is not None
        state, at = states[number // 100 % 10], _day(now, number)
        return Promotion(
            created_at=at,
            policy_id=version.policy_id,
            policy_version=version,
            idempotency_key=f"bench {number}",
            source_repository=source,
            source_tag=f"v{number}",
            tag_move=move,
            root_move=move,
            manifest=image,
            target_namespace=version.target_namespace,
            target_name=version.target_name,
            target_repository=repositories[int(version.target_name[10:])],
            target_tag=f"v{number}",
            state=state,
            error_code="TAG_TAKEN" if state == Promotion.State.FAILED else "",
            started_at=at,
            finished_at=at + timedelta(seconds=number % 50 / 10),
        )

    bulk(made(number) for number in range(PROMOTIONS))
