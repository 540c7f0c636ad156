"""What was taken over from another registry, and what was not."""

from __future__ import annotations

from typing import Any

from django.db import models
from typing_extensions import override

from accounts.models import PublicModel, User


class Import(PublicModel):
    """The taking over of one registry: its address, and who takes it over."""

    source_url = models.CharField(max_length=2000, unique=True)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(
        null=True, help_text="When its structure was last taken over to the end."
    )

    @override
    def __str__(self) -> str:
        return self.source_url


class ImportedObject(PublicModel):
    """One object there, and what became of it here.

    Written in the transaction that takes it over: what says “done” is not done twice.
    """

    class Kind(models.TextChoices):
        """What it is, in the order in which things are taken over."""

        USER = "user", "person"
        ORGANIZATION = "organization", "organization"
        MEMBER = "member", "member of an organization"
        TEAM = "team", "team"
        TEAM_MEMBER = "team_member", "member of a team"
        NAMESPACE_ACCESS = "namespace_access", "access of a team to a namespace"
        REPOSITORY = "repository", "repository"
        TEAM_ACCESS = "team_access", "access of a team to a repository"
        POLICY = "policy", "promotion policy"
        WEBHOOK = "webhook", "webhook"
        HIDDEN = "hidden", "hidden vulnerability"
        ENTRY = "entry", "entry that cannot be read"

    class State(models.TextChoices):
        """What became of it; only what is done is not looked at again."""

        DONE = "done", "taken over"
        HELD = "held", "taken over, and not to be switched on as it is"
        SKIPPED = "skipped", "left as it is here"
        REFUSED = "refused", "not taken over"

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="found")
    kind = models.CharField(max_length=16, choices=Kind)
    key = models.CharField(max_length=500, help_text="Its id or its path there.")
    name = models.CharField(max_length=500)
    state = models.CharField(max_length=7, choices=State)
    reason = models.TextField(blank=True)
    original: models.JSONField[Any, dict[str, Any]] = models.JSONField(
        default=dict, blank=True, help_text="As it was answered there."
    )
    local_uuid = models.UUIDField(null=True, help_text="Of what it is here.")
    switched_on_at = models.DateTimeField(
        null=True, help_text="When the import switched the policy on."
    )

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("source", "kind", "key"), name="one_row_per_imported_object"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"
