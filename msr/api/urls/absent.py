"""MSR's operations that make no sense here, and why: answered 404 with the reason.

What is only not made yet is not here: it is unknown, as any other address.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.urls import URLPattern, path
from rest_framework.exceptions import NotFound
from typing_extensions import override

from msr.api.urls.addresses import NAME
from msr.api.urls.unknown import NoSuchOperation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from rest_framework.request import Request

CACHES = (
    "There are no content caches: the registry is a plain one, which a pull-through"
    " cache or a proxy can stand in front of."
)
SCHEDULES = (
    "Schedules are settings of the portal (MSR_RECONCILE_PERIOD, MSR_RESCAN_PERIOD,"
    " MSR_TRIVY_UPDATE_PERIOD), not rows that a client writes."
)
CAPACITY = (
    "What a worker does beside each other is Celery's concurrency, and how often it is"
    " tried a setting of the portal."
)
# MSR's address of each, as its Swagger file writes it, and the reason.
ABSENT: Mapping[str, str] = {
    "/content_caches": CACHES,
    "/content_caches/{contentcacheuuid}": CACHES,
    "/meta/cluster_status": (
        "There are neither replicas nor RethinkDB: the portal keeps its state in one"
        " database; /admin/health/ and /readyz say how everything is."
    ),
    "/crons": SCHEDULES,
    "/crons/{action}": SCHEDULES,
    "/action_configs": CAPACITY,
    "/action_configs/{action}": CAPACITY,
}


class AbsentOperation(NoSuchOperation):
    """One of them."""

    reason = ""

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound(self.reason)


def _route(address: str, reason: str) -> URLPattern:
    route = re.sub(r"{(\w+)}", rf"<{NAME}:\1>", address.removeprefix("/"))
    return path(route, AbsentOperation.as_view(reason=reason))


urlpatterns = [_route(address, reason) for address, reason in ABSENT.items()]
"""MSR's operations that make no sense here, and why: they answer 404 and say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONFIGS = (
    "Jobs take no parameters that could be kept: settings that begin with MSR_ say how"
    " work is done."
)

# By the route below /api/v0, as MSR's Swagger file writes it.
ABSENT: Mapping[str, str] = {
    "action_configs": _CONFIGS,
    "action_configs/{action}": _CONFIGS,
    "workers/{id}/capacity": (
        "A worker's capacity is set where it is started (celery worker --concurrency)."
    ),
}
