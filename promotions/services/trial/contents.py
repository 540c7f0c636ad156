"""What the tags of a target point to, now or at a time that is past."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db.models import Max
from typing_extensions import override

from promotions.models import Promotion
from promotions.services.placement import reserved
from promotions.services.trial.moves import not_by
from repositories.models import Tag, TagMove

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from promotions.models import PromotionPolicy
    from repositories.models import Repository

CHUNK = 500

Moment = tuple[datetime, int]
"""A time, and the key of the move that happened then."""

BEFORE_ALL: Moment = (datetime.min.replace(tzinfo=UTC), 0)


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a tag points to."""

    manifest_id: int
    digest: str
    promotion_uuid: UUID | None = None


class Contents(ABC):
    """The tags of a repository, read by name, and many names at a time."""

    def __init__(self) -> None:
        self._read: set[str] = set()

    def load(self, names: Iterable[str]) -> None:
        """Read what is asked about next, so that each name is no query of its own."""
        new = list(dict.fromkeys(name for name in names if name not in self._read))
        self._read.update(new)
        for start in range(0, len(new), CHUNK):
            self._load(new[start : start + CHUNK])

    @abstractmethod
    def _load(self, names: list[str]) -> None: ...

    @abstractmethod
    def at(self, name: str, moment: Moment) -> tuple[Moment, Pointer | None]:
        """Return when the tag changed last before the moment, and where it points."""

    @abstractmethod
    def was_ever(self, name: str) -> bool:
        """Tell whether the name is or was in use, at any time that is known."""

    def is_reserved(self, name: str) -> bool:
        """Tell whether a copy under way is to have the tag."""
        del name
        return False

    def newest_promoted(self, source_id: int, name: str) -> int:
        """Return the last push of the source that the policy promoted to the tag."""
        del source_id, name
        return 0


class NoContents(Contents):
    """Those of a repository that is yet to be made."""

    @override
    def _load(self, names: list[str]) -> None: ...

    @override
    def at(self, name: str, moment: Moment) -> tuple[Moment, Pointer | None]:
        return BEFORE_ALL, None

    @override
    def was_ever(self, name: str) -> bool:
        return False


class PresentContents(Contents):
    """The tags that exist, and what is promised to promotions that have not ended."""

    def __init__(self, target: Repository, policy: PromotionPolicy | None) -> None:
        super().__init__()
        self._target, self._policy = target, policy
        self._pointers: dict[str, Pointer] = {}
        self._reserved: set[str] = set()
        self._newest: dict[tuple[int, str], int] = {}

    @override
    def _load(self, names: list[str]) -> None:
        tags = Tag.objects.filter(repository=self._target, name__in=names)
        columns = ("name", "manifest", "manifest__digest")
        for name, manifest_id, digest in tags.values_list(*columns):
            self._pointers[name] = Pointer(manifest_id, digest)
        self._reserved.update(name for (name,) in reserved(self._target, names))
        if self._policy is None:
            return
        promoted = Promotion.objects.filter(
            policy=self._policy,
            target_repository=self._target,
            target_tag__in=names,
            state=Promotion.State.SUCCEEDED,
        )
        groups = promoted.order_by().values_list("source_repository", "target_tag")
        for source_id, name, newest in groups.annotate(Max("tag_move")):
            self._newest[source_id, name] = newest

    @override
    def at(self, name: str, moment: Moment) -> tuple[Moment, Pointer | None]:
        self.load([name])
        return BEFORE_ALL, self._pointers.get(name)

    @override
    def was_ever(self, name: str) -> bool:
        return name in self._pointers or name in self._reserved

    @override
    def is_reserved(self, name: str) -> bool:
        return name in self._reserved

    @override
    def newest_promoted(self, source_id: int, name: str) -> int:
        return self._newest.get((source_id, name), 0)


class PastContents(Contents):
    """The tags as they were from `since` on, without what the policy promoted."""

    def __init__(
        self, target: Repository, policy: PromotionPolicy | None, since: datetime
    ) -> None:
        super().__init__()
        self._moves = not_by(policy, TagMove.objects.filter(repository=target))
        self._since = since
        self._changes: dict[str, list[tuple[Moment, Pointer | None]]]
        self._changes = defaultdict(list)

    @override
    def _load(self, names: list[str]) -> None:
        moves = self._moves.filter(tag__in=names)
        before = moves.filter(moved_at__lt=self._since).order_by()
        last = before.values("tag").annotate(last=Max("id")).values("last")
        for rows in (
            TagMove.objects.filter(pk__in=last),
            moves.filter(moved_at__gte=self._since).order_by("moved_at", "id"),
        ):
            columns = ("tag", "moved_at", "pk", "to_manifest", "to_manifest__digest")
            for tag, at, key, manifest_id, digest in rows.values_list(*columns):
                pointer = Pointer(manifest_id, digest) if manifest_id else None
                self._changes[tag].append(((at, key), pointer))

    @override
    def at(self, name: str, moment: Moment) -> tuple[Moment, Pointer | None]:
        self.load([name])
        earlier = (one for one in self._latest_first(name) if one[0] <= moment)
        return next(earlier, (BEFORE_ALL, None))

    def _latest_first(self, name: str) -> Iterator[tuple[Moment, Pointer | None]]:
        return reversed(self._changes.get(name, []))

    @override
    def was_ever(self, name: str) -> bool:
        return name in self._changes
