"""`POST /registry/notifications`: the registry reports what happened.

A wrong or absent secret is 401 and stores nothing. With the right one the answer is
always 2xx: the registry would repeat anything else for ever, at the head of its only
queue, and hold back every later event. What cannot be read is kept as poison.
"""

from __future__ import annotations

import hashlib
from hmac import compare_digest
from typing import BinaryIO

import structlog
from celery import current_app
from django.conf import settings
from django.db import DataError, transaction
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers

from accounts.authentication import hash_secret
from repositories.models import Registry
from repositories.registry import error_envelope
from repositories.services import inbox
from repositories.tasks import process_event

log = structlog.get_logger()

CHUNK_BYTES = 64 * 1024
PATIENCE = 0.2  # seconds that the broker has for each of its answers
IMPATIENT = {
    "socket_timeout": PATIENCE,
    "socket_connect_timeout": PATIENCE,
    "max_retries": 0,
}


@csrf_exempt
@require_POST
@transaction.non_atomic_requests
def notifications(request: HttpRequest) -> HttpResponse:
    """Store the events of one envelope and wake a worker up for each."""
    try:
        if not _knows_secret(request.headers.get("Authorization", "")):
            message = "The notification secret is missing or wrong."
            return JsonResponse(error_envelope("UNAUTHORIZED", message), status=401)
        event_ids = _store(request)
    except DatabaseFailure:
        log.exception("notification_not_stored")
        message = "The database cannot store notifications now."
        return JsonResponse(error_envelope("UNAVAILABLE", message), status=503)
    _wake_workers(event_ids)
    return HttpResponse(status=202)


def _knows_secret(header: str) -> bool:
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret:
        return False
    given = hash_secret(secret.strip())
    rows = Registry.objects.values_list("secret_hash", "previous_secret_hash")
    return any(compare_digest(given, known) for row in rows for known in row if known)


def _store(request: HttpRequest) -> list[str]:
    stream = _body_of(request)
    body = stream.read(settings.NOTIFICATION_MAX_BYTES + 1)
    if len(body) <= settings.NOTIFICATION_MAX_BYTES:
        return _store_or_poison(body)
    why = f"The body has more than {settings.NOTIFICATION_MAX_BYTES} bytes."
    inbox.record_poison(head=body, sha256=_drain(stream, body), why=why)
    return []


def _body_of(request: HttpRequest) -> BinaryIO | HttpRequest:
    """Return what the body is read from.

    Django reads as much as Content-Length says: of a chunked body, nothing.
    """
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        stream: BinaryIO = request.META["wsgi.input"]
        return stream
    return request


def _store_or_poison(body: bytes) -> list[str]:
    """Keep as poison what the database refuses for its content, not for its state."""
    try:
        return inbox.record(body=body)
    except DataError as error:
        sha256 = hashlib.sha256(body).hexdigest()
        inbox.record_poison(head=body, sha256=sha256, why=f"Not storable: {error}")
        return []


def _drain(stream: BinaryIO | HttpRequest, read: bytes) -> str:
    """Read the rest of a body in small pieces; return the hash of all of it."""
    seen = hashlib.sha256(read)
    while chunk := stream.read(CHUNK_BYTES):
        seen.update(chunk)
    return seen.hexdigest()


def _wake_workers(event_ids: list[str]) -> None:
    """Publish; when the broker is away the sweeper does it later.

    On a connection of its own, which gives up soon: the registry waits for the answer,
    and would send the same notification again.
    """
    if not event_ids:
        return
    broker = current_app.connection_for_write(transport_options=IMPATIENT)
    try:
        with producers[broker].acquire(block=True, timeout=PATIENCE) as producer:
            for event_id in event_ids:
                process_event.apply_async((event_id,), producer=producer)
    except (OperationalError, LimitExceeded) as error:
        log.warning("broker_unreachable", reason=str(error))
