"""Which tag an image gets in its target: decided alike for copies and for trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from promotions.models import PolicyVersion
from promotions.rules import InvalidTemplate, TagTemplate, TemplateContext, with_suffix

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from repositories.models import Repository

MAX_SUFFIX = 200


class NotPlaced(Exception):
    """The image is not to be copied: `code` for programs, the text for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Candidate:
    """An image on its way to a target.

    `at` is the time that the codes of a template stand for. `chosen` is the tag that a
    person named, or an attempt before this one made; "" where it is to be rendered.
    `version` is None for a promotion by hand.
    """

    source: Repository
    tag: str
    manifest_id: int
    digest: str
    move_id: int
    at: datetime
    version: PolicyVersion | None
    groups: Sequence[str] = ()
    chosen: str = ""
    promotion_uuid: UUID | None = None


class Held(Protocol):
    """What a tag of the target points to."""

    @property
    def manifest_id(self) -> int: ...

    @property
    def promotion_uuid(self) -> UUID | None: ...


H = TypeVar("H", bound=Held)
H_co = TypeVar("H_co", bound=Held, covariant=True)


class Shelf(Protocol[H_co]):
    """What a target repository holds, as far as placing an image asks."""

    @property
    def name(self) -> str:
        """The OCI name of the repository."""

    def find(self, tag: str) -> H_co | None:
        """Return what the tag points to; None when nobody has it."""

    def first_free(self, names: Sequence[str]) -> str | None:
        """Return the first name that is no tag, nor will be by a copy under way."""

    def protects(self, tag: str) -> bool:
        """Tell whether a tag of this name is not to be overwritten."""

    def got_newer(self, tag: str, candidate: Candidate) -> bool:
        """Tell whether the candidate's policy promoted a later push to the tag."""


def choose(candidate: Candidate, shelf: Shelf[H]) -> tuple[str, H | None]:
    """Return the tag of the image in the target, and what it overwrites there.

    Raises NotPlaced when the tag is taken, immutable, has the image already, or the
    template makes no legal tag of this push.
    """
    if not candidate.chosen and (tag := _suffixed(candidate, shelf)):
        return tag, None
    tag = candidate.chosen or rendered(candidate)
    existing = shelf.find(tag)
    if existing is not None:
        _refuse_overwriting(candidate, shelf, tag, existing)
    return tag, existing


def rendered(candidate: Candidate) -> str:
    """Return the tag that the template makes, whatever the target holds.

    Raises NotPlaced when that is no legal tag.
    """
    version, source = candidate.version, candidate.source
    if version is None:
        message = "A promotion by hand names its target tag."
        raise NotPlaced("NO_TARGET_TAG", message)
    context = TemplateContext(
        tag=candidate.tag,
        now=candidate.at,
        digest=candidate.digest,
        namespace=source.namespace.name,
        repository=source.name,
        groups=candidate.groups,
    )
    try:
        return TagTemplate.parse(version.tag_template).render(context, version.zone)
    except InvalidTemplate as error:
        raise NotPlaced("INVALID_TARGET_TAG", str(error)) from error


def wants_suffix(version: PolicyVersion) -> bool:
    """Tell whether a tag that is taken gets a suffix.

    One made from the time does unless the policy says otherwise: two images promoted
    within the same second would meet.
    """
    if version.on_conflict == PolicyVersion.OnConflict.OVERWRITE:
        return TagTemplate.parse(version.tag_template).uses_time
    return version.on_conflict == PolicyVersion.OnConflict.KEEP_BOTH


def variants(tag: str, count: int = MAX_SUFFIX - 1) -> list[str]:
    """Return the tag, and it with each suffix: what is tried in this order."""
    return [tag, *(with_suffix(tag, number) for number in range(2, count + 1))]


def _suffixed(candidate: Candidate, shelf: Shelf[Held]) -> str | None:
    """Return a tag that nobody has, where the policy wants one; None elsewhere."""
    version = candidate.version
    if version is None or not wants_suffix(version):
        return None
    tag = rendered(candidate)
    if version.on_conflict == PolicyVersion.OnConflict.KEEP_BOTH:
        _refuse_twice(candidate, shelf, tag)
    free = shelf.first_free(variants(tag))
    if free is None:
        message = f"More than {MAX_SUFFIX} images were promoted to the tag {tag}."
        raise NotPlaced("TAG_TAKEN", message)
    return free


def _refuse_twice(candidate: Candidate, shelf: Shelf[Held], tag: str) -> None:
    """Give no second name to an image that has the tag already."""
    existing = shelf.find(tag)
    if existing is not None and existing.manifest_id == candidate.manifest_id:
        message = f"{shelf.name}:{tag} has this image already."
        raise NotPlaced("ALREADY_THERE", message)


def _refuse_overwriting(
    candidate: Candidate, shelf: Shelf[Held], tag: str, existing: Held
) -> None:
    is_own = candidate.promotion_uuid is not None
    if is_own and existing.promotion_uuid == candidate.promotion_uuid:
        return  # an attempt before this one got as far as the tag
    if existing.manifest_id == candidate.manifest_id:
        message = f"{shelf.name}:{tag} has this image already."
        raise NotPlaced("ALREADY_THERE", message)
    if shelf.protects(tag):
        message = f"{shelf.name}:{tag} exists and is immutable."
        raise NotPlaced("TAG_IMMUTABLE", message)
    version = candidate.version
    if version and version.on_conflict == PolicyVersion.OnConflict.REFUSE:
        message = f"{shelf.name}:{tag} exists, and the policy does not overwrite tags."
        raise NotPlaced("TAG_EXISTS", message)
    if version and shelf.got_newer(tag, candidate):
        message = f"A newer image was promoted to {shelf.name}:{tag} already."
        raise NotPlaced("OLDER_THAN_TARGET", message)
