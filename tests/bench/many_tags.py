"""100,000 repositories, a million tags and 100,000 promotions, written in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from accounts.access import SYSTEM, AccessLevel
from accounts.models import Namespace
from accounts.services import grants, users
from repositories.models import Repository
from tests.factories import (
    make_organization,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
)
from tests.promoted import promote

if TYPE_CHECKING:
    from django.db.models import Model

    from accounts.models import User

TEAMS = 100
REPOSITORIES = 100_000
TAGS = 10  # of each repository
MANIFESTS = 20_000
PROMOTIONS = 100_000
PASSWORD = "a long enough password"
REPOSITORY_PART = "pp7777"
DIGEST = f"sha256:{'c' * 56}00001234"
REFERENCE = "registry.example.com/team0/app0:v1.5"


def fill() -> dict[str, User]:
    """Write all of it; return an administrator, and a reader of a tenth."""
    root = users.create(
        actor=SYSTEM, username="root", password=PASSWORD, is_superuser=True
    )
    reader = users.create(actor=SYSTEM, username="reader", password=PASSWORD)
    for number in range(TEAMS):
        make_organization(name=f"team{number}", owner=root)
    for number in range(0, TEAMS, 10):
        namespace = Namespace.objects.get(name=f"team{number}")
        grants.grant(actor=SYSTEM, to=reader, on=namespace, level=AccessLevel.READ_ONLY)
    _rows()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"administrator": root, "reader of 10 %": reader}


def _rows() -> None:
    source = make_repository(name="team0/first")
    target = make_repository(name="team1/first")
    make_policy(source=source, target=target)
    tag = make_tag(repository=source)
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-1": 9.0, "CVE-2": 5.0})
    (promotion,) = promote(tag, target)
    _repositories(source)
    n = "generate_series(0, {}) n"
    digest = f"'sha256:{'c' * 56}' || lpad(n::text, 8, '0')"
    manifests = _copy(tag.manifest, n.format(MANIFESTS - 1), digest=digest)
    scan = tag.manifest.scans.get()
    _copy(scan, f"generate_series({manifests}, {manifests + MANIFESTS - 1}) n",
          manifest_id="n")  # fmt: skip
    first = Repository.objects.named("team0/app0").get().pk
    of = f"{first} + n / {TAGS}"
    name = f"""case n % {TAGS} when 0 then 'latest' when 1 then 'only-' || case n
        when 1 then 'once' else n::text end else 'v1.' || n % {TAGS} end"""
    at = f"{manifests} + n % {MANIFESTS}"
    all_tags = n.format(REPOSITORIES * TAGS - 1)
    ago = "now() - (n % 60) * interval '12 hours'"
    moves = _copy(tag.current_move, all_tags, repository_id=of, tag=name,
                  to_manifest_id=at, created_at=ago)  # fmt: skip
    _copy(tag, all_tags, repository_id=of, name=name, manifest_id=at,
          current_move_id=f"{moves} + n")  # fmt: skip
    _copy(tag.repository.held_manifests.get(), all_tags, repository_id=of,
          manifest_id=at)  # fmt: skip
    started = "now() - (n % 600) * interval '1 hour'"
    _copy(
        promotion,
        n.format(PROMOTIONS - 1),
        idempotency_key="n::text",
        source_repository_id=f"{first} + n % 5000",
        target_repository_id=f"{first} + {REPOSITORIES // TEAMS} + n % 5000",
        created_at=started,
        finished_at="now() + (n % 300) * interval '1 second'",
        state="case n % 7 when 0 then 'skipped' else 'succeeded' end",
    )


def _repositories(like: Repository) -> None:
    first = Namespace.objects.get(name="team0").pk
    keys = list(
        Namespace.objects.filter(name__startswith="team")
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    assert keys[0] == first
    array = f"(array[{','.join(map(str, keys))}])"
    each = REPOSITORIES // TEAMS
    _copy(
        like,
        f"generate_series(0, {REPOSITORIES - 1}) n",
        namespace_id=f"{array}[n / {each} + 1]",
        name="'app' || n",
    )


def _copy(row: Model, of: str, **columns: str) -> int:
    """Insert copies of a row with these SQL expressions; return the first key."""
    meta = row._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    values: dict[str, str] = {
        str(field.column): f'"{field.column}"' for field in fields
    }
    values |= {"uuid": "gen_random_uuid()", **columns}
    if "event_id" in values:
        values["event_id"] = "null"  # unique where it is known
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT max(id) FROM "{meta.db_table}"')  # noqa: S608 - of ours
        (last,) = cursor.fetchone()
        names = ", ".join(f'"{name}"' for name in values)
        made = ", ".join(f"({one})" for one in values.values())
        table = f'"{meta.db_table}"'
        cursor.execute(  # the keys follow each other: nobody else writes
            f"INSERT INTO {table} (id, {names}) SELECT {last + 1} + row_number()"  # noqa: S608 - of ours
            f" OVER (ORDER BY n) - 1, {made} FROM {table} t, {of}"
            f" WHERE t.id = {row.pk}"
        )
    return int(last) + 1
