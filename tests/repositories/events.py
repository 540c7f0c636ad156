"""Notifications as the registry sends them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from repositories.models import RegistryEvent
from repositories.registry.media_types import MediaType
from repositories.services import inbox, ingest

DIGEST = "sha256:" + "1" * 64
_numbers = count(1)


def make_event(**changes: Any) -> dict[str, Any]:
    """A push of a manifest; `target`, `actor` and `source` are merged, not replaced."""
    event: dict[str, Any] = {
        "id": f"event-{next(_numbers)}",
        "timestamp": datetime.now(UTC).isoformat(),
        "action": "push",
        "target": {
            "mediaType": MediaType.OCI_MANIFEST,
            "digest": DIGEST,
            "repository": "dev/website",
            "tag": "1.0",
        },
        "request": {"id": "r", "useragent": "docker/29"},
        "actor": {"name": "dana"},
        "source": {"addr": "registry:5000", "instanceID": "first-instance"},
    }
    for key, value in changes.items():
        nested = isinstance(value, dict) and isinstance(event.get(key), dict)
        event[key] = {**event[key], **value} if nested else value
    return event


def envelope(*events: Any) -> bytes:
    return json.dumps({"events": events}).encode()


def report(**changes: Any) -> RegistryEvent:
    """Put one event into the inbox; `repository`, `tag`, `digest` go to its target."""
    names = ("repository", "tag", "digest")
    target = {key: str(changes.pop(key)) for key in names if key in changes}
    event = make_event(target=target, **changes)
    inbox.record(body=envelope(event))
    return RegistryEvent.objects.get(event_id=event["id"])


def ingested(**changes: Any) -> RegistryEvent:
    """Do as `report`, work on the event, and return it as it is then."""
    event = report(**changes)
    ingest.process(event_id=event.event_id)
    event.refresh_from_db()
    return event
