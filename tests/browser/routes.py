"""Which addresses are pages to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pages.addresses import Route, portal_routes
from tests.pages.needs import NEEDS, Need

if TYPE_CHECKING:
    from collections.abc import Iterator

# Files to keep, not pages to look at.
FILES = ("search_export", "export_", "raw_manifest")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


def pages() -> Iterator[Route]:
    """Yield the pages that somebody who is signed in can look at."""
    for route in portal_routes():
        shown = route.name in NEEDS and NEEDS[route.name] != Need.SIGNED_OUT
        if shown and not route.name.partition(":")[2].startswith(FILES):
            yield route
