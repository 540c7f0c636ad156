"""Which packages there is news of, for whoever matched before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from repositories.models import PackageNews
from repositories.services.scans.batches import batched

if TYPE_CHECKING:
    from collections.abc import Iterable

BATCH = 1000


def announce(packages: Iterable[tuple[str, str]]) -> None:
    """Say that advisories about packages change; in the transaction that changes them.

    Packages are pairs of ecosystem and name. `settle` says when, afterwards.
    """
    # In one order, so that loads at the same time do not lock each other out.
    rows = [
        PackageNews(package=package, ecosystem=ecosystem, changed_at=None)
        for ecosystem, package in sorted(set(packages))
    ]
    for some in batched(rows, BATCH):
        PackageNews.objects.bulk_create(
            some,
            update_conflicts=True,
            unique_fields=("package", "ecosystem"),
            update_fields=("changed_at",),
        )


def settle() -> None:
    """Date the news that has none: the change is there for everyone from now on.

    Safe at any time, for news of others too: who sees the row sees the change.
    """
    PackageNews.objects.filter(changed_at=None).update(changed_at=timezone.now())
