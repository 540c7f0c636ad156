"""Load advisories from files, again and again: what did not change is not written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from repositories.scanning.advisories import (
    Advisory,
    UnreadableRecord,
    advisory,
    is_record,
    opened,
    parsed,
)
from repositories.scanning.ecosystems import family_of
from repositories.services.advisories import loads, storing
from repositories.services.advisories.news import settle
from repositories.services.scans.batches import batched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from repositories.scanning.advisories import Source

    Progress = Callable[[int, int], None]
    """Called with how many files were read, and how many there are."""

BATCH = 500  # records a transaction
MAX_SHOWN = 200  # of the records that cannot be read
MAX_SOURCE = 200


class NothingReadable(Exception):
    """The path has no record that can be used; the message is a sentence."""


@dataclass(slots=True)
class Loaded:
    """What a load found and did.

    `unlisted` are about nothing that images hold. `touched` are the packages, by
    ecosystem and name, of which something else is known now. `unreadable` has names
    with sentences, not all of them where there are very many. `alone` are the families
    of ecosystems that a record is about and about no other: what such a source has of
    the others, as in OSV's file for PyPI, came along and is not all there is.
    """

    source: str
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    unlisted: int = 0
    removed: int = 0
    failed: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    ecosystems: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    newest: dict[str, datetime] = field(default_factory=dict)
    alone: set[str] = field(default_factory=set)
    touched: set[tuple[str, str]] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def vouched_for(self, ecosystem: str) -> int:
        """Return how many records it has of an ecosystem that it is about, or 0."""
        is_about = family_of(ecosystem) in self.alone
        return self.ecosystems.get(ecosystem, 0) if is_about else 0

    def refuse(self, name: str, reason: str) -> None:
        """Note a record that cannot be read."""
        self.failed += 1
        self.seen.add(_stem(name))  # it is there: it must not be taken for gone
        if len(self.unreadable) < MAX_SHOWN:
            self.unreadable.append((name, reason))

    def count(self, found: Advisory) -> None:
        """Note a record that was read."""
        self.read += 1
        self.seen.add(found.id)
        self.withdrawn += found.withdrawn is not None
        if found.withdrawn is None:
            ecosystems = {one.ecosystem for one in found.affected}
            families = {family_of(one) for one in ecosystems}
            if len(families) == 1:
                self.alone |= families
            for ecosystem in ecosystems:
                self.ecosystems[ecosystem] += 1
                newest = self.newest.get(ecosystem, found.modified)
                self.newest[ecosystem] = max(newest, found.modified)


def load(
    *,
    path: Path,
    source: str = "",
    prune: bool = False,
    progress: Progress | None = None,
) -> Loaded:
    """Read all records below a folder or in a zip, and store what is new in them.

    Each source (the path, unless it is named) answers for its own records: with
    `prune`, those that it had before and has no more are removed. A load that is cut
    short has stored what it read; only one that ends makes evidence newer. Raises
    UnusableSource and NothingReadable.
    """
    result = Loaded((source or str(path.resolve()))[-MAX_SOURCE:])
    with opened(path) as files:
        for some in batched(_advisories(files, result, progress), BATCH):
            storing.store(some, result)
    if not result.read:
        raise NothingReadable(_nothing(path, result))
    if prune:
        storing.remove_unseen(result)
    loads.note(result, prune=prune)
    settle()
    return result


def _advisories(
    files: Source, result: Loaded, progress: Progress | None
) -> Iterator[Advisory]:
    for number, name in enumerate(files.names, 1):
        try:
            document = parsed(files.read(name), name)
            found = advisory(document) if is_record(document) else None
        except UnreadableRecord as error:
            result.refuse(name, str(error))
        else:
            if found is not None:
                result.count(found)
                yield found
        if progress is not None:
            progress(number, len(files.names))


def _stem(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0]


def _nothing(path: Path, result: Loaded) -> str:
    if result.unreadable:
        name, reason = result.unreadable[0]
        return (
            f"None of {result.failed} records in {path} can be read; {name}: {reason}"
        )
    return f"There is no advisory in {path}: no JSON or YAML file in the OSV format."
