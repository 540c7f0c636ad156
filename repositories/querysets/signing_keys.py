"""Keys and the signatures made with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from repositories.models.repository import Repository
    from repositories.models.signing_key import ImageSignature, SigningKey


class SigningKeyQuerySet(models.QuerySet["SigningKey"]):
    """Keys by which signatures are recognised."""

    def usable(self) -> Self:
        return self.filter(retired_at__isnull=True)

    def overlooked(self, before: datetime) -> Self:
        """Return those made or retired before, after which nobody decided again."""
        changed = Coalesce("retired_at", "created_at")
        rows = self.alias(changed_at=changed).filter(changed_at__lt=before)
        return rows.filter(noticed_at__isnull=True)

    def called(self, references: Iterable[str]) -> Self:
        """Return those that rules call so: `namespace/name`, or `name`."""
        found = Q(pk__in=())
        for reference in references:
            namespace, slash, name = reference.rpartition("/")
            of = Q(namespace__name=namespace) if slash else Q(namespace__isnull=True)
            found |= of & Q(name=name)
        return self.filter(found).select_related("namespace")


class ImageSignatureQuerySet(models.QuerySet["ImageSignature"]):
    """Signatures, always read through a repository that holds them."""

    def held_by(self, repository: Repository) -> Self:
        return self.filter(
            manifest__holders__repository=repository,
            manifest__holders__gone_at__isnull=True,
        )
