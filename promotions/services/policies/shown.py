"""Which ends of policies a reader may know of.

Who sees one end of a policy has not thereby a right to learn the other's name. But
whoever wrote a version knows what it says; and whoever asks the admins of the target
for consent tells them from where.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.db.models import Q

from accounts.access import Action, Actor
from accounts.models import Namespace
from promotions.rules.repository_pattern import InvalidPattern, RepositoryPattern
from repositories.models import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from promotions.models import PolicyVersion, PromotionPolicy


@dataclass(frozen=True, slots=True)
class Shown:
    """The ends of a version as one reader sees them.

    `source` and `target` are names or patterns, "" where the reader may not know them;
    the other two tell whether the reader may open a repository of that name.
    """

    source: str
    target: str
    opens_source: bool
    opens_target: bool

    @property
    def is_whole(self) -> bool:
        """Whether the reader may know both ends."""
        return bool(self.source and self.target)

    def knows(self, side: str) -> bool:
        """Tell whether the reader may know that end, and so who answers for it."""
        return bool(self.source if side == "source" else self.target)


def shown(
    actor: Actor, versions: Iterable[PolicyVersion], at: Repository | None = None
) -> dict[int, Shown]:
    """Return what the actor sees of each version, by its key, in a few queries.

    `at` is the repository on whose page they stand: of a pattern that covers it, the
    target is that of its images.
    """
    rows = list(versions)
    found = shown_at(actor, [(row, at) for row in rows])
    return {row.pk: one for row, one in zip(rows, found, strict=True)}


def shown_at(
    actor: Actor, places: Iterable[tuple[PolicyVersion, Repository | None]]
) -> list[Shown]:
    """Return what the actor sees of each version at its own place, as `shown` does."""
    rows = list(places)
    ends = [(version.source, _target(version, at)) for version, at in rows]
    reader = _Reader(actor, {name for pair in ends for name in pair})
    return [
        _shown(version, *pair, reader, at)
        for (version, at), pair in zip(rows, ends, strict=True)
    ]


def spoken_for(actor: Actor, versions: Iterable[PolicyVersion]) -> frozenset[int]:
    """Return the versions, by keys, whose target the actor is an admin of."""
    rows = list(versions)
    reader = _Reader(actor, {version.target for version in rows})
    return frozenset(
        version.pk
        for version in rows
        if actor.is_administrator or reader.speaks_for(version, version.target)
    )


def shown_to_target(version: PolicyVersion, *, exists: bool) -> Shown:
    """Return what who is asked to agree for the target sees: both ends.

    `exists` says whether the target does; then they may open it, being its admins.
    """
    return Shown(
        version.source, version.target, opens_source=False, opens_target=exists
    )


def unanswered(
    policies: Iterable[PromotionPolicy], ends: Mapping[int, Shown]
) -> frozenset[int]:
    """Return the versions that nobody agreed to, by keys, whose target is hidden.

    Whatever depends on such a target would tell whoever proposes that it exists.
    """
    return frozenset(
        policy.shown_version.pk
        for policy in policies
        if policy.current_version_id is None
        and not ends[policy.shown_version.pk].opens_target
    )


class _Reader:
    """What one may know of the names asked about; each query is made when needed."""

    def __init__(self, actor: Actor, names: set[str]) -> None:
        self.actor, self.names = actor, names

    @cached_property
    def pullable(self) -> frozenset[str]:
        return _among(self.actor, Action.PULL, self.names)

    @cached_property
    def administered(self) -> frozenset[str]:
        return _among(self.actor, Action.ADMIN, self.names)

    @cached_property
    def namespaces(self) -> dict[int, str]:
        rows = Namespace.objects.permitted(self.actor, Action.ADMIN)
        known = rows.filter(name__in={name.partition("/")[0] for name in self.names})
        return dict(known.values_list("pk", "name"))

    def knows(self, version: PolicyVersion) -> bool:
        """Tell whether the reader wrote the version, or may see everything."""
        return self.actor.is_administrator or version.created_by_id == self.actor.key

    def speaks_for(self, version: PolicyVersion, target: str) -> bool:
        """Tell whether the reader is an admin of the target."""
        return (
            target in self.administered
            or version.target_namespace_id in self.namespaces
        )

    def rules_over(self, version: PolicyVersion) -> bool:
        """Tell whether the version is about repositories of the reader's namespace."""
        namespace = version.source_pattern.partition("/")[0]
        return bool(namespace) and namespace in self.namespaces.values()


def _shown(
    version: PolicyVersion,
    source: str,
    target: str,
    reader: _Reader,
    at: Repository | None,
) -> Shown:
    opens = source in reader.pullable, target in reader.pullable
    knows = reader.knows(version)
    sees_source = opens[0] or knows or is_about(version, at)
    sees_target = opens[1] or knows or reader.speaks_for(version, target)
    if not sees_source:
        sees_source = reader.rules_over(version)
    if not sees_source and version.was_proposed:
        sees_source = reader.speaks_for(version, target)
    return Shown(source * sees_source, target * sees_target, *opens)


def _target(version: PolicyVersion, at: Repository | None) -> str:
    if at is None or not is_about(version, at):
        return version.target
    try:
        return version.target_for(at)
    except InvalidPattern:
        return version.target


def is_about(version: PolicyVersion, at: Repository | None) -> bool:
    """Tell whether the repository is one of those that a version's pattern covers."""
    if at is None or not version.source_pattern:
        return False
    pattern = RepositoryPattern.parse(version.source_pattern)
    return pattern.covers(at.full_name, is_personal=at.namespace.is_personal)


def _among(actor: Actor, action: Action, names: set[str]) -> frozenset[str]:
    """Return those of the names that are repositories the actor may do that on."""
    parts = [name.partition("/") for name in names]
    rows = Repository.objects.permitted(actor, action).filter(
        Q(namespace__name__in={part[0] for part in parts}),
        name__in={part[2] for part in parts},
    )
    found = rows.values_list("namespace__name", "name")
    return frozenset(names) & {f"{namespace}/{name}" for namespace, name in found}
