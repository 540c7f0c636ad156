"""Tags, every move they ever made, and where promoted tags come from."""

from __future__ import annotations

from django.db import models
from typing_extensions import override

from accounts.models import PublicModel, User
from repositories.models.manifest import Manifest
from repositories.models.repository import Repository
from repositories.querysets import TagMoveQuerySet, TagQuerySet


class Provenance(PublicModel):
    """Where the tag that a promotion is about to write comes from.

    Written before the copy starts, so that the move is known for what it is whoever
    sees it first: the worker that copied, or the registry's own notification.
    """

    promotion_uuid = models.UUIDField(unique=True)
    policy_uuid = models.UUIDField(null=True)
    source_repository = models.CharField(max_length=300)
    source_tag = models.CharField(max_length=128)
    originated_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    @override
    def __str__(self) -> str:
        return f"{self.source_repository}:{self.source_tag}"


class TagMove(PublicModel):
    """One change of a tag; `to_manifest` None means that the tag was deleted.

    Append-only. The same digest pushed again is no move; A, B, A is three. The moves
    of a tag are in the order of their keys.
    """

    repository = models.ForeignKey(
        Repository, on_delete=models.PROTECT, related_name="tag_moves"
    )
    tag = models.CharField(max_length=128)
    from_manifest = models.ForeignKey(
        Manifest, on_delete=models.PROTECT, null=True, related_name="+"
    )
    to_manifest = models.ForeignKey(
        Manifest, on_delete=models.PROTECT, null=True, related_name="+"
    )
    moved_at = models.DateTimeField(help_text="When the registry says it happened.")
    moved_by = models.CharField(
        max_length=200,
        blank=True,
        help_text="The subject of the pusher's token; empty when not known.",
    )
    originated_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+"
    )
    promotion_uuid = models.UUIDField(null=True, db_index=True)
    event_id = models.CharField(max_length=128, null=True, unique=True)  # noqa: DJ001 - unique where known
    is_baseline = models.BooleanField(
        default=False, help_text="Found by the first walk; never evaluated by itself."
    )

    objects = TagMoveQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(fields=("repository", "tag", "id"), name="tagmove_of_tag"),
            models.Index(
                fields=("repository", "created_at", "id"), name="tagmove_of_repository"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("repository", "tag", "promotion_uuid"),
                condition=models.Q(promotion_uuid__isnull=False),
                name="one_move_per_promotion",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.repository}:{self.tag} → {self.to_manifest or 'deleted'}"


class Tag(PublicModel):
    """What a name points to now, and how it came to be there."""

    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, related_name="tags"
    )
    name = models.CharField(max_length=128)
    manifest = models.ForeignKey(
        Manifest, on_delete=models.PROTECT, related_name="tags"
    )
    current_move = models.ForeignKey(
        TagMove, on_delete=models.PROTECT, related_name="+"
    )
    updated_at = models.DateTimeField()
    version = models.PositiveBigIntegerField(default=1, editable=False)
    missed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When a walk first did not find it; believed on the second.",
    )
    source_repository = models.CharField(max_length=300, blank=True)
    source_tag = models.CharField(max_length=128, blank=True)
    policy_uuid = models.UUIDField(null=True, blank=True)
    promotion_uuid = models.UUIDField(null=True, blank=True)

    objects = TagQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            # Beginnings of names, which PostgreSQL's usual index does not find.
            models.Index(
                fields=("name",), opclasses=("varchar_pattern_ops",), name="tag_named"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("repository", "name"), name="one_tag_per_name"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.repository}:{self.name}"

    @property
    def is_promoted(self) -> bool:
        return self.promotion_uuid is not None
