"""The way of an image: where it was pushed, and through which promotions it went on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q

from promotions.models import Promotion
from repositories.models import TagMove

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from accounts.access import Actor
    from repositories.models import Tag

CHAINS = 4  # that people linked by promoting by hand what was promoted before
MAX_DEPTH = 24  # hops on one way; policies stop after 16
MAX_PROMOTIONS = 300  # a push stops after 256 of them


@dataclass(frozen=True, slots=True)
class Hop:
    """One place on the way, and those the image went to from there.

    `promotion` brought it there, or tried to; None for the first push, and where the
    reader may see neither side. `name` is "" where the reader may not know the place:
    another repository. `stands` tells whether the tag is still what was brought.
    """

    name: str
    tag: str
    promotion: Promotion | None = None
    pushed: TagMove | None = None
    stands: bool = False
    opens: bool = False
    is_current: bool = False
    following: list[Hop] = field(default_factory=list)

    @property
    def is_shown(self) -> bool:
        """Whether anything of it, or behind it, is for the reader."""
        return bool(self.name or self.promotion or self.is_current or self.following)


def lineage_of_tag(actor: Actor, tag: Tag) -> Hop:
    """Return the way of what a tag points to now; the reader may pull the tag."""
    pushed = _first(tag.promotion_uuid) or tag.current_move_id
    lineage = _Lineage.of(actor, pushed, tag.promotion_uuid)
    return lineage.tree(knows_root=pushed == tag.current_move_id)


def lineage_of_promotion(actor: Actor, promotion: Promotion) -> Hop:
    """Return the way of which a promotion that the reader may see is a part."""
    pushed = _first(promotion.uuid) or promotion.root_move_id
    return _Lineage.of(actor, pushed, promotion.uuid).tree(knows_root=False)


def _first(uuid: UUID | None) -> int | None:
    """Return the key of the push at which a promotion's way began.

    What is promoted by hand counts its hops anew; its way does not begin there.
    """
    found = None
    for _ in range(CHAINS):
        rows = Promotion.objects.filter(uuid=uuid) if uuid else Promotion.objects.none()
        row = rows.values_list("root_move", "root_move__promotion_uuid").first()
        if row is None:
            break
        found, uuid = row
    return found


@dataclass(frozen=True, slots=True)
class _Lineage:
    root: TagMove
    promotions: Mapping[UUID | None, list[Promotion]]
    """By the promotion that brought what they promoted; None: it was pushed."""
    current: UUID | None

    @classmethod
    def of(cls, actor: Actor, root: int, current: UUID | None) -> _Lineage:
        """Read all promotions that came of one push, in a few queries."""
        moves = TagMove.objects.select_related("repository__namespace", "originated_by")
        by_origin = defaultdict(list)
        for row in _all_of(actor, root).values():
            by_origin[row.tag_move.promotion_uuid].append(row)
        return cls(moves.get(pk=root), by_origin, current)

    def tree(self, *, knows_root: bool) -> Hop:
        """Return the first push, with all that came of it and the reader may see."""
        move = self.root
        rows = self.promotions.get(move.promotion_uuid, [])
        knows = knows_root or any(row.sees_source for row in rows)
        return Hop(
            name=move.repository.full_name if knows else "",
            tag=move.tag if knows else "",
            pushed=move if knows else None,
            opens=knows and move.repository.deleted_at is None,
            is_current=self.current is None,
            following=self._following(rows),
        )

    def _following(self, rows: Iterable[Promotion], depth: int = 1) -> list[Hop]:
        if depth > MAX_DEPTH:
            return []
        return [hop for row in rows if (hop := self._hop(row, depth)).is_shown]

    def _hop(self, row: Promotion, depth: int) -> Hop:
        is_known = row.sees_source or row.sees_target
        target = row.target_repository
        return Hop(
            name=row.shown_target,
            tag=row.target_tag if row.sees_target else "",
            promotion=row if is_known else None,
            stands=row.stands and row.sees_target,
            opens=row.sees_target and target is not None and target.deleted_at is None,
            is_current=row.uuid == self.current,
            following=self._following(self.promotions.get(row.uuid, ()), depth + 1),
        )


def _all_of(actor: Actor, root: int) -> dict[int, Promotion]:
    """Return the promotions of a push by key, with what the reader may know of each.

    Those that people made by hand, of what was promoted before, are found behind it.
    """
    found: dict[int, Promotion] = {}
    of_push = Promotion.objects.filter(root_move=root).values("uuid")
    wanted = Q(root_move=root) | Q(root_move__promotion_uuid__in=of_push)
    for _ in range(CHAINS):
        rows = Promotion.objects.filter(wanted).with_sight(actor).with_tags()
        rows = rows.for_listing().select_related("tag_move").order_by("id")
        new = [row for row in rows[:MAX_PROMOTIONS] if row.pk not in found]
        found |= {row.pk: row for row in new}
        linked = [row.uuid for row in new if row.root_move_id != root]
        if not linked or len(found) >= MAX_PROMOTIONS:
            break
        wanted = Q(root_move__promotion_uuid__in=linked)
    return found
