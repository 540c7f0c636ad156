"""What an advisory says, whichever database wrote it (https://ossf.github.io/osv-schema).

Only what matching and showing need is kept: two records with the same value here are
the same advisory, so that one that was merely touched is not stored again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

Event = tuple[str, str]
"""`introduced`, `fixed`, `last_affected` or `limit`, and the version."""
Range = tuple[Event, ...]
Names = tuple[str, ...]
"""The id of a vulnerability, then its other ids."""


@dataclass(frozen=True, slots=True)
class Rating:
    """How severe it is: the database's word, base scores, and a vector of any version.

    "" and None are unknown.
    """

    severity: str = ""
    cvss3: float | None = None
    cvss2: float | None = None
    vector: str = ""


@dataclass(frozen=True, slots=True)
class Affected:
    """A package, and which of its versions are affected: in a range or in the list.

    Ecosystem and package are as `ecosystems.package_of` writes them.
    """

    ecosystem: str
    package: str
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    rating: Rating = field(default_factory=Rating)


@dataclass(frozen=True, slots=True)
class Advisory:
    """One record. A distribution's announcement is about several `vulnerabilities`.

    A withdrawn one affects nothing. `affected` has each package once, and only those
    of ecosystems whose packages are found in images.
    """

    id: str
    modified: datetime
    vulnerabilities: tuple[Names, ...]
    withdrawn: datetime | None = None
    summary: str = ""
    link: str = ""
    rating: Rating = field(default_factory=Rating)
    affected: tuple[Affected, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A hash of all that it says."""
        return sha256(repr(self).encode("utf-8", "replace")).hexdigest()
