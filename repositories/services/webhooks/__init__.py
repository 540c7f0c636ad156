"""Webhooks: who subscribes, what is told, and how it is sent."""

from __future__ import annotations

from repositories.services.webhooks.emitting import Event, Told, emit
from repositories.services.webhooks.forgetting import forget
from repositories.services.webhooks.sending import send_next
from repositories.services.webhooks.sight import Shown, shown_to
from repositories.services.webhooks.subscribing import (
    Draft,
    create,
    delete,
    pause,
    resume,
    rotate_secret,
    update,
)
from repositories.services.webhooks.testing import Trial, resend, send_sample, try_out

__all__ = [
    "Draft",
    "Event",
    "Shown",
    "Told",
    "Trial",
    "create",
    "delete",
    "emit",
    "forget",
    "pause",
    "resend",
    "resume",
    "rotate_secret",
    "send_next",
    "send_sample",
    "shown_to",
    "try_out",
    "update",
]
