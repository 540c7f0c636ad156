"""The base of every operation: who asks, what was sent, what is a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from rest_framework import serializers
from rest_framework.exceptions import APIException, NotAuthenticated, NotFound
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView
from typing_extensions import override

from accounts.api.conditional import keep_private, tagged
from accounts.authentication import actor_of
from accounts.permissions import RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import Model, QuerySet
    from rest_framework.pagination import BasePagination
    from rest_framework.request import Request

    from accounts.access import Actor

M = TypeVar("M", bound="Model")
R = TypeVar("R")

INITIALS = {"tls": "TLS"}  # that MSR writes in capitals


def camel_case(name: str) -> str:
    """Return MSR's spelling of a Python name: `tag_limit` is `tagLimit`."""
    first, *others = name.split("_")
    return first + "".join(INITIALS.get(word, word.capitalize()) for word in others)


def no_such(actor: Actor, code: str, message: str) -> APIException:
    """Return the error for what is absent or must look so.

    Who has not signed in is asked to, whether it exists or not.
    """
    if actor.is_anonymous:
        return NotAuthenticated()
    return NotFound(message, code=code)


class Form(serializers.Serializer[Any]):
    """A body or query: fields declared in Python's spelling and sent in MSR's.

    As with MSR, what is sent beyond the fields is ignored.
    """

    @override
    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            names = {str(name): camel_case(str(name)) for name in self.fields}
            data = {name: data[sent] for name, sent in names.items() if sent in data}
        return super().to_internal_value(data)


class Operation(APIView):
    """Validate, call one service, render.

    `missing` is MSR's code for what a service does not find, `invalid` for input it
    refuses, `taken` for a name that another has; "" is as `invalid`.
    """

    missing = "NOT_FOUND"
    taken = ""
    invalid = "INVALID_PARAMETERS"
    is_costly = False  # takes long, so that less of it may be asked for at a time
    state = ""  # of the object that is answered, where a client may change it

    @override
    def perform_authentication(self, request: Request) -> None:
        """Find out who asks, and count it: before rights, and wrong names as well."""
        try:
            super().perform_authentication(request)
        finally:
            super().check_throttles(request)

    @override
    def check_throttles(self, request: Request) -> None:
        """Do nothing: it was counted when it was found out who asks."""

    @override
    def throttled(self, request: Request, wait: float | None) -> NoReturn:
        message = "Too much was asked at once. Wait as long as Retry-After says."
        raise RateLimited(message, retry_after=int(wait or 1))

    @override
    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Keep every answer private, and send none again to who has it."""
        final = super().finalize_response(request, response, *args, **kwargs)
        keep_private(final)
        if isinstance(final, Response):  # and not a file, as exports are
            final.add_post_render_callback(
                lambda rendered: tagged(request, rendered, self.state)
            )
        return final

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)

    def body(self, form: type[Form], *, partial: bool = False) -> dict[str, Any]:
        """Return the valid fields of the body; with `partial`, only those sent."""
        return _valid(form(data=self.request.data, partial=partial))

    def query(self, form: type[Form]) -> dict[str, Any]:
        """Return the valid parameters of the address."""
        return _valid(form(data=self.request.query_params.dict()))

    def paged(
        self, rows: QuerySet[M] | Sequence[R], render: Callable[[list[Any]], Any]
    ) -> Response:
        """Answer one page of `rows`, with the headers that lead to the next.

        Rows that were computed are given as a sequence; each has a `uuid`.
        """
        pages = cast("type[BasePagination]", api_settings.DEFAULT_PAGINATION_CLASS)
        paginator = pages()
        page = paginator.paginate_queryset(rows, self.request, view=self)
        return paginator.get_paginated_response(render(list(page or ())))


def _valid(form: Form) -> dict[str, Any]:
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)
