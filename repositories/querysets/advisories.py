"""What is known of packages, and how new that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Max

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from repositories.models.advisory import AdvisoryLoad, AdvisoryPackage


class ListingQuerySet(models.QuerySet["AdvisoryPackage"]):
    """What advisories say of packages."""

    def of(self, ecosystems: Collection[str], packages: Collection[str]) -> Self:
        """Return the listings of packages in any of the ecosystems."""
        return self.filter(ecosystem__in=ecosystems, package__in=packages)


class AdvisoryLoadQuerySet(models.QuerySet["AdvisoryLoad"]):
    """Loads of advisories."""

    def times(self) -> dict[str, datetime]:
        """Return the ecosystems that have advisories, with the time of the last load.

        Where several sources list an ecosystem, the one loaded last counts.
        """
        rows = self.filter(records__gt=0).values("ecosystem")
        found = rows.annotate(last=Max("loaded_at")).order_by()
        return dict(found.values_list("ecosystem", "last"))

    def changes(self) -> dict[str, datetime]:
        """Return when sources last began, or ceased, to list each ecosystem."""
        found = self.values("ecosystem").annotate(last=Max("changed_at")).order_by()
        return dict(found.values_list("ecosystem", "last"))
