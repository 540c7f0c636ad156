"""News of what is attached to images: signatures, SBOMs and the like."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import PublicModel
from repositories.models.repository import Repository
from repositories.querysets import AttachmentNoticeQuerySet


class AttachmentNotice(PublicModel):
    """That something attached to an image came or went, in one repository.

    The row is the job: policies are asked again while `noticed_at` is empty.
    """

    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, related_name="attachment_notices"
    )
    subject_digest = models.CharField(max_length=140)
    changed_at = models.DateTimeField()
    noticed_at = models.DateTimeField(null=True)

    objects = AttachmentNoticeQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        indexes = (
            *PublicModel.Meta.indexes,
            models.Index(
                fields=("changed_at",),
                condition=Q(noticed_at__isnull=True),
                name="attachment_to_notice",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("repository", "subject_digest"),
                name="one_attachment_notice_per_image",
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.repository}@{self.subject_digest}"
