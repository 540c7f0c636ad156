"""What a browser's session may not do without more: it may be left open, or stolen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.core.exceptions import PermissionDenied
from rest_framework.authentication import SessionAuthentication

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request


def is_by_session(request: Request) -> bool:
    """Tell whether a browser's session made the request, and no credentials."""
    return isinstance(request.successful_authenticator, SessionAuthentication)


def require_confirmed(request: Request) -> None:
    """Refuse a session in which nobody showed lately that it is really they.

    As the pages do before they make a way in that outlives the session.
    """
    if not is_by_session(request):
        return
    try:
        _ask(cast("HttpRequest", request))
    except ReauthenticationRequired as error:
        message = (
            "Your browser's session alone makes no way in. Send your name and password,"
            " or use the portal's pages, which ask whether it is really you."
        )
        raise PermissionDenied(message) from error


@reauthentication_required
def _ask(_request: HttpRequest) -> None:
    """Do nothing; who has to show first who they are does not come so far."""
