"""Promotions: one row is one copy, the job itself and the record of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import Namespace, PublicModel, User
from promotions.models.decision import Decision
from promotions.models.policy import PromotionPolicy
from promotions.models.version import PolicyVersion
from promotions.querysets import PromotionQuerySet
from repositories.models import Manifest, Repository, TagMove


class State(models.TextChoices):
    """Where a promotion stands."""

    WAITING = "waiting", "waiting for something other than a worker"
    PENDING = "pending", "waiting for a worker"
    RUNNING = "running", "being copied"
    SUCCEEDED = "succeeded", "the target tag points to the image"
    FAILED = "failed", "broke and will not be tried again by itself"
    SKIPPED = "skipped", "not needed or not allowed any more, with the reason"
    CANCELLED = "cancelled", "stopped by a person or by changed criteria"

    @property
    def is_final(self) -> bool:
        return self in FINAL_STATES


FINAL_STATES = (State.SUCCEEDED, State.FAILED, State.SKIPPED, State.CANCELLED)

# From which states a promotion may come into each state.
TRANSITIONS: dict[State, tuple[State, ...]] = {
    State.WAITING: (State.PENDING, State.RUNNING),
    State.PENDING: (State.WAITING, State.RUNNING),
    State.RUNNING: (State.PENDING, State.RUNNING),
    State.SUCCEEDED: (State.RUNNING,),
    State.FAILED: (State.RUNNING,),
    State.SKIPPED: (State.WAITING, State.PENDING, State.RUNNING),
    State.CANCELLED: (State.WAITING, State.PENDING, State.RUNNING),
}


class Promotion(PublicModel):
    """One image on its way from a source tag to a target repository."""

    State = State
    TRANSITIONS = TRANSITIONS

    if TYPE_CHECKING:  # added by PromotionQuerySet.with_sight
        sees_source: bool
        sees_target: bool
        has_source_tag: bool  # these by with_tags
        has_target_tag: bool
        stands: bool

    policy = models.ForeignKey(
        PromotionPolicy, on_delete=models.PROTECT, null=True, related_name="promotions"
    )
    policy_version = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, null=True, related_name="promotions"
    )
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, null=True, related_name="promotions"
    )
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="requested_promotions"
    )
    comment = models.CharField(max_length=500, blank=True)
    idempotency_key = models.CharField(max_length=200, unique=True)
    generation = models.PositiveIntegerField(default=1)
    repeats = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="repetitions",
        help_text="The promotion that this one does again.",
    )

    source_repository = models.ForeignKey(
        Repository, on_delete=models.PROTECT, related_name="promotions_from"
    )
    source_tag = models.CharField(max_length=128)
    tag_move = models.ForeignKey(
        TagMove, on_delete=models.PROTECT, related_name="promotions"
    )
    manifest = models.ForeignKey(
        Manifest, on_delete=models.PROTECT, related_name="promotions"
    )
    target_namespace = models.ForeignKey(
        Namespace,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty while there is none of the name that a pattern made.",
    )
    target_name = models.CharField(
        max_length=300, help_text="In the namespace; with it, while that is missing."
    )
    target_repository = models.ForeignKey(
        Repository,
        on_delete=models.PROTECT,
        null=True,
        related_name="promotions_into",
    )
    target_tag = models.CharField(
        max_length=128, blank=True, help_text="Rendered once, when it first runs."
    )

    root_move = models.ForeignKey(TagMove, on_delete=models.PROTECT, related_name="+")
    hop = models.PositiveSmallIntegerField(default=1)
    originated_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+"
    )

    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_wanted_at = models.DateTimeField(
        null=True, help_text="When somebody asked to stop a copy that was running."
    )
    error_code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    failures: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(
        default=list,
        editable=False,
        help_text="What ended each attempt that failed: attempt, at, code, reason.",
    )
    blobs_done = models.PositiveIntegerField(
        default=0, help_text="How many of its blobs are known to be in the target."
    )
    blobs_total = models.PositiveIntegerField(
        default=0, help_text="0 while nothing was said about a copy."
    )
    bytes_moved = models.PositiveBigIntegerField(default=0)
    blobs_mounted = models.PositiveIntegerField(default=0)
    requests_made = models.PositiveIntegerField(default=0)

    objects = PromotionQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("due_at",),
                condition=Q(state__in=("pending", "running")),
                name="promotion_open",
            ),
            models.Index(
                fields=("source_repository", "id"),
                condition=Q(state="failed"),
                name="promotion_failed_from",
            ),
            models.Index(
                fields=("target_namespace", "target_name", "id"),
                condition=Q(state="failed"),
                name="promotion_failed_into",
            ),
            models.Index(
                fields=("source_repository", "created_at"), name="promotion_source"
            ),
            models.Index(fields=("finished_at", "id"), name="promotion_ended"),
            models.Index(
                fields=("target_repository", "created_at"), name="promotion_target"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("target_repository", "target_tag"),
                condition=Q(state="running"),
                name="one_running_promotion_per_target_tag",
            ),
            models.CheckConstraint(
                condition=~Q(state="running")
                | (
                    Q(started_at__isnull=False)
                    & Q(lease_token__isnull=False)
                    & Q(target_repository__isnull=False)
                    & ~Q(target_tag="")
                ),
                name="running_promotion_has_lease_and_target",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("succeeded", "failed", "skipped", "cancelled"))
                | Q(finished_at__isnull=False),
                name="final_promotion_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error_code=""),
                name="failed_promotion_has_a_code",
            ),
            models.CheckConstraint(
                condition=Q(policy__isnull=False) | Q(requested_by__isnull=False),
                name="promotion_is_by_policy_or_person",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.source} → {self.target}"

    @property
    def seconds(self) -> float | None:
        """From the start of the copy to its end; None when it has none of them."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def seconds_waited(self) -> float | None:
        """From the wish to the start of the copy; None before that."""
        if self.started_at is None:
            return None
        return (self.started_at - self.created_at).total_seconds()

    @property
    def seconds_in_all(self) -> float | None:
        """From the wish to the end; None before that."""
        if self.finished_at is None:
            return None
        return (self.finished_at - self.created_at).total_seconds()

    @property
    def failed_attempts(self) -> list[dict[str, Any]]:
        """Return what ended attempts, the first one first, with times as such."""
        return [
            {**one, "at": datetime.fromisoformat(one["at"])} for one in self.failures
        ]

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return not State(self.state).is_final

    @property
    def is_moving(self) -> bool:
        """Whether a worker has it, or takes it next."""
        return self.state in {State.PENDING, State.RUNNING}

    @property
    def source(self) -> str:
        return f"{self.source_repository}:{self.source_tag}"

    @property
    def target(self) -> str:
        name = self.target_full_name
        return f"{name}:{self.target_tag}" if self.target_tag else name

    @property
    def target_full_name(self) -> str:
        """The OCI name of the repository it goes to, which may not exist yet."""
        if self.target_namespace is None:
            return self.target_name
        return f"{self.target_namespace.name}/{self.target_name}"

    @property
    def shown_source(self) -> str:
        """The source's name, "" where the reader may not know it: `with_sight`."""
        return self.source_repository.full_name if self.sees_source else ""

    @property
    def shown_target(self) -> str:
        """The target's name, likewise."""
        return self.target_full_name if self.sees_target else ""
