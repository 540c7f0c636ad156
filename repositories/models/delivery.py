"""Deliveries: one row is one event on its way to one webhook, and the record of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import PublicModel
from repositories.models.webhook import EventType, Webhook
from repositories.querysets import WebhookDeliveryQuerySet

MAX_REQUEST = 16 * 1024
MAX_RESPONSE = 4 * 1024


class DeliveryState(models.TextChoices):
    """How far a delivery is."""

    PENDING = "pending", "waiting"
    SENDING = "sending", "being sent"
    DELIVERED = "delivered"
    FAILED = "failed", "given up"


# From which states a delivery may come into each state. It is sending again where a
# worker died; one that ended is pending again where somebody has it sent again.
TRANSITIONS: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    DeliveryState.PENDING: (
        DeliveryState.SENDING,
        DeliveryState.DELIVERED,
        DeliveryState.FAILED,
    ),
    DeliveryState.SENDING: (DeliveryState.PENDING, DeliveryState.SENDING),
    DeliveryState.DELIVERED: (DeliveryState.SENDING,),
    DeliveryState.FAILED: (DeliveryState.SENDING,),
}


class WebhookDelivery(PublicModel):
    """The row is the job: whoever sends it holds a lease, and a message only wakes.

    `uuid` goes along with each attempt, so that a receiver that is told twice, since
    a worker died in between, can know it.
    """

    State = DeliveryState
    TRANSITIONS = TRANSITIONS

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="deliveries"
    )
    event_uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=24, choices=EventType)
    is_test = models.BooleanField(default=False)
    payload: models.JSONField[Any, dict[str, Any]] = models.JSONField(
        help_text="MSR's envelope: type, createdAt, contents, location."
    )
    guarded: models.JSONField[Any, dict[str, list[str]]] = models.JSONField(
        default=dict,
        help_text=(
            "Fields of the contents that are sent only if the author may see the"
            " repository under whose name they stand."
        ),
    )
    state = models.CharField(
        max_length=9, choices=DeliveryState, default=DeliveryState.PENDING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="When it was last tried.")
    finished_at = models.DateTimeField(null=True)
    milliseconds = models.PositiveIntegerField(
        null=True, help_text="How long the last attempt took."
    )
    status = models.PositiveSmallIntegerField(
        null=True, help_text="What the receiver last answered."
    )
    request_body = models.TextField(blank=True, help_text="Cut to 16 KiB.")
    response_body = models.TextField(blank=True, help_text="Cut to 4 KiB.")
    is_private = models.BooleanField(
        default=False,
        help_text="The receiver's address is not public: the answer is for"
        " administrators only.",
    )
    error = models.CharField(max_length=500, blank=True)
    detail = models.CharField(
        max_length=500, blank=True, help_text="The cause, for administrators only."
    )

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        verbose_name_plural = "webhook deliveries"
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("webhook", "attempts", "id"),
                condition=Q(state__in=("pending", "sending")),
                name="delivery_to_send",
            ),
            models.Index(
                fields=("webhook", "created_at", "id"), name="delivery_of_webhook"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("webhook", "event_uuid"), name="one_delivery_per_event"
            ),
            models.UniqueConstraint(
                fields=("webhook",),
                condition=Q(state="sending"),
                name="one_delivery_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="sending")
                | (Q(lease_token__isnull=False) & Q(leased_until__isnull=False)),
                name="delivery_being_sent_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("delivered", "failed"))
                | Q(finished_at__isnull=False),
                name="delivery_that_ended_has_an_end",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.type} {self.uuid}"

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return self.state in {DeliveryState.PENDING, DeliveryState.SENDING}
