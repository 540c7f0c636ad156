"""The registry's notifications: an envelope of events, read tolerantly.

Specification: distribution's docs/content/about/notifications.md. Nothing here is
trusted: repository, tag and digest are checked by their users through `reference`.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from repositories.registry import json_document
from repositories.registry.media_types import known_media_type

MAX_TEXT = 4096  # characters kept of any one text
MAX_ID = 255  # characters of an event's id
MAX_DEPTH = 16  # levels kept of an event

_CUT = "…"


class MalformedNotification(ValueError):
    """The body is no envelope of events; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event; what the registry left out is "".

    A malformed one (no id, no action or no time) has a made-up id, and the time it was
    read. `raw` is safe to store as JSON: long texts cut, no NUL, no infinite number.
    """

    id: str
    timestamp: datetime
    action: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    media_type: str = ""
    actor: str = ""
    instance_id: str = ""
    malformed: bool = False
    raw: dict[str, Any] = field(repr=False, hash=False)

    @property
    def is_blob(self) -> bool:
        """True when the event is about a layer or configuration, not a manifest."""
        if self.action == "mount":
            return True
        return self.media_type != "" and not _is_manifest_type(self.media_type)

    @property
    def is_manifest_push(self) -> bool:
        """True when a manifest was pushed, by tag or by digest."""
        return self.action == "push" and _is_manifest_type(self.media_type)

    @property
    def is_delete(self) -> bool:
        """True when a tag, manifest, blob or whole repository was deleted."""
        return self.action == "delete"


def parse_envelope(body: bytes) -> tuple[Event, ...]:
    """Read the events of a notification; raises MalformedNotification."""
    try:
        envelope = json_document.load(body)
    except json_document.InvalidDocument as error:
        raise MalformedNotification(
            f"The notification cannot be read: {error}."
        ) from error
    events = envelope.get("events") if isinstance(envelope, dict) else None
    if not isinstance(events, list):
        raise MalformedNotification("The notification has no list of events.")
    now = datetime.now(UTC)
    return tuple(_event(item, now) for item in events)


def _event(item: Any, now: datetime) -> Event:
    cleaned = _storable(item)
    raw = cleaned if isinstance(cleaned, dict) else {"event": cleaned}
    event_id, moment = _text(raw, "id"), _moment(_text(raw, "timestamp"))
    malformed = not (0 < len(event_id) <= MAX_ID and moment and _text(raw, "action"))
    target = _section(raw, "target")
    return Event(
        id=_made_up_id(raw) if malformed else event_id,
        timestamp=moment or now,
        action=_text(raw, "action"),
        repository=_text(target, "repository"),
        tag=_text(target, "tag"),
        digest=_text(target, "digest"),
        media_type=_text(target, "mediaType"),
        actor=_text(_section(raw, "actor"), "name"),
        instance_id=_text(_section(raw, "source"), "instanceID"),
        malformed=malformed,
        raw=raw,
    )


def _is_manifest_type(text: str) -> bool:
    known = known_media_type(text)
    return known is not None and (known.is_image or known.is_index or known.is_schema_1)


def _made_up_id(raw: dict[str, Any]) -> str:
    canonical = json.dumps(raw, sort_keys=True).encode()
    return f"sha256:{hashlib.sha256(canonical).hexdigest()}"


def _moment(text: str) -> datetime | None:
    """Read an RFC 3339 time (nanoseconds are cut); None when it is none."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _section(fields: dict[str, Any], key: str) -> dict[str, Any]:
    value = fields.get(key)
    return value if isinstance(value, dict) else {}


def _text(fields: dict[str, Any], key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""


def _storable(value: Any, depth: int = 0) -> Any:
    """Return `value` as every database stores JSON: see Event."""
    if isinstance(value, str):
        return _storable_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict | list):
        return _storable_container(value, depth + 1)
    return value


def _storable_container(value: dict[str, Any] | list[Any], depth: int) -> Any:
    if depth > MAX_DEPTH:
        return _CUT
    if isinstance(value, list):
        return [_storable(item, depth) for item in value]
    return {_storable_text(key): _storable(item, depth) for key, item in value.items()}


def _storable_text(text: str) -> str:
    kept = text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + _CUT
    return kept.replace("\0", "\ufffd").encode(errors="replace").decode()
