"""Advisories of the Open Source Vulnerability format: reading and matching them."""

from __future__ import annotations

from repositories.scanning.advisories.advisory import Advisory, Affected, Rating
from repositories.scanning.advisories.documents import UnreadableRecord, parsed
from repositories.scanning.advisories.matching import Listing, Match, Matches, match
from repositories.scanning.advisories.reading import advisory, is_record
from repositories.scanning.advisories.sources import Source, UnusableSource, opened

__all__ = [
    "Advisory",
    "Affected",
    "Listing",
    "Match",
    "Matches",
    "Rating",
    "Source",
    "UnreadableRecord",
    "UnusableSource",
    "advisory",
    "is_record",
    "match",
    "opened",
    "parsed",
]
