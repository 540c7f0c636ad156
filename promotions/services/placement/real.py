"""Where a promotion lands: the target repository and the tag, decided once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.access import SYSTEM
from accounts.models import Namespace
from promotions.models import Promotion
from promotions.models.promotion import FINAL_STATES
from promotions.rules import TagTemplate
from promotions.services.placement.choice import Candidate, choose
from repositories.models import Provenance, Repository, Tag
from repositories.services import repositories

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.db.models import QuerySet


class TargetMissing(Exception):
    """The target repository does not exist, and may not be created by a promotion."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The target repository {name} does not exist.")


@dataclass(frozen=True, slots=True)
class Placement:
    """The end of a copy; `version` is that of the Tag row read (0: none)."""

    repository: Repository
    tag: str
    version: int


@dataclass(frozen=True, slots=True)
class StoredShelf:
    """What the target holds now, read from the database when it is asked for."""

    repository: Repository

    @property
    def name(self) -> str:
        return self.repository.full_name

    def find(self, tag: str) -> Tag | None:
        return Tag.objects.filter(repository=self.repository, name=tag).first()

    def first_free(self, names: Sequence[str]) -> str | None:
        tags = Tag.objects.filter(repository=self.repository, name__in=names)
        taken = set(
            tags.order_by()
            .values_list("name")
            .union(reserved(self.repository, names))
            .values_list("name", flat=True)
        )
        return next((name for name in names if name not in taken), None)

    def protects(self, tag: str) -> bool:
        return self.repository.protects(tag)

    def got_newer(self, tag: str, candidate: Candidate) -> bool:
        version = candidate.version
        newer = Promotion.objects.filter(
            policy=version.policy_id if version else None,
            source_repository=candidate.source,
            target_repository=self.repository,
            target_tag=tag,
            tag_move__gt=candidate.move_id,
            state=Promotion.State.SUCCEEDED,
        )
        return newer.exists()


def place(promotion: Promotion, at: datetime | None = None) -> Placement:
    """Decide where the image goes; `at` is what a template's time codes say, or now.

    Raises TargetMissing, or NotPlaced when the tag is taken, immutable, has the image
    already, or the template makes no legal tag of this push.
    """
    shelf = StoredShelf(_target(promotion))
    candidate = _candidate(promotion, at or timezone.now())
    tag, existing = choose(candidate, shelf)
    return Placement(shelf.repository, tag, existing.version if existing else 0)


def remember(promotion: Promotion) -> Provenance:
    """Write down whence the target tag comes, before anybody can see it move."""
    provenance = Provenance(
        promotion_uuid=promotion.uuid,
        policy_uuid=promotion.policy.uuid if promotion.policy else None,
        source_repository=promotion.source_repository.full_name,
        source_tag=promotion.source_tag,
        originated_by_id=promotion.originated_by_id,
    )
    Provenance.objects.bulk_create([provenance], ignore_conflicts=True)
    return provenance


def reserved(
    repository: Repository, names: Iterable[str]
) -> QuerySet[Promotion, tuple[str]]:
    """Return those of the names that open promotions will give to their images."""
    rows = Promotion.objects.filter(
        target_repository=repository, target_tag__in=list(names)
    )
    unfinished = rows.exclude(state__in=FINAL_STATES)
    return unfinished.order_by().values_list("target_tag")


def _target(promotion: Promotion) -> Repository:
    rows = Repository.objects.live().select_related("namespace")
    # By keys where they are known: to build the full name would cost a query.
    if promotion.target_namespace_id is None:
        named = rows.named(promotion.target_full_name)
    else:
        named = rows.filter(
            namespace=promotion.target_namespace_id, name=promotion.target_name
        )
    return named.first() or _created_target(promotion.target_full_name)


def _created_target(full_name: str) -> Repository:
    owner, _, name = full_name.partition("/")
    namespace, found = Namespace.objects.filter(name=owner).first(), None
    if namespace is not None and namespace.create_on_push:
        found = repositories.adopt(actor=SYSTEM, namespace=namespace, name=name)
    if found is None:
        raise TargetMissing(full_name)
    return found


def _candidate(promotion: Promotion, at: datetime) -> Candidate:
    return Candidate(
        source=promotion.source_repository,
        tag=promotion.source_tag,
        manifest_id=promotion.manifest_id,
        digest=promotion.manifest.digest,
        move_id=promotion.tag_move_id,
        at=at,
        version=promotion.policy_version,
        groups=_groups(promotion),
        chosen=promotion.target_tag,
        promotion_uuid=promotion.uuid,
    )


def _groups(promotion: Promotion) -> tuple[str, ...]:
    """Return what the decision captured, read only where the template needs it."""
    version = promotion.policy_version
    if version is None or promotion.target_tag or promotion.decision_id is None:
        return ()
    if not TagTemplate.parse(version.tag_template).highest_group:
        return ()
    return tuple(promotion.decision.groups) if promotion.decision else ()
