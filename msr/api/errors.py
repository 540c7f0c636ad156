"""Every error of the API in MSR's body: `{"errors": [{code, message, detail}]}`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    ValidationError,
)
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from accounts.api import Operation, camel_case
from accounts.permissions import RateLimited
from msr.problems.kinds import AWAY, OUTAGE_SECONDS, OUTAGES
from msr.request_ids import id_of
from repositories.registry import RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rest_framework.views import APIView

log = structlog.get_logger()

# Django REST framework's codes, and Django's of single fields, in MSR's words.
CODES: Mapping[str, str] = {
    "authentication_failed": "NOT_AUTHENTICATED",
    "error": "INTERNAL_ERROR",
    "invalid_digest": "INVALID_DIGEST",
    "invalid_tag": "INVALID_TAG_NAME",
    "method_not_allowed": "NOT_ALLOWED",
    "name_reserved": "REPOSITORY_EXISTS",
    "not_acceptable": "NOT_ACCEPTABLE",
    "not_authenticated": "NOT_AUTHENTICATED",
    "parse_error": "INVALID_JSON",
    "permission_denied": "NOT_AUTHORIZED",
    "repository_exists": "REPOSITORY_EXISTS",
    "stale_plan": "STALE_PLAN",
    "throttled": "TOO_MANY_REQUESTS",
    "unsupported_media_type": "UNSUPPORTED_MEDIA_TYPE",
}
FIELD_CODES: Mapping[str, str] = {
    "target_tag": "INVALID_TAG_NAME",
    "visibility": "INVALID_REPOSITORY_VISIBILITY",
}
# Django's codes of a value that another row has, in a field or in several.
TAKEN = {"unique", "unique_together"}
WITHOUT_FIELD = (NON_FIELD_ERRORS, api_settings.NON_FIELD_ERRORS_KEY)


@dataclass(frozen=True, slots=True)
class Problem:
    """One error as it is answered; `detail` None is sent as null, as MSR does."""

    status: int
    code: str
    message: str
    detail: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the answer in MSR's body."""
        entry = {"code": self.code, "message": self.message, "detail": self.detail}
        body = {"errors": [entry]}
        return Response(body, status=self.status, headers=self.headers)


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer any error of an operation; what nobody expected is logged and a 500."""
    view: APIView = context["view"]
    for kind, read in READERS:
        if isinstance(error, kind):
            return read(error, view).response()
    log.error("api_operation_failed", exc_info=error)
    got_request_exception.send(sender=type(view), request=context["request"])
    where = f" (request {found})" if (found := id_of(context["request"])) else ""
    message = f"The portal failed to answer; its log{where} says why."
    return Problem(500, "INTERNAL_ERROR", message).response()


def _of_form(error: exceptions.ValidationError, view: APIView) -> Problem:
    return _invalid(_fields(error.detail), None, view)


def _of_model(error: ValidationError, view: APIView) -> Problem:
    problem = _invalid(_sentences(error), getattr(error, "code", None), view)
    taken = view.taken if isinstance(view, Operation) else ""
    return replace(problem, code=taken) if taken and _is_taken(error) else problem


def _is_taken(error: ValidationError) -> bool:
    by_field = getattr(error, "error_dict", None)
    said = error.error_list if by_field is None else chain(*by_field.values())
    return any(one.code in TAKEN for one in said)


def _of_rights(error: PermissionDenied, _view: APIView) -> Problem:
    return Problem(403, "NOT_AUTHORIZED", str(error) or "You may not do this.")


def _of_rate(error: RateLimited, _view: APIView) -> Problem:
    headers = {"Retry-After": str(error.retry_after)}
    return Problem(429, "TOO_MANY_REQUESTS", str(error), headers=headers)


def _of_absence(error: Http404, view: APIView) -> Problem:
    return Problem(404, _missing(view), str(error) or "There is no such object.")


def _of_framework(error: exceptions.APIException, view: APIView) -> Problem:
    """Read the framework's error; a code of MSR's, as operations raise it, stays."""
    code = str(error.get_codes())
    code = _missing(view) if code == "not_found" else CODES.get(code, code.upper())
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(round(wait))
    return Problem(error.status_code, code, str(error.detail), headers=headers)


def _of_registry(error: RegistryError, _view: APIView) -> Problem:
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(round(error.retry_after))
    detail = {"registryCode": error.code}
    return Problem(503, "REGISTRY_UNAVAILABLE", error.message, detail, headers)


def _of_outage(error: Exception, _view: APIView) -> Problem:
    log.error("part_away", exc_info=error)
    headers = {"Retry-After": str(OUTAGE_SECONDS)}
    return Problem(AWAY.status, AWAY.code, AWAY.sentence, headers=headers)


def _of_depth(_error: RecursionError, _view: APIView) -> Problem:
    return Problem(400, "INVALID_JSON", "The JSON sent is nested too deeply.")


def _of_size(_error: RequestDataTooBig, _view: APIView) -> Problem:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return Problem(413, "TOO_LARGE", f"The API reads bodies of up to {limit} bytes.")


def _invalid(
    fields: dict[str, list[str]], django_code: str | None, view: APIView
) -> Problem:
    """Say all sentences at once; `detail` has them by field, in MSR's spelling."""
    named = {name: said for name, said in fields.items() if name not in WITHOUT_FIELD}
    code = CODES.get(django_code or "") or next(
        (FIELD_CODES[n] for n in named if n in FIELD_CODES), None
    )
    message = " ".join(
        _named(name, one) for name, said in fields.items() for one in said
    )
    detail = {camel_case(name): said for name, said in named.items()}
    return Problem(400, code or _invalid_code(view), message, detail or None)


def _named(name: str, sentence: str) -> str:
    return sentence if name in WITHOUT_FIELD else f"{camel_case(name)}: {sentence}"


def _fields(detail: Any) -> dict[str, list[str]]:
    """Flatten the framework's errors: by field, and lists within fields."""
    if isinstance(detail, dict):
        return {name: _flat(value) for name, value in detail.items()}
    return {NON_FIELD_ERRORS: _flat(detail)}


def _flat(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return [_writable(str(value))]
    return [sentence for one in value for sentence in _flat(one)]


def _writable(sentence: str) -> str:
    """Return a sentence that quotes half a character, as JSON may hold, without it."""
    return sentence.encode(errors="replace").decode()


def _sentences(error: ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return {name: _flat(said) for name, said in error.message_dict.items()}
    return {NON_FIELD_ERRORS: _flat(error.messages)}


def _missing(view: APIView) -> str:
    return view.missing if isinstance(view, Operation) else "NOT_FOUND"


def _invalid_code(view: APIView) -> str:
    return view.invalid if isinstance(view, Operation) else "INVALID_PARAMETERS"


# The first that fits reads the error: the special ones stand before the general.
READERS: tuple[tuple[type[Exception], Callable[[Any, APIView], Problem]], ...] = (
    (exceptions.ValidationError, _of_form),
    (exceptions.APIException, _of_framework),
    (ValidationError, _of_model),
    (RateLimited, _of_rate),
    (PermissionDenied, _of_rights),
    (Http404, _of_absence),
    (RegistryError, _of_registry),
    (RequestDataTooBig, _of_size),
    (RecursionError, _of_depth),
    *((kind, _of_outage) for kind in OUTAGES),
)
