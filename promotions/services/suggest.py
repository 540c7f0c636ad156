"""What may be meant, while it is typed: out of what the reader may see, and little."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Q, Value
from django.db.models.functions import Concat
from license_expression import get_spdx_licensing

from accounts.access import Action
from promotions.rules import Field
from repositories.models import Component, License, Scan, SigningKey, Tag, Vulnerability
from repositories.models import Repository as RepositoryRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from django.db.models import QuerySet

    from accounts.access import Actor
    from repositories.models import Repository

OFFERED = 20
LONGEST = 300
"""Characters: nothing that is suggested is longer, and no database looks for all."""
TAGS_READ = 50
"""Contents are looked for in the newest images only: what is typed must not wait."""

PLATFORMS = (
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/386",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
    "windows/amd64",
)


def values_for(
    *, field: str, typed: str, sources: QuerySet[Repository]
) -> tuple[str, ...]:
    """Return values for a field of a rule that hold what was typed.

    `sources` are repositories that the reader may pull; nothing else is looked at.
    """
    typed = _readable(typed)
    if found := _FOUND.get(field):
        return _few(found(sources, typed))
    return _few(_holding(typed, _KNOWN.get(field, tuple)()))


def targets_for(*, actor: Actor, typed: str) -> tuple[str, ...]:
    """Return names of repositories that the actor administers."""
    path = Concat("namespace__name", Value("/"), "name", output_field=CharField())
    rows = RepositoryRow.objects.permitted(actor, Action.ADMIN).alias(path=path)
    found = rows.filter(path__icontains=_readable(typed).strip(" /"))
    ordered = found.select_related("namespace").order_by("namespace__name", "name")
    return tuple(row.full_name for row in ordered[:OFFERED])


def _readable(typed: str) -> str:
    return typed[:LONGEST].replace("\0", "").strip()


def _few(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:OFFERED]


def _holding(typed: str, values: Iterable[str]) -> list[str]:
    wanted = typed.lower()
    found = [value for value in values if wanted in value.lower()]
    return sorted(found, key=lambda value: not value.lower().startswith(wanted))


def _tags(sources: QuerySet[Repository], typed: str) -> Iterable[str]:
    rows = Tag.objects.filter(repository__in=sources.values("pk"))
    found = rows.filter(name__icontains=typed).order_by("-updated_at", "-id")
    return found.values_list("name", flat=True)[: 3 * OFFERED]


def _scans(sources: QuerySet[Repository]) -> QuerySet[Scan]:
    """Return the current scans of the newest images there that count everywhere."""
    tags = Tag.objects.filter(repository__in=sources.values("pk"))
    newest = tags.order_by("-updated_at", "-id").values_list("manifest", flat=True)
    images = list(newest[:TAGS_READ])
    of_them = Q(manifest__in=images) | Q(manifest__parents__index__in=images)
    everywhere = Q(trusted_repository=None, trusted_namespace=None)
    return Scan.objects.filter(of_them, everywhere, is_current=True)


def _column(rows: QuerySet[Any], name: str, typed: str) -> Iterable[str]:
    found = rows.filter(**{f"{name}__icontains": typed}).order_by(name)
    return found.values_list(name, flat=True).distinct()[:OFFERED]


def _components(sources: QuerySet[Repository], typed: str) -> Iterable[str]:
    rows = Component.objects.filter(sightings__scan__in=_scans(sources).values("pk"))
    return _column(rows, "name", typed)


def _purls(sources: QuerySet[Repository], typed: str) -> Iterable[str]:
    rows = Component.objects.filter(sightings__scan__in=_scans(sources).values("pk"))
    return _column(rows, "purl", typed)


def _licenses(sources: QuerySet[Repository], typed: str) -> Iterable[str]:
    """Return what was found there first, and then what SPDX lists."""
    scans = _scans(sources).values("pk")
    rows = License.objects.filter(sightings__scan__in=scans)
    found = [name for name in _column(rows, "name", typed) if " " not in name]
    return [*found, *_holding(typed, _spdx_ids())]


def _vulnerabilities(sources: QuerySet[Repository], typed: str) -> Iterable[str]:
    scans = _scans(sources).values("pk")
    rows = Vulnerability.objects.filter(findings__scan__in=scans)
    return _column(rows, "identifier", typed)


def _keys(sources: QuerySet[Repository], typed: str) -> Iterable[str]:
    """Return the keys of the registry, and of the namespaces of the sources."""
    own = Q(namespace__in=sources.values("namespace")) | Q(namespace=None)
    rows = SigningKey.objects.usable().filter(own, name__icontains=typed)
    names = rows.order_by("name").values_list("namespace__name", "name")[:OFFERED]
    return [f"{namespace}/{name}" if namespace else name for namespace, name in names]


@cache
def _spdx_ids() -> tuple[str, ...]:
    symbols = get_spdx_licensing().known_symbols.values()
    return tuple(
        sorted(
            symbol.key
            for symbol in symbols
            if not symbol.is_exception and not symbol.key.startswith("LicenseRef-")
        )
    )


_FOUND: Mapping[str, Callable[[QuerySet[Repository], str], Iterable[str]]] = {
    Field.TAG: _tags,
    Field.COMPONENT_NAME: _components,
    Field.COMPONENT_PURL: _purls,
    Field.LICENSE_NAME: _licenses,
    Field.VULNERABILITY_ID: _vulnerabilities,
    Field.SIGNATURE: _keys,
}
_KNOWN: Mapping[str, Callable[[], tuple[str, ...]]] = {
    Field.PLATFORM: lambda: PLATFORMS,
}
SUGGESTED = frozenset({*_FOUND, *_KNOWN})
"""The fields for which there is something to suggest."""
