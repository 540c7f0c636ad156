"""Addresses that no operation has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import NotFound
from typing_extensions import override

from accounts.api import Operation

if TYPE_CHECKING:
    from rest_framework.request import Request


class NoSuchOperation(Operation):
    """Everything else below `/api/v0`, answered as any other error."""

    permission_classes = ()

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        message = f"The API has no operation at {request.path}."
        raise NotFound(message)
