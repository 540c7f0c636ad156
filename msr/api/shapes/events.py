"""Events: responses.Events, schema.Event, schema.Object."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msr.api.shapes.kinds import Maybe, shape

EventObject = shape("EventObject", id=str, type=str, name=str, content=str)
Event = shape(
    "Event",
    id=UUID,
    publishedAt=datetime,
    type=str,
    actor=str,
    actorType=str,
    actorName=str,
    object=EventObject,
    target=Maybe(EventObject, absent=True),
    repository=str,
)
Events = shape("Events", events=[Event])
