"""Events in MSR's shape, schema.Event, without what their reader may not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.models import User
from promotions.services.activity import Kind
from promotions.services.activity.place import POLICY
from promotions.services.events import ObjectType, object_type, type_of
from repositories.models import Provenance

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from accounts.models import AuditEvent
    from promotions.models import Promotion
    from promotions.services.activity import Entry
    from promotions.services.events import Published
    from repositories.models import Scan, TagMove

BY_HAND = "MANUAL_PROMOTION"  # in the place of a policy, as MSR has it
REPOSITORY = "repositories.Repository"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rows of a page name only: people, and the policies of promotions."""

    people: dict[str, UUID]
    policies: dict[UUID, UUID | None]

    @classmethod
    def of(cls, entries: list[Entry]) -> _Known:
        names = {one.who for one in entries} - {""}
        moves = [one.row for one in entries if one.kind is Kind.TAGS]
        brought = [move.promotion_uuid for move in moves if move.promotion_uuid]
        return cls(
            _pairs(User.objects.filter(username__in=names), "username", "uuid"),
            _pairs(
                Provenance.objects.filter(promotion_uuid__in=brought),
                "promotion_uuid",
                "policy_uuid",
            ),
        )


def _pairs(rows: Any, key: str, value: str) -> dict[Any, Any]:
    return dict(rows.values_list(key, value))


def events_json(place: Published, entries: list[Entry]) -> list[dict[str, Any]]:
    """Return the events of a page; two queries, however many they are."""
    known = _Known.of(entries)
    return [_event(place, known, entry) for entry in entries]


def _event(place: Published, known: _Known, entry: Entry) -> dict[str, Any]:
    """Return schema.Event; beyond it the name of the person who did it, if known."""
    kind, actor = _actor(known, entry)
    return {
        "id": entry.row.uuid,
        "publishedAt": entry.at,
        "type": type_of(entry.kind, entry.row),
        "actor": actor,
        "actorType": kind,
        "actorName": entry.who,
        **_TOLD[entry.kind](place, entry.row),
    }


def _actor(known: _Known, entry: Entry) -> tuple[str, str]:
    """Return the kind of the actor and its UUID; both may be empty, if not told."""
    row = entry.row
    if entry.kind is Kind.PROMOTIONS:
        policy = row.policy.uuid if row.policy else None
        return "PROMOTION", str(policy or BY_HAND)
    if entry.kind is Kind.TAGS and row.promotion_uuid:
        return "PROMOTION", str(known.policies.get(row.promotion_uuid) or BY_HAND)
    if not entry.who:
        return "SYSTEM" if entry.kind is Kind.SCANS else "", ""
    is_change = entry.kind is Kind.CHANGES
    uuid = row.actor_uuid if is_change else known.people.get(entry.who)
    return ("USER" if uuid else "SYSTEM"), str(uuid or "")


def _of_tag(_place: Published, move: TagMove) -> dict[str, Any]:
    image = move.to_manifest or move.from_manifest
    digest = image.digest if image else ""
    name = move.repository.full_name
    return {
        "object": _object(ObjectType.TAG, f"{name}:{move.tag}", move.tag, digest),
        "repository": name,
    }


def _of_scan(_place: Published, scan: Scan) -> dict[str, Any]:
    digest, where = scan.manifest.digest, scan.repository
    name = where.full_name if where else ""
    return {
        "object": _object(ObjectType.MANIFEST, digest, name, digest),
        "repository": name,
    }


def _of_promotion(place: Published, promotion: Promotion) -> dict[str, Any]:
    """Return what was promoted and, as the target, where to; each only if known."""
    source, target = promotion.shown_source, promotion.shown_target
    here = place.repository.full_name if place.repository else source or target
    digest = promotion.manifest.digest
    whence = f"{source}:{promotion.source_tag}" if source else ""
    told = {
        "object": _object(ObjectType.PROMOTION, str(promotion.uuid), whence, digest),
        "repository": here,
    }
    if target:
        whither = f"{target}:{promotion.target_tag}" if promotion.target_tag else target
        told["target"] = _object(ObjectType.TAG, whither, promotion.target_tag, digest)
    return told


def _of_change(place: Published, event: AuditEvent) -> dict[str, Any]:
    """Return what was changed; the name of a policy is that of both its ends."""
    name = "" if event.object_type == POLICY else event.object_name
    here = place.repository.full_name if place.repository else ""
    if event.object_type == REPOSITORY:
        here = name
    kind = object_type(event.object_type)
    return {
        "object": _object(kind, str(event.object_uuid or ""), name, ""),
        "repository": here,
    }


def _object(kind: str, key: str, name: str, content: str) -> dict[str, str]:
    return {"id": key, "type": kind, "name": name, "content": content}


_TOLD: dict[Kind, Callable[[Published, Any], dict[str, Any]]] = {
    Kind.TAGS: _of_tag,
    Kind.SCANS: _of_scan,
    Kind.PROMOTIONS: _of_promotion,
    Kind.CHANGES: _of_change,
}
