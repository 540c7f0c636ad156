"""The keys that files know policies by: made once, of what a policy does, and kept."""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import chain, count
from typing import TYPE_CHECKING

from promotions.services.policies.managed import write
from promotions.services.policy_files.state import identity_of
from promotions.validators import KEY_MAX_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promotions.models import PolicyVersion, PromotionPolicy

_OTHER = re.compile("[^a-z0-9]+")
_MARK_DIGITS = 6
_ROOM = KEY_MAX_LENGTH - 12  # for a mark or a number behind it


def give_keys(policies: Iterable[PromotionPolicy]) -> None:
    """Give each policy that has no key one, and store it; the caller locked them.

    The same policies get the same keys anywhere: of source and target, of the template
    where these are the same, and in the order of their creation.
    """
    rows = list(policies)
    taken = {identity_of(row) for row in rows if row.key}
    for row in rows:
        if not row.key:
            namespace, _ = identity_of(row)
            wanted = _candidates(row.shown_version)
            free = (key for key in wanted if (namespace, key) not in taken)
            write(row, key=next(free))
            taken.add(identity_of(row))


def _candidates(version: PolicyVersion) -> Iterator[str]:
    source, target = version.source, version.target
    if version.policy.source_namespace is not None:
        source = source.partition("/")[2]
    base = f"{_slug(source)}-to-{_slug(target)}"[:_ROOM].strip("-")
    text = f"{version.source} {version.target} {version.tag_template}"
    mark = sha256(text.encode()).hexdigest()[:_MARK_DIGITS]
    numbered = (f"{base}-{number}" for number in count(2))
    return chain((base, f"{base}-{mark}"), numbered)


def _slug(name: str) -> str:
    """Return the letters and digits of a name; wildcards alone are "all"."""
    return _OTHER.sub("-", name.lower()).strip("-") or "all"
