"""Where a promotion lands: the target repository and the tag, decided once."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from accounts.access import SYSTEM
from accounts.models import Namespace
from promotions.models import PolicyVersion, Promotion
from promotions.models.promotion import FINAL_STATES
from promotions.rules import InvalidTemplate, TagTemplate, TemplateContext, with_suffix
from repositories.models import Provenance, Repository, Tag
from repositories.services import repositories

MAX_SUFFIX = 200


class NotPlaced(Exception):
    """The image is not to be copied: `code` for programs, the text for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class TargetMissing(Exception):
    """The target repository does not exist, and may not be created by a promotion."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The end of a copy; `version` is that of the Tag row read (0: none)."""

    repository: Repository
    tag: str
    version: int


def place(promotion: Promotion) -> Placement:
    """Decide where the image goes.

    Raises TargetMissing, or NotPlaced when the tag is taken, immutable, has the image
    already, or the template makes no legal tag of this push.
    """
    repository = _target(promotion)
    if promotion.target_tag == "" and (tag := _suffixed(promotion, repository)):
        return Placement(repository, tag, version=0)
    tag = promotion.target_tag or _rendered(promotion)
    existing = Tag.objects.filter(repository=repository, name=tag).first()
    if existing is not None:
        existing.repository = repository
        _refuse_overwriting(promotion, repository, existing)
    return Placement(repository, tag, existing.version if existing else 0)


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


def _target(promotion: Promotion) -> Repository:
    rows = Repository.objects.live().select_related("namespace")
    full_name = promotion.target_full_name
    return rows.named(full_name).first() or _created_target(full_name)


def _created_target(full_name: str) -> Repository:
    first, _, name = full_name.partition("/")
    namespace, found = Namespace.objects.filter(name=first).first(), None
    if namespace is not None and namespace.create_on_push:
        found = repositories.adopt(actor=SYSTEM, namespace=namespace, name=name)
    if found is None:
        message = f"The target repository {full_name} does not exist."
        raise TargetMissing(message)
    return found


def _suffixed(promotion: Promotion, target: Repository) -> str | None:
    """Return a tag that nobody has, where the policy wants one; None elsewhere.

    For a tag made from the time it does unless it says otherwise: two images promoted
    within the same second would meet.
    """
    version = promotion.policy_version
    if version is None or not _wants_suffix(version):
        return None
    tag = _rendered(promotion)
    if version.on_conflict == PolicyVersion.OnConflict.KEEP_BOTH:
        _refuse_twice(promotion, target, tag)
    names = [tag, *(with_suffix(tag, number) for number in range(2, MAX_SUFFIX))]
    taken = _taken(target, names)
    free = next((name for name in names if name not in taken), None)
    if free is None:
        message = f"More than {MAX_SUFFIX} images were promoted to the tag {tag}."
        raise NotPlaced("TAG_TAKEN", message)
    return free


def _wants_suffix(version: PolicyVersion) -> bool:
    if version.on_conflict == PolicyVersion.OnConflict.OVERWRITE:
        return TagTemplate.parse(version.tag_template).uses_time
    return version.on_conflict == PolicyVersion.OnConflict.KEEP_BOTH


def _refuse_twice(promotion: Promotion, target: Repository, tag: str) -> None:
    """Give no second name to an image that has the tag already."""
    same = Tag.objects.filter(
        repository=target, name=tag, manifest=promotion.manifest_id
    )
    if same.exists():
        message = f"{target}:{tag} has this image already."
        raise NotPlaced("ALREADY_THERE", message)


def _taken(target: Repository, names: list[str]) -> set[str]:
    tags = Tag.objects.filter(repository=target, name__in=names)
    reserved = Promotion.objects.filter(
        target_repository=target, target_tag__in=names
    ).exclude(state__in=FINAL_STATES)
    return set(
        tags.order_by()
        .values_list("name")
        .union(reserved.order_by().values_list("target_tag"))
        .values_list("name", flat=True)
    )


def _rendered(promotion: Promotion) -> str:
    version = promotion.policy_version
    if version is None:
        message = "A promotion by hand names its target tag."
        raise NotPlaced("NO_TARGET_TAG", message)
    template = TagTemplate.parse(version.tag_template)
    source = promotion.source_repository
    context = TemplateContext(
        tag=promotion.source_tag,
        now=timezone.now(),
        digest=promotion.manifest.digest,
        namespace=source.namespace.name,
        repository=source.name,
        groups=_groups(promotion, template),
    )
    try:
        return template.render(context, version.zone)
    except InvalidTemplate as error:
        raise NotPlaced("INVALID_TARGET_TAG", str(error)) from error


def _groups(promotion: Promotion, template: TagTemplate) -> tuple[str, ...]:
    if not template.highest_group or promotion.decision is None:
        return ()
    return tuple(promotion.decision.groups)


def _refuse_overwriting(
    promotion: Promotion, target: Repository, existing: Tag
) -> None:
    if existing.promotion_uuid == promotion.uuid:
        return  # an attempt before this one got as far as the tag
    if existing.manifest_id == promotion.manifest_id:
        message = f"{existing} has this image already."
        raise NotPlaced("ALREADY_THERE", message)
    if target.protects(existing.name):
        message = f"{existing} exists and is immutable."
        raise NotPlaced("TAG_IMMUTABLE", message)
    version = promotion.policy_version
    if version and version.on_conflict == PolicyVersion.OnConflict.REFUSE:
        message = f"{existing} exists, and the policy does not overwrite tags."
        raise NotPlaced("TAG_EXISTS", message)
    _refuse_older_over_newer(promotion, existing)


def _refuse_older_over_newer(promotion: Promotion, existing: Tag) -> None:
    if promotion.policy_id is None:
        return
    newer = Promotion.objects.filter(
        policy=promotion.policy_id,
        source_repository=promotion.source_repository_id,
        target_repository=existing.repository_id,
        target_tag=existing.name,
        tag_move__gt=promotion.tag_move_id,
        state=Promotion.State.SUCCEEDED,
    )
    if newer.exists():
        message = f"A newer image was promoted to {existing} already."
        raise NotPlaced("OLDER_THAN_TARGET", message)
