"""The router of `/api/v0`: a module for each subject, MSR's operations first."""

from __future__ import annotations

from django.urls import re_path
from rest_framework.exceptions import NotFound
from typing_extensions import override

from accounts.api import Operation
from msr.api.urls import promotions, repositories, scans, webhooks

if TYPE_CHECKING:
    from rest_framework.request import Request


class NoSuchOperation(Operation):
    """Everything else below `/api/v0`, answered as any other error."""

    permission_classes = ()

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        message = f"The API has no operation at {request.path}."
        raise NotFound(message)

from msr.api.urls import (
    absent,
    accounts,
    events,
    jobs,
    promotions,
    repositories,
    scans,
    tokens,
)
from msr.api.urls.unknown import NoSuchOperation

urlpatterns = [
    *accounts.urlpatterns,
    *webhooks.urlpatterns,
    *repositories.urlpatterns,
    *promotions.urlpatterns,
    *scans.urlpatterns,
    *tokens.urlpatterns,
    *events.urlpatterns,
    *jobs.urlpatterns,
    *absent.urlpatterns,
    re_path(".*", NoSuchOperation.as_view()),
]
