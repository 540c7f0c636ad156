"""What all scans share, found or made in bulk: components, licenses, vulnerabilities.

Rows are made outside any transaction and in the order of their names, so that scans
that are recorded at the same time neither wait for each other nor lock each other out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repositories.models import Component, License, Vulnerability, VulnerabilityAlias
from repositories.scanning import purls
from repositories.scanning.ecosystems import package_of
from repositories.scanning.identifiers import canonical
from repositories.services.image_config import short_text
from repositories.services.scans.batches import batched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import Model

    Beat = Callable[[], None]
    """Renews a lease; called between two batches."""

    from repositories.scanning.report import FoundVulnerability

BATCH = 500
Keys = dict[str, int]
"""The keys of rows by the names they are known by."""


def _silent() -> None:
    """Stand in for who has no lease to renew."""


def components(wanted: Iterable[str], beat: Beat = _silent) -> Keys:
    """Return the keys of components by their purls."""
    return _keys(Component, "purl", wanted, _component, beat)


def licenses(wanted: Iterable[str], beat: Beat = _silent) -> Keys:
    """Return the keys of licenses by their names."""
    return _keys(License, "name", wanted, lambda name: License(name=name), beat)


def vulnerabilities(
    found: Iterable[FoundVulnerability], beat: Beat = _silent, *, trusted: bool
) -> Keys:
    """Return the keys of vulnerabilities by their ids.

    Only from scanners whose word counts everywhere are summary, link and aliases kept:
    everybody sees them.
    """
    named = {canonical(one.id): one for one in found}

    def make(name: str) -> Vulnerability:
        told = _told(named[name]) if trusted else {}
        return Vulnerability(identifier=name, **told)

    keys = _keys(Vulnerability, "identifier", named, make, beat)
    if trusted:
        _describe(named, keys)
        _note_aliases(named, keys)
    return keys


def _keys(
    model: type[Model],
    column: str,
    wanted: Iterable[str],
    make: Callable[[str], Any],
    beat: Beat,
) -> Keys:
    rows = model._default_manager
    found: Keys = {}
    for some in batched(sorted(set(wanted)), BATCH):
        beat()
        known = rows.filter(**{f"{column}__in": some}).values_list(column, "pk")
        found |= dict(known)
        missing = [make(name) for name in some if name not in found]
        if missing:
            rows.bulk_create(missing, ignore_conflicts=True)
            found |= dict(known.all())
    return found


def _component(purl: str) -> Component:
    package = package_of(purl)
    return Component(
        purl=purl,
        name=short_text(purls.name_of(purl), 300),
        version=short_text(purls.version_of(purl), 200),
        ecosystem=short_text(package.ecosystem, 60),
        package=short_text(package.name, 300),
        package_version=short_text(package.version, 200),
    )


def _describe(named: dict[str, FoundVulnerability], keys: Keys) -> None:
    """Give those a summary and a link that have none yet."""
    described = {keys[name]: one for name, one in named.items() if one.summary}
    for some in batched(sorted(described), BATCH):
        rows = list(Vulnerability.objects.filter(pk__in=some, summary=""))
        for row in rows:
            for column, value in _told(described[row.pk]).items():
                setattr(row, column, value)
        Vulnerability.objects.bulk_update(rows, ("summary", "link"))


def _told(found: FoundVulnerability) -> dict[str, str]:
    summary, link = short_text(found.summary, 500), short_text(found.link, 500)
    return {"summary": summary, "link": link}


def _note_aliases(named: dict[str, FoundVulnerability], keys: Keys) -> None:
    pairs = sorted(
        {
            (keys[name], short_text(canonical(alias), 100))
            for name, one in named.items()
            for alias in one.aliases
        }
    )
    for some in batched(pairs, BATCH):
        VulnerabilityAlias.objects.bulk_create(
            [
                VulnerabilityAlias(vulnerability_id=key, alias=name)
                for key, name in some
            ],
            ignore_conflicts=True,
        )
