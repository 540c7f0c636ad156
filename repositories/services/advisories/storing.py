"""Write advisories in bulk, each batch in a transaction of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction

from repositories.models import Advisory as Row
from repositories.models import AdvisoryPackage
from repositories.scanning.advisories import Rating
from repositories.services.advisories.news import announce
from repositories.services.scans.batches import batched

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from repositories.scanning.advisories import Advisory, Affected
    from repositories.services.advisories.loading import Loaded

BATCH = 500


class _Stored(NamedTuple):
    pk: int
    fingerprint: str
    modified_at: datetime
    source: str


def store(found: Iterable[Advisory], result: Loaded) -> None:
    """Store what is new or changed of some records, and count it."""
    newest: dict[str, Advisory] = {}
    for one in sorted(found, key=lambda one: (one.id, one.modified)):
        newest[one.id] = one
    with transaction.atomic():
        stored = _stored(newest)
        written = [
            one for one in newest.values() if _is_news(one, stored.get(one.id), result)
        ]
        if written:
            result.touched |= _write(written, stored, result.source)


def remove_unseen(result: Loaded) -> None:
    """Remove the records that the source had before and did not have this time."""
    rows = Row.objects.filter(source=result.source).values_list("pk", "identifier")
    gone = [key for key, name in rows.iterator() if name not in result.seen]
    for some in batched(gone, BATCH):
        with transaction.atomic():
            packages = _packages_of(some)
            announce(packages)
            Row.objects.filter(pk__in=some).delete()
        result.removed += len(some)
        result.touched |= packages


def _stored(identifiers: Iterable[str]) -> dict[str, _Stored]:
    # Locked: what another load brought in the meantime may be newer.
    rows = Row.objects.select_for_update().filter(identifier__in=list(identifiers))
    fields = ("identifier", "pk", "fingerprint", "modified_at", "source")
    return {
        name: _Stored(*values)
        for name, *values in rows.order_by("identifier").values_list(*fields)
    }


def _is_news(one: Advisory, stored: _Stored | None, result: Loaded) -> bool:
    """Say whether a record is to be written; count it.

    Of two that claim one id, that which was modified later is right (OSV, `modified`);
    of one time, the one that is there, unless its own source changed it.
    """
    if stored is None:
        is_listed = bool(one.affected)
        result.new += is_listed
        result.unlisted += not is_listed
        return is_listed
    is_own = stored.source == result.source
    is_later = one.modified > stored.modified_at
    is_same_time = one.modified == stored.modified_at
    is_other = one.fingerprint != stored.fingerprint
    is_news = is_other and (is_later or (is_same_time and is_own))
    result.changed += is_news
    result.unchanged += not is_news
    return is_news


def _write(
    found: list[Advisory], stored: dict[str, _Stored], source: str
) -> set[tuple[str, str]]:
    known = [stored[one.id].pk for one in found if one.id in stored]
    touched = _packages_of(known)
    rows = Row.objects.bulk_create(
        [_row(one, source) for one in found],
        update_conflicts=True,
        unique_fields=("identifier",),
        update_fields=tuple(_columns(found[0], source)),
    )
    keys = [row.pk for row in rows]
    AdvisoryPackage.objects.filter(advisory__in=keys).delete()
    listings = [
        _listing(row, one)
        for row, record in zip(rows, found, strict=True)
        if record.withdrawn is None
        for one in record.affected
    ]
    AdvisoryPackage.objects.bulk_create(listings, batch_size=BATCH)
    touched |= {(one.ecosystem, one.package) for one in listings}
    announce(touched)
    return touched


def _packages_of(advisories: list[int]) -> set[tuple[str, str]]:
    rows = AdvisoryPackage.objects.filter(advisory__in=advisories)
    return set(rows.values_list("ecosystem", "package"))


def _row(one: Advisory, source: str) -> Row:
    return Row(identifier=one.id, **_columns(one, source))


def _columns(one: Advisory, source: str) -> dict[str, Any]:
    return {
        "vulnerabilities": one.vulnerabilities,
        "source": source,
        "modified_at": one.modified,
        "withdrawn_at": one.withdrawn,
        "summary": one.summary,
        "link": one.link,
        "severity": one.rating.severity,
        "cvss3_score": one.rating.cvss3,
        "cvss2_score": one.rating.cvss2,
        "cvss_vector": one.rating.vector,
        "fingerprint": one.fingerprint,
    }


def _listing(row: Row, one: Affected) -> AdvisoryPackage:
    return AdvisoryPackage(
        advisory=row,
        ecosystem=one.ecosystem,
        package=one.package,
        ranges=one.ranges,
        versions=one.versions,
        rating=_rating(one.rating),
    )


def _rating(one: Rating) -> list[Any]:
    if one == Rating():
        return []
    return [one.severity, one.cvss3, one.cvss2, one.vector]
