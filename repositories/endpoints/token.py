"""`/auth/token`: docker, podman and skopeo fetch the registry's bearer tokens here.

Scripts fetch the API's here, too: who names no service and no scope means the API.
Docker token specification (GET) and its OAuth2 form (POST).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.access import ANONYMOUS, TokenScope
from accounts.authentication import BadCredentials, bearer, read_basic, sign_in
from repositories.registry import error_envelope, parse_scopes
from repositories.services.authorize import (
    ExchangeRefused,
    Grant,
    RefusedName,
    authorize,
    exchange,
)
from repositories.services.scans import credentials as scan_credentials

if TYPE_CHECKING:
    from accounts.authentication.bearer import IssuedBearer
    from accounts.services.access_tokens import IssuedToken
    from repositories.registry import ResourceScope, SignedToken

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - no secret
_TYPE = "urn:ietf:params:oauth:token-type:"
EXCHANGED = (f"{_TYPE}id_token", f"{_TYPE}jwt")
ACCESS_TOKEN = f"{_TYPE}access_token"


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def token(request: HttpRequest) -> HttpResponse:
    """Answer with a registry token for what the caller may do of what is asked."""
    return _by_form(request) if request.method == "POST" else _by_query(request)


def _by_query(request: HttpRequest) -> HttpResponse:
    asked = request.GET
    try:
        credentials = read_basic(request.headers.get("Authorization", ""))
        if credentials and not asked.get("service") and not asked.get("scope"):
            return _api_bearer(request, *credentials)
        return _granted(request, credentials, request.GET.getlist("scope"))
    except BadCredentials as error:
        return _refusal("UNAUTHORIZED", error.reason, 401)


def _api_bearer(request: HttpRequest, name: str, secret: str) -> HttpResponse:
    """Answer who asks for no registry with a bearer for the API, as MSR's scripts do.

    Raises BadCredentials.
    """
    actor = sign_in(name, secret, request)
    if not actor.may_use(TokenScope.API):
        message = "This access token was not made for the API (scope “api”)."
        return _refusal("DENIED", message, 403)
    return JsonResponse(_signed(bearer.issue(actor)))


def _by_form(request: HttpRequest) -> HttpResponse:
    """OAuth2 form: `grant_type=password`, the scopes separated by spaces."""
    grant_type = request.POST.get("grant_type")
    if grant_type == TOKEN_EXCHANGE:
        return _by_exchange(request)
    if grant_type != "password":
        message = f"Only grant_type=password and {TOKEN_EXCHANGE} are offered."
        return _oauth_refusal("unsupported_grant_type", message)
    credentials = request.POST.get("username", ""), request.POST.get("password", "")
    try:
        return _granted(request, credentials, request.POST.getlist("scope"))
    except BadCredentials as error:
        return _oauth_refusal("invalid_grant", error.reason)


def _by_exchange(request: HttpRequest) -> HttpResponse:
    """Exchange a CI job's identity token for an access token of a robot (RFC 8693).

    `trust`, which is ours, names the trust by its UUID. `username` of the answer is
    what `docker login` wants beside the token.
    """
    form = request.POST
    if form.get("subject_token_type") not in EXCHANGED or not form.get("subject_token"):
        message = f"Send subject_token, and as its type one of {', '.join(EXCHANGED)}."
        return _oauth_refusal("invalid_request", message)
    if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        message = f"Only {ACCESS_TOKEN} is issued."
        return _oauth_refusal("invalid_request", message)
    try:
        issued = exchange(
            token=form["subject_token"],
            trust=form.get("trust", ""),
            agent=request.headers.get("User-Agent", ""),
        )
    except ExchangeRefused as error:
        return _oauth_refusal("invalid_request", str(error))
    return JsonResponse(_exchanged(issued))


def _exchanged(issued: IssuedToken) -> dict[str, object]:
    row = issued.row
    ends = row.expires_at or row.created_at
    return {
        "access_token": issued.secret,
        "issued_token_type": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": int((ends - row.created_at).total_seconds()),
        "scope": " ".join(row.scopes),
        "username": row.user.username,
    }


def _granted(
    request: HttpRequest, credentials: tuple[str, str] | None, scopes: list[str]
) -> HttpResponse:
    """Answer with a token for these credentials, None being nobody's.

    Raises BadCredentials.
    """
    try:
        grant = _grant(request, credentials, parse_scopes(scopes))
    except RefusedName as error:
        return _refusal("DENIED", str(error), 403)
    return JsonResponse(_answer(grant))


def _grant(
    request: HttpRequest,
    credentials: tuple[str, str] | None,
    scopes: tuple[ResourceScope, ...],
) -> Grant:
    if credentials is None:
        return authorize(actor=ANONYMOUS, scopes=scopes)
    name, secret = credentials
    if scan_credentials.is_of_a_scan(name):
        return scan_credentials.authorize(username=name, secret=secret, scopes=scopes)
    return authorize(actor=sign_in(name, secret, request), scopes=scopes)


def _answer(grant: Grant) -> dict[str, object]:
    """Clients read either name of the token; both are given, as the text advises.

    `scope` is what was granted: the OAuth2 form of the specification demands it.
    """
    return {**_signed(grant.token), "scope": " ".join(map(str, grant.scopes))}


def _signed(signed: SignedToken | IssuedBearer) -> dict[str, object]:
    return {
        "token": signed.token,
        "access_token": signed.token,
        "token_type": "Bearer",
        "expires_in": signed.expires_in,
        "issued_at": signed.issued_at.isoformat().replace("+00:00", "Z"),
    }


def _refusal(code: str, message: str, status: int) -> HttpResponse:
    response = JsonResponse(error_envelope(code, message), status=status)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Basic realm="msr", charset="UTF-8"'
    return response


def _oauth_refusal(code: str, message: str) -> HttpResponse:
    answer = {"error": code, "error_description": message}
    return JsonResponse(answer, status=400)
