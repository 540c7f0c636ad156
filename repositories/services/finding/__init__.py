"""The box in the bar: what a name, a digest or a pasted command leads to."""

from __future__ import annotations

from repositories.services.finding.kinds import Kind, phases
from repositories.services.finding.pages import Found, find, page_in_phases
from repositories.services.finding.term import Term
from repositories.services.finding.things import the_repository, the_tag

__all__ = [
    "Found",
    "Kind",
    "Term",
    "find",
    "page_in_phases",
    "phases",
    "the_repository",
    "the_tag",
]
