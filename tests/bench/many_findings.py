"""A registry of 100,000 images with a million findings, written in bulk."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel
from accounts.models import Namespace, User
from accounts.services import grants, organizations, users
from repositories.models import (
    Component,
    Finding,
    License,
    Manifest,
    ManifestLayer,
    Repository,
    RepositoryManifest,
    Scan,
    ScanComponent,
    Tag,
    TagMove,
    Vulnerability,
)
from repositories.registry import MediaType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import Model

IMAGES = 100_000
FINDINGS_PER_IMAGE = 10
REPOSITORIES = 1_000
VULNERABILITIES = 20_000
COMPONENTS = 5_000
BATCH = 10_000
PASSWORD = "a long enough password"

FREQUENT = "CVE-2020-0"  # in every second image
USUAL = "CVE-2020-1"  # in one of thirty
RARE = "CVE-2020-2"  # in three images of the whole registry
ELSEWHERE = "CVE-2020-3"  # in one of twenty images, none of them the reader's
COMPONENT = "component0"  # in every second image
LICENSE = "MIT"
BASE = f"sha256:{'b' * 64}"  # the first layer of every image


def layer_of(number: int) -> str:
    """Return the digest of a layer that one of a thousand images has."""
    return f"sha256:{number % 1000:064x}"


@dataclass(frozen=True, slots=True)
class Readers:
    """Who asks: an administrator, and a reader of a tenth of the repositories."""

    administrator: User
    reader: User


def fill() -> Readers:
    """Write all of it; the database is empty."""
    random.seed(20)
    owner = users.create(
        actor=SYSTEM, username="root", password=PASSWORD, is_superuser=True
    )
    reader = users.create(actor=SYSTEM, username="reader", password=PASSWORD)
    repositories = _repositories(owner, reader)
    images = _images(repositories)
    scans = _scans(images)
    _findings(scans)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Readers(owner, reader)


def _repositories(owner: User, reader: User) -> list[Repository]:
    """Make organizations of a hundred repositories; a tenth is the reader's."""
    for number in range(REPOSITORIES // 100):
        organizations.create(actor=SYSTEM, name=f"team{number}", primary_owner=owner)
    namespaces = list(Namespace.objects.filter(name__startswith="team").order_by("id"))
    rows = bulk(
        Repository(namespace=namespaces[number // 100], name=f"repository{number}")
        for number in range(REPOSITORIES)
    )
    level = AccessLevel.READ_ONLY
    grants.grant(actor=SYSTEM, to=reader, on=namespaces[0], level=level)
    return rows


def _images(repositories: list[Repository]) -> list[Manifest]:
    """Make images of one layer, each under a tag of its own."""
    now = timezone.now()
    rows = bulk(
        Manifest(
            digest=f"sha256:{number:064x}",
            media_type=str(MediaType.OCI_MANIFEST),
            raw=b"{}",
            size=1,
            config_digest=f"sha256:{number:064x}",
            config_media_type=str(MediaType.OCI_CONFIG),
            os="linux",
            architecture="amd64",
        )
        for number in range(IMAGES)
    )
    homes = [repositories[number % REPOSITORIES] for number in range(IMAGES)]
    pairs = list(zip(rows, homes, strict=True))
    bulk(RepositoryManifest(repository=home, manifest=row) for row, home in pairs)
    bulk(
        ManifestLayer(manifest=row, position=position, digest=digest, size=1)
        for row in rows
        for position, digest in enumerate((BASE, layer_of(row.pk)))
    )
    moves = bulk(
        TagMove(repository=home, tag=f"v{row.pk}", to_manifest=row, moved_at=now)
        for row, home in pairs
    )
    bulk(
        Tag(
            repository=home,
            name=move.tag,
            manifest=row,
            current_move=move,
            updated_at=now,
        )
        for (row, home), move in zip(pairs, moves, strict=True)
    )
    return rows


def _scans(images: list[Manifest]) -> list[Scan]:
    now = timezone.now()
    covered: dict[str, dict[str, Any]] = {"components": {}, "vulnerabilities": {}}
    return bulk(
        Scan(
            manifest=image,
            origin="built-in",
            state=Scan.State.COMPLETED,
            is_current=True,
            coverage=covered,
            finished_at=now,
        )
        for image in images
    )


def _findings(scans: list[Scan]) -> None:
    vulnerabilities = bulk(
        Vulnerability(identifier=f"CVE-2020-{number}")
        for number in range(VULNERABILITIES)
    )
    components = bulk(
        Component(
            purl=f"pkg:generic/component{number}@1.0",
            name=f"component{number}",
            version="1.0",
        )
        for number in range(COMPONENTS)
    )
    columns = "scan_id component_id vulnerability_id aliases severity cvss3_score"
    columns += " cvss_vector fixed_version layer_digest"
    copy_rows(
        Finding,
        columns,
        (
            (
                *(scan.pk, components[which % COMPONENTS].pk),
                *(vulnerabilities[which].pk, "[]", "high", 7.5, "", "", ""),
            )
            for number, scan in enumerate(scans)
            for which in _found_in(number)
        ),
    )
    sightings = bulk(
        ScanComponent(scan=scan, component=components[which])
        for number, scan in enumerate(scans)
        for which in {number % 2, 2 + random.randrange(COMPONENTS - 2)}
    )
    mit = License.objects.create(name=f"{LICENSE} OR Apache-2.0")
    through = ScanComponent.licenses.through
    bulk(through(scancomponent=row, license=mit) for row in sightings[::2])


def _found_in(number: int) -> set[int]:
    found = set()
    if number % 2 == 0:
        found.add(0)
    if number % 30 == 0:
        found.add(1)
    if number % 20 == 5 and number % REPOSITORIES >= REPOSITORIES // 10:
        found.add(3)
    if number % (IMAGES // 3) == 1:
        found.add(2)
    while len(found) < FINDINGS_PER_IMAGE:
        found.add(random.randrange(4, VULNERABILITIES))
    return found


def bulk(rows: Iterable[Any]) -> list[Any]:
    """Write rows in batches; return them with their keys."""
    return list(_written(rows))


def _written(rows: Iterable[Any]) -> Iterator[Any]:
    source = iter(rows)
    while batch := [row for _, row in zip(range(BATCH), source, strict=False)]:
        with transaction.atomic():
            yield from type(batch[0])._default_manager.bulk_create(batch)


def copy_rows(
    model: type[Model], columns: str, rows: Iterable[tuple[Any, ...]]
) -> None:
    """Write very many rows as PostgreSQL takes them fastest."""
    named = ", ".join(columns.split())
    statement = f"COPY {model._meta.db_table} ({named}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
