"""Say whether the portal is alive, and whether it can do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from repositories.registry import RegistryError
from repositories.services.registry import client

if TYPE_CHECKING:
    from collections.abc import Callable


def healthz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process serves; asks nothing else."""
    return JsonResponse({"healthy": True})


def health(_request: HttpRequest) -> JsonResponse:
    """Answer as MSR's `/health` does: 200, or 503 and a word on what is away."""
    if _answers(_ask_database):
        return JsonResponse({"error": "", "healthy": True})
    error = "The database does not answer."
    return JsonResponse({"error": error, "healthy": False}, status=503)


def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part answers, 503 and which one does not otherwise."""
    parts = {name: _answers(ask) for name, ask in PARTS.items()}
    ready = all(parts.values())
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (DatabaseError, RedisError, RegistryError):
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


PARTS: dict[str, Callable[[], object]] = {
    "database": _ask_database,
    "redis": lambda: cache.get("readyz"),
    "registry": lambda: client().ping(),
}
