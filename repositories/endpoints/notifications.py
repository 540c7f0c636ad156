"""`POST /registry/notifications`: the registry reports what happened.

A wrong or absent secret is 401 and stores nothing. With the right one the answer is
always 2xx: the registry would repeat anything else for ever, at the head of its only
queue, and hold back every later event. What cannot be read is kept as poison.
"""

from __future__ import annotations

import hashlib
from hmac import compare_digest

import structlog
from django.conf import settings
from django.db import DatabaseError, DataError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.authentication import hash_secret
from repositories.models import Registry
from repositories.registry import error_envelope
from repositories.services import inbox
from repositories.tasks import process_event, wake

log = structlog.get_logger()

CHUNK_BYTES = 64 * 1024


@csrf_exempt
@require_POST
@transaction.non_atomic_requests
def notifications(request: HttpRequest) -> HttpResponse:
    """Store the events of one envelope and wake a worker up for each."""
    if not _knows_secret(request.headers.get("Authorization", "")):
        message = "The notification secret is missing or wrong."
        return JsonResponse(error_envelope("UNAUTHORIZED", message), status=401)
    try:
        event_ids = _store(request)
    except DatabaseError:
        log.exception("notification_not_stored")
        message = "The database cannot store notifications now."
        return JsonResponse(error_envelope("UNAVAILABLE", message), status=503)
    for event_id in event_ids:
        wake(process_event, event_id)
    return HttpResponse(status=202)


def _knows_secret(header: str) -> bool:
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret:
        return False
    given = hash_secret(secret.strip())
    rows = Registry.objects.values_list("secret_hash", "previous_secret_hash")
    return any(compare_digest(given, known) for row in rows for known in row if known)


def _store(request: HttpRequest) -> list[str]:
    declared = int(request.META.get("CONTENT_LENGTH") or 0)
    if declared <= settings.NOTIFICATION_MAX_BYTES:
        body = request.read(settings.NOTIFICATION_MAX_BYTES)
        return _store_or_poison(body)
    head, sha256 = _drain(request)
    why = f"The body has {declared} bytes, more than {settings.NOTIFICATION_MAX_BYTES}."
    inbox.record_poison(head=head, sha256=sha256, why=why)
    return []


def _store_or_poison(body: bytes) -> list[str]:
    """Keep as poison what the database refuses for its content, not for its state."""
    try:
        return inbox.record(body=body)
    except DataError as error:
        sha256 = hashlib.sha256(body).hexdigest()
        inbox.record_poison(head=body, sha256=sha256, why=f"Not storable: {error}")
        return []


def _drain(request: HttpRequest) -> tuple[bytes, str]:
    """Read the body to its end in small pieces; keep its first bytes and its hash."""
    head, seen = b"", hashlib.sha256()
    while chunk := request.read(CHUNK_BYTES):
        seen.update(chunk)
        if len(head) < inbox.POISON_HEAD_BYTES:
            head += chunk
    return head[: inbox.POISON_HEAD_BYTES], seen.hexdigest()
