"""Events."""

from __future__ import annotations

from msr.api.described.kinds import Described, Rows
from msr.api.shapes import events
from promotions import api as promotions
from promotions.api.events import EventQuery, RepositoryEventQuery

DESCRIBED: Rows = {
    promotions.EventList: {
        "get": Described(events.Events, query=EventQuery, leads_on=True)
    },
    promotions.RepositoryEventList: {
        "get": Described(events.Events, query=RepositoryEventQuery, leads_on=True)
    },
}
