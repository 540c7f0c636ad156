"""Who did it and what it was, as far as the reader may know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promotions.services.activity.entries import Entry, Kind
from promotions.services.activity.place import POLICY

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.models import AuditEvent
    from promotions.models import Promotion
    from promotions.services.activity.place import Place
    from repositories.models import Scan, TagMove

DEEDS = {
    "create": "Created",
    "update": "Changed",
    "delete": "Deleted",
    "grant": "Gave access to",
    "revoke": "Took away",
    "accept": "Agreed to",
    "decline": "Declined",
    "withdraw": "Withdrew the consent to",
    "retract": "Took back the proposal of",
    "manage": "Let a file own",
    "release": "Released from its file:",
    "scan": "Asked to scan",
    "hide vulnerability": "Hid",
    "unhide vulnerability": "Let count again:",
}


def told(place: Place, kind: Kind, row: Any) -> Entry:
    """Return the entry of a row."""
    who, what = _TELL[kind](place, row)
    return Entry(kind, row, getattr(row, place.at(kind)), who, what)


def _of_tag(_place: Place, move: TagMove) -> tuple[str, str]:
    if move.to_manifest_id is None:
        what = "deleted"
    else:
        what = "moved" if move.from_manifest_id else "pushed"
    if move.is_baseline:
        what = "found"
    return ("" if move.promotion_uuid else move.moved_by), what


def _of_promotion(_place: Place, promotion: Promotion) -> tuple[str, str]:
    sees_both = promotion.sees_source and promotion.sees_target
    by = promotion.requested_by
    return (by.username if by and sees_both else ""), promotion.state


def _of_scan(_place: Place, scan: Scan) -> tuple[str, str]:
    by = scan.requested_by
    return (by.username if by else ""), scan.state


def _of_change(place: Place, event: AuditEvent) -> tuple[str, str]:
    """Return who and what; of a policy nothing that its other end could be known by.

    Who answered for an end stands in the log of that end's namespace.
    """
    deed = DEEDS.get(event.action, event.action.capitalize())
    if event.object_type != POLICY:
        return event.actor, f"{deed} {event.object_name}{_details(event)}"
    is_own = event.actor_uuid == getattr(place.actor.user, "uuid", None)
    here = place.namespace.uuid if place.namespace else None
    is_here = here is not None and event.namespace_uuid == here
    tells_who = is_here or is_own or place.actor.is_administrator
    return (event.actor if tells_who else ""), f"{deed} a promotion policy"


def _details(event: AuditEvent) -> str:
    values = {**event.before, **event.after}
    whom = values.get("to") or values.get("of") or values.get("user")
    if event.action == "update":
        said = ", ".join(name.replace("_", " ") for name in sorted(event.after))
    elif whom:
        level = values.get("level", "")
        said = f"{level} for {whom}" if level else str(whom)
    else:
        said = str(values.get("reason", ""))
    return f": {said}" if said else ""


_TELL: dict[Kind, Callable[[Place, Any], tuple[str, str]]] = {
    Kind.TAGS: _of_tag,
    Kind.PROMOTIONS: _of_promotion,
    Kind.SCANS: _of_scan,
    Kind.CHANGES: _of_change,
}
