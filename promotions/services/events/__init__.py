"""MSR's events: what happened in a repository or the registry, for programs."""

from __future__ import annotations

from promotions.services.events.kinds import EventType, ObjectType, object_type, type_of
from promotions.services.events.published import Asked, Published

__all__ = ["Asked", "EventType", "ObjectType", "Published", "object_type", "type_of"]
