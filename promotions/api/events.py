"""MSR's events, of the registry and of a repository."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from typing_extensions import override

from accounts.access import Action
from accounts.api import Form, Operation
from accounts.permissions import check, require_administrator
from promotions.api.event_json import events_json
from promotions.services.activity import Wanted, count, is_key, stream
from promotions.services.events import Asked, EventType, Published
from repositories.api import repository_of

if TYPE_CHECKING:
    from rest_framework.request import Request

MOST = 1000
UNKNOWN_START = "This is no pageStart of this list; start again without it."


class AnyCase(serializers.ChoiceField):
    """A choice among capitals, which may be written small."""

    @override
    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(str(data).upper())


class EventQuery(Form):
    """MSR's filters. `pageStart` is what the page before said, not an event's id."""

    published_after = serializers.DateTimeField(required=False)
    published_before = serializers.DateTimeField(required=False)
    actor_id = serializers.UUIDField(required=False)
    event_type = AnyCase([one.value for one in EventType], required=False)
    object_type = serializers.CharField(required=False, max_length=50)
    page_start = serializers.CharField(required=False, max_length=200)
    page_size = serializers.IntegerField(min_value=1, default=10)
    count = serializers.BooleanField(default=False)


class RepositoryEventQuery(EventQuery):
    """Beyond them a filter that finds nothing to leave out: pulls are not recorded."""

    exclude_pull = serializers.BooleanField(default=False)


class EventList(Operation):
    """`/events`."""

    def get(self, _request: Request) -> Response:
        """List what happened in the registry, the latest first; for administrators."""
        require_administrator(self.actor)
        query = self.query(EventQuery)
        place = Published(self.actor, None, None, administers=True, asked=_asked(query))
        return _page(place, query)


class RepositoryEventList(Operation):
    """`…/events`."""

    missing = "NO_SUCH_REPOSITORY"

    def get(self, _request: Request, namespace: str, name: str) -> Response:
        """List what happened in a repository, the latest first.

        Who may pull sees pushes, deletions and scans; its admins see promotions and
        what was changed, too.
        """
        repository = repository_of(self.actor, f"{namespace}/{name}")
        query = self.query(RepositoryEventQuery)
        administers = bool(check(self.actor, Action.ADMIN, repository))
        place = Published(
            self.actor, repository.namespace, repository, administers, _asked(query)
        )
        return _page(place, query)


def _asked(query: dict[str, Any]) -> Asked:
    kind = query.get("event_type")
    return Asked(
        actor_id=query.get("actor_id"),
        event_type=EventType(kind) if kind else None,
        object_type=query.get("object_type", "").upper(),
    )


def _page(place: Published, query: dict[str, Any]) -> Response:
    """Answer responses.Events, with the headers that lead to the next page."""
    wanted = Wanted(
        person=place.asked.person,
        since=query.get("published_after"),
        until=query.get("published_before"),
    )
    key = _key(query.get("page_start", ""))
    page = stream(place, wanted, key, min(query["page_size"], MOST))
    headers = {}
    if query["count"]:
        headers["X-Resource-Count"] = str(count(place, wanted))
    if page.following:
        start = urlsafe_b64encode(page.following.encode()).decode()
        headers["X-Next-Page-Start"] = start.rstrip("=")
    return Response({"events": events_json(place, page.rows)}, headers=headers)


def _key(start: str) -> str:
    """Return the key that a `pageStart` stands for; "" is the start.

    A key has signs that addresses do not bear as they are.
    """
    if not start:
        return ""
    try:
        key = urlsafe_b64decode(start + "=" * (-len(start) % 4)).decode()
    except ValueError:
        key = ""
    if not is_key(key):
        raise ValidationError({"page_start": UNKNOWN_START})
    return key
