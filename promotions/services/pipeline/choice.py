"""Which policies a picture is about: what is asked for, the latest, the nearest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Case, F, Prefetch, Q, Value, When, prefetch_related_objects

from promotions.models import PolicyConsent, PromotionPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from accounts.access import Actor

LOOKED_AT = 2000
"""How many policies are looked at to find those worth drawing."""

REPOSITORIES = 60
POLICIES = 200
PATTERNS = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reader asked to see; empty is everything."""

    namespace: str = ""
    repository: str = ""

    def meets(self, name: str) -> bool:
        """Tell whether a repository of that full name lies in the namespace."""
        return not self.namespace or name.startswith(f"{self.namespace}/")


@dataclass(frozen=True, slots=True)
class Choice:
    """The policies to draw, those that promoted last first; more there may be."""

    policies: list[PromotionPolicy]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class _Glimpse:
    """A policy before it is loaded: the names of its ends, "" where not to be told."""

    key: int
    source: str
    target: str
    is_wide: bool

    @property
    def names(self) -> set[str]:
        """The ends as boxes; each that may not be told is one of its own."""
        return {
            self.source or f"to {self.target}",
            self.target or f"from {self.source}",
        }


def choose(reader: Actor, wanted: Wanted) -> Choice:
    """Return what is to be drawn, with consents; three queries for any number."""
    glimpses = _glimpses(reader, wanted)
    wide = [one for one in glimpses if one.is_wide]
    plain = [one for one in glimpses if not one.is_wide]
    if wanted.repository:
        plain = list(_nearest(plain, wanted.repository))
    fitting = list(_fitting(plain))
    keys = [one.key for one in (*fitting, *wide[:PATTERNS])]
    is_cut = len(glimpses) == LOOKED_AT or len(fitting) < len(plain)
    return Choice(_loaded(keys), is_cut or len(wide) > PATTERNS)


def _glimpses(reader: Actor, wanted: Wanted) -> list[_Glimpse]:
    ends = ("from_space", "from_name", "to_space", "to_name")
    rows = PromotionPolicy.objects.drawn_for(reader, wanted.namespace)
    latest = F("last_promoted_at").desc(nulls_last=True)
    rows = rows.order_by(_first(wanted.repository), latest, "-pk")
    found = rows.values_list("pk", "is_wide", "sees_source", "sees_target", *ends)
    return [
        _Glimpse(
            key=key,
            source=f"{space}/{name}" * bool(sees_source),
            target=f"{to_space}/{to_name}" * bool(sees_target),
            is_wide=is_wide,
        )
        for key, is_wide, sees_source, sees_target, space, name, to_space, to_name in (
            found[:LOOKED_AT]
        )
    ]


def _first(repository: str) -> Case:
    """Order by whether an end is the repository asked for, and before: a pattern."""
    space, _, name = repository.partition("/")
    ends = Q(from_space=space, from_name=name) | Q(to_space=space, to_name=name)
    return Case(When(Q(is_wide=True) | ends, then=Value(0)), default=Value(1))


def _nearest(glimpses: Sequence[_Glimpse], repository: str) -> Iterator[_Glimpse]:
    """Yield what is connected with the repository, by what the reader sees."""
    at = defaultdict[str, list[_Glimpse]](list)
    for one in glimpses:
        for name in {one.source, one.target} - {""}:
            at[name].append(one)
    queue, seen = [repository], {repository}
    used: set[int] = set()
    for place in queue:
        for one in at[place]:
            if one.key not in used:
                used.add(one.key)
                yield one
            new = {one.source, one.target} - seen - {""}
            queue += sorted(new)
            seen |= new


def _fitting(glimpses: Iterable[_Glimpse]) -> Iterator[_Glimpse]:
    """Yield those between the first repositories, as many as a picture holds."""
    names: set[str] = set()
    for number, one in enumerate(glimpses):
        if number >= POLICIES:
            return
        if len(names | one.names) <= REPOSITORIES:
            names |= one.names
            yield one


def _loaded(keys: list[int]) -> list[PromotionPolicy]:
    rows = {row.pk: row for row in PromotionPolicy.objects.kept().filter(pk__in=keys)}
    found = [rows[key] for key in keys if key in rows]
    versions = [row.shown_version for row in found]
    for row, version in zip(found, versions, strict=True):
        version.policy = row
    consents = PolicyConsent.objects.select_related("decided_by")
    prefetch_related_objects(versions, Prefetch("consents", consents))
    return found
