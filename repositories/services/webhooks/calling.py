"""One call of a receiver: what came of it, in two voices."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from django.conf import settings

from repositories.models.delivery import MAX_RESPONSE
from repositories.outbound import Call, OutboundError
from repositories.services import outbound
from repositories.services.image_config import short_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repositories.outbound import Answer

MAX_ANSWER = 64 * 1024  # bytes; a receiver that says more has failed
MAX_RETRY_AFTER = 3600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call; `error` is empty where the receiver took it.

    `status` is None where no answer came; `detail` is the cause, for administrators.
    `retry_after` are seconds, as the receiver asked for.
    """

    status: int | None
    error: str = ""
    detail: str = ""
    response: str = ""
    is_private: bool = False
    milliseconds: int = 0
    retry_after: float | None = None


def call(
    purpose: str,
    endpoint: str,
    headers: Mapping[str, str],
    body: bytes,
    ca_certificate: str,
) -> Outcome:
    """Call a receiver, within the time that settings allow; raises nothing."""
    began = monotonic()
    wanted = Call(
        purpose,
        "POST",
        endpoint,
        headers,
        body,
        max_bytes=MAX_ANSWER,
        seconds=settings.WEBHOOK_TIMEOUT,
        ca_certificate=ca_certificate,
    )
    try:
        answer = outbound.client().send(wanted)
    except OutboundError as error:
        spent = _milliseconds(began)
        return Outcome(None, str(error), error.detail, milliseconds=spent)
    return _outcome(answer, _milliseconds(began))


def _outcome(answer: Answer, milliseconds: int) -> Outcome:
    taken = 200 <= answer.status < 300  # noqa: PLR2004 - the class of success
    text = answer.body[:MAX_RESPONSE].decode(errors="replace")
    return Outcome(
        answer.status,
        "" if taken else f"The receiver answered {answer.status}.",
        response=short_text(text, MAX_RESPONSE),
        is_private=answer.is_private,
        milliseconds=milliseconds,
        retry_after=_retry_after(answer),
    )


def _retry_after(answer: Answer) -> float | None:
    said = answer.headers.get("Retry-After", "")
    if not said.isascii() or not said.isdigit():
        return None
    return float(min(int(said[:9]), MAX_RETRY_AFTER))


def _milliseconds(began: float) -> int:
    return round((monotonic() - began) * 1000)
