"""The names that scans here know components and licenses by.

Another scanner calls the same package `OpenSSL` or `debian/openssl`. A rule that
excludes a name which no scan here would find excludes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from django.db.models import Q

from promotions.rules import Field
from repositories.models import Component, License
from repositories.scanning.licenses import is_known, spdx

if TYPE_CHECKING:
    from django.db.models import QuerySet

PROPOSED = 3
LOOKED_AT = 2000
BEGINNING = 2  # characters in which a near name agrees


@dataclass(frozen=True, slots=True)
class Match:
    """What a name is called here; `known` is empty where nothing is called so."""

    value: str
    known: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


@dataclass(slots=True)
class KnownNames:
    """Looks names up, each once."""

    _found: dict[tuple[Field, str], Match] = field(default_factory=dict)

    def match(self, of: Field, value: str) -> Match:
        """Return what a component or a license of that name is called here."""
        key = of, value
        if key not in self._found:
            is_license = of is Field.LICENSE_NAME
            self._found[key] = _license(value) if is_license else _component(value)
        return self._found[key]


def _component(value: str) -> Match:
    """Look for the name as it is, then in another case, then without what is before."""
    rows = Component.objects.filter(sightings__isnull=False)
    plain = _without_origin(value)
    for wanted in (
        Q(name=value) | Q(name__endswith=f":{value}", purl__startswith="pkg:maven/"),
        Q(name__iexact=value),
        Q(name__iexact=plain),
    ):
        found = rows.filter(wanted).order_by("name").values_list("name", flat=True)
        known = tuple(dict.fromkeys(found[:LOOKED_AT]))
        if known:
            # Maven's artifacts are known without their group, too.
            is_short = any(name.endswith(f":{value}") for name in known)
            return Match(value, (value,) if is_short else known)
    return Match(value, near=_near(rows, plain))


def _without_origin(value: str) -> str:
    """Return `openssl` of `debian/openssl`, `deb:openssl`, `pkg:deb/debian/openssl`."""
    text = value.strip().removeprefix("pkg:")
    text = text.partition("@")[0] or text
    return text.rpartition("/")[2].rpartition(":")[2] or value


def _license(value: str) -> Match:
    """Take what SPDX knows, whether or not a scan found it yet; else what scans found.

    Licenses are compared by their SPDX identifiers, so those need no sighting.
    """
    if is_known(value):
        identifier = spdx(value)
        is_same = identifier.casefold() == value.casefold()
        return Match(value, (value if is_same else identifier,))
    rows = License.objects.filter(sightings__isnull=False)
    found = rows.filter(name__iexact=value).values_list("name", flat=True)
    known = tuple(dict.fromkeys(found[:LOOKED_AT]))
    return Match(value, known) if known else Match(value, near=_near(rows, value))


def _near(rows: QuerySet[Component] | QuerySet[License], value: str) -> tuple[str, ...]:
    """Return names that look alike."""
    begins = rows.filter(name__istartswith=value[:BEGINNING])
    names = set(begins.values_list("name", flat=True)[:LOOKED_AT])
    return tuple(get_close_matches(value, sorted(names), n=PROPOSED, cutoff=0.5))
