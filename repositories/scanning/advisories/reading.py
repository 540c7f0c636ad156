"""Records in the Open Source Vulnerability format (https://ossf.github.io/osv-schema).

What decides whether a version is affected must be right, or the record is refused:
what cannot be read must not look as if it affected nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from repositories.scanning.advisories.advisory import Advisory, Affected, Rating
from repositories.scanning.advisories.documents import UnreadableRecord
from repositories.scanning.advisories.naming import MAX_LENGTH, vulnerabilities
from repositories.scanning.advisories.rating import rated
from repositories.scanning.ecosystems import listed_in, package_name
from repositories.scanning.formats import values
from repositories.scanning.formats.identifiers import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from repositories.scanning.advisories.advisory import Event, Range

MAX_PACKAGE = 300  # longer ones are in no image
MAX_VERSION = 200
MAX_EVENTS = 5_000
MAX_VERSIONS = 100_000
_KINDS = ("introduced", "fixed", "last_affected", "limit")
_ORDERED = ("ECOSYSTEM", "SEMVER")


def is_record(document: Any) -> bool:
    """Say whether a document means to be an advisory: others lie beside them."""
    if not isinstance(document, dict):
        return False
    return "affected" in document or {"id", "modified"} <= document.keys()


def advisory(record: dict[str, Any]) -> Advisory:
    """Return what a record says; raises UnreadableRecord."""
    identifier = written(values.text(record, "id", MAX_LENGTH + 1))
    if not 0 < len(identifier) <= MAX_LENGTH:
        raise UnreadableRecord(f"Its id must have 1 to {MAX_LENGTH} characters.")
    modified = _time(record, "modified")
    if modified is None:
        raise UnreadableRecord("It does not say when it was modified.")
    try:
        affected = tuple(_merged(_affected(record)))
    except values.UnreadableReport as error:
        raise UnreadableRecord(f"The field {error}") from None
    return Advisory(
        id=identifier,
        modified=modified,
        vulnerabilities=vulnerabilities(record, identifier),
        withdrawn=_time(record, "withdrawn"),
        summary=values.text(record, "summary") or values.text(record, "details"),
        link=_link(record),
        rating=rated(record),
        affected=affected,
    )


def _time(record: dict[str, Any], key: str) -> datetime | None:
    """Return a time, None where none stands; raises UnreadableRecord for another."""
    if record.get(key) is None:
        return None
    found = values.moment(record, key)
    if found is None:
        raise UnreadableRecord(f"Its field {key} is no time.")
    return found


def _link(record: dict[str, Any]) -> str:
    """Return where the advisory is published, else the first reference."""
    found = [
        (values.text(entry, "type") != "ADVISORY", values.link(entry.get("url")))
        for entry in values.children(record, "references")
    ]
    secure = (one for one in found if one[1].lower().startswith("https:"))
    return min(secure, key=lambda one: one[0], default=(True, ""))[1][:500]


def _affected(record: dict[str, Any]) -> Iterator[Affected]:
    for place, entry in values.objects(record, "affected", ""):
        package = values.child(entry, "package")
        named = values.text(package, "ecosystem"), values.text(package, "name")
        ecosystem = listed_in(named[0])
        ranges = tuple(_ranges(entry, place)) if ecosystem else ()
        versions = tuple(_versions(entry, place)) if ecosystem else ()
        if 0 < len(named[1]) <= MAX_PACKAGE and (ranges or versions):
            name = package_name(ecosystem, named[1])
            yield Affected(ecosystem, name, ranges, versions, rated(entry))


def _ranges(entry: dict[str, Any], place: str) -> Iterator[Range]:
    """Yield those that versions can be compared with; commits cannot."""
    for where, found in values.objects(entry, "ranges", place):
        if values.text(found, "type") in _ORDERED:
            yield _range(found, where)


def _range(found: dict[str, Any], place: str) -> Range:
    events = [
        event
        for _, said in values.objects(found, "events", place)
        for event in _events(said)
    ]
    if len(events) > MAX_EVENTS:
        raise UnreadableRecord(f"The field {place} has more than {MAX_EVENTS} events.")
    if not any(kind == "introduced" for kind, _ in events):
        raise UnreadableRecord(
            f"The field {place} names no version that introduced it."
        )
    return tuple(events)


def _events(said: dict[str, Any]) -> Iterator[Event]:
    for kind in _KINDS:
        if said.get(kind) is not None:
            yield kind, _version(said[kind])


def _versions(entry: dict[str, Any], place: str) -> Iterable[str]:
    found = values.items(entry, "versions", place)
    if len(found) > MAX_VERSIONS:
        raise UnreadableRecord(
            f"The field {place} lists more than {MAX_VERSIONS} versions."
        )
    return sorted({_version(version) for version in found})


def _version(found: Any) -> str:
    version = values.plain(found, MAX_VERSION + 1)
    if not isinstance(found, str) or not 0 < len(version) <= MAX_VERSION:
        limit = f"a version must be a text of 1 to {MAX_VERSION} characters"
        raise UnreadableRecord(f"It has a version that is none: {limit}.")
    return version


def _merged(found: Iterable[Affected]) -> Iterator[Affected]:
    """Yield each package once: it is affected where one of its entries says so."""
    merged: dict[tuple[str, str], Affected] = {}
    for one in found:
        key = one.ecosystem, one.package
        known = merged.get(key)
        merged[key] = _joined(known, one) if known else one
    for one in merged.values():
        is_ubuntu = one.ecosystem.startswith("Ubuntu")
        yield replace(one, ranges=_closed(one.ranges)) if is_ubuntu else one


def _joined(one: Affected, other: Affected) -> Affected:
    return replace(
        one,
        ranges=tuple(dict.fromkeys((*one.ranges, *other.ranges))),
        versions=tuple(sorted({*one.versions, *other.versions})),
        rating=one.rating if one.rating != Rating() else other.rating,
    )


def _closed(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """Leave out ranges without an end beside one that has it.

    Ubuntu writes that a release has no fix, and again that Pro has one for it.
    """
    ended = tuple(one for one in ranges if any(kind == "fixed" for kind, _ in one))
    return ended or ranges
