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
CONFIGS = (
    "Jobs take no parameters that could be kept: settings that begin with MSR_ say how"
    " work is done."
)
CAPACITY = (
    "A worker's capacity is set where it is started (celery worker --concurrency)."
)
# MSR's address of each, as its Swagger file writes it, and the reason.
ABSENT: Mapping[str, str] = {
    "/content_caches": CACHES,
    "/content_caches/{contentcacheuuid}": CACHES,
    "/meta/cluster_status": (
        "There are neither replicas nor RethinkDB: the portal keeps its state in one"
        " database; /admin/health/ and /readyz say how everything is."
    ),
    "/action_configs": CONFIGS,
    "/action_configs/{action}": CONFIGS,
    "/workers/{id}/capacity": CAPACITY,
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
