"""What became of promoted images: what is known against them, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from typing_extensions import override

from accounts.models import PublicModel
from promotions.models.promotion import Promotion
from promotions.querysets import WatchQuerySet


class Watch(PublicModel):
    """One promotion whose target tag still stands on it, and how it was found last.

    The row goes when the tag moves on. `revision` counts the writes: who reviews reads
    it before the evidence, so that what was read earlier never replaces what was read
    later, and news is told once.
    """

    if TYPE_CHECKING:  # added by WatchQuerySet.with_sight
        sees_source: bool

    promotion = models.OneToOneField(
        Promotion, on_delete=models.CASCADE, related_name="watch"
    )
    known: models.JSONField[Any, list[str]] = models.JSONField(
        default=list, help_text="The vulnerabilities that are no news any more."
    )
    failing_since = models.DateTimeField(
        null=True, help_text="Empty while it meets its policy, or that is not known."
    )
    outcomes: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(
        default=list, help_text="The rules that fail now, for who may pull the source."
    )
    told: models.JSONField[Any, list[str]] = models.JSONField(
        default=list, help_text="The same in sentences, for who sees the target only."
    )
    reviewed_at = models.DateTimeField(
        null=True, help_text="Empty before the first time, which is no news."
    )
    revision = models.PositiveIntegerField(default=0)

    objects = WatchQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        verbose_name_plural = "watches"
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("failing_since", "id"),
                condition=models.Q(failing_since__isnull=False),
                name="watch_failing",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"watch of {self.promotion}"

    @property
    def shown_source(self) -> str:
        """The source's name, "" where the reader may not know it: `with_sight`."""
        source = self.promotion.source_repository
        return source.full_name if self.sees_source else ""

    @property
    def sentences(self) -> list[str]:
        """Why it fails, in what the reader may know: `with_sight`."""
        if not self.sees_source:
            return self.told
        return [str(outcome["sentence"]) for outcome in self.outcomes]
