"""What happened in a repository or a namespace, as one stream out of four tables."""

from __future__ import annotations

from promotions.services.activity.entries import Entry, Kind, Wanted
from promotions.services.activity.place import Place
from promotions.services.activity.stream import Stream, count, is_key, stream

__all__ = ["Entry", "Kind", "Place", "Stream", "Wanted", "count", "is_key", "stream"]
