"""Both sides beside each other: tags, digests, and what each policy would do now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promotions.models import ImportedObject, PromotionPolicy
from promotions.services.importing.errors import NotThere
from promotions.services.importing.ledger import Kind
from promotions.services.importing.names_there import is_repository
from promotions.services.importing.snapshot import quiet
from promotions.services.trial import Effect, dry_run
from repositories.models import Repository, Tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from accounts.access import Actor
    from promotions.models import Import
    from promotions.services.importing.snapshot import Progress
    from promotions.services.importing.source import Source

CUT = "Only the newest tags were looked at."


@dataclass(frozen=True, slots=True)
class RepositoryCompared:
    """The tags of one repository: how many are the same, and which are not.

    `only_there` are still to be copied, `only_here` were pushed here; `different` point
    to another digest. `problem` says why there was nothing to compare.
    """

    name: str
    same: int = 0
    different: tuple[str, ...] = ()
    only_there: tuple[str, ...] = ()
    only_here: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PolicyCompared:
    """What a policy would do now to the tags that are here, by how many end so."""

    name: str
    was_enabled: bool
    state: str
    effects: dict[str, int] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of it."""

    repositories: tuple[RepositoryCompared, ...]
    policies: tuple[PolicyCompared, ...]


def compare(
    *,
    actor: Actor,
    source: Source,
    of: Import,
    namespaces: Collection[str] = (),
    progress: Progress = quiet,
) -> Comparison:
    """Compare what was taken over, perhaps of some namespaces only; writes nothing."""
    rows = [row for row in of.found.order_by("id") if _is_of(row, namespaces)]
    taken = [r for r in rows if r.kind == Kind.REPOSITORY and r.local_uuid]
    repositories = []
    for number, row in enumerate(taken):
        progress("compared", number, len(taken))
        repositories.append(_repository(source, row))
    progress("compared", len(taken), len(taken))
    found = [_policy(actor, row) for row in rows if row.kind == Kind.POLICY]
    return Comparison(tuple(repositories), tuple(found))


def _is_of(row: ImportedObject, namespaces: Collection[str]) -> bool:
    return not namespaces or row.name.partition("/")[0] in namespaces


def _repository(source: Source, row: ImportedObject) -> RepositoryCompared:
    rows = Repository.objects.live()
    here = rows.filter(uuid=row.local_uuid).first() if row.local_uuid else None
    if here is None:
        return RepositoryCompared(row.name, problem="It was deleted here since.")
    namespace, _, name = row.name.partition("/")
    if not is_repository(row.name):
        return RepositoryCompared(row.name, problem="Its name cannot be asked for.")
    try:
        there = {tag.name: tag.digest for tag in source.tags(namespace, name)}
    except NotThere:
        return RepositoryCompared(row.name, problem="It is not there any more.")
    tags = Tag.objects.filter(repository=here).values_list("name", "manifest__digest")
    return _compared(row.name, there, dict(tags))


def _compared(
    name: str, there: Mapping[str, str], here: Mapping[str, str]
) -> RepositoryCompared:
    both = there.keys() & here.keys()
    return RepositoryCompared(
        name=name,
        same=sum(there[tag] == here[tag] for tag in both),
        different=_some(tag for tag in both if there[tag] != here[tag]),
        only_there=_some(there.keys() - here.keys()),
        only_here=_some(here.keys() - there.keys()),
    )


def _some(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(tags))


def _policy(actor: Actor, row: ImportedObject) -> PolicyCompared:
    was_enabled = row.original.get("enabled") is True
    rows = PromotionPolicy.objects.kept()
    policy = rows.filter(uuid=row.local_uuid).first() if row.local_uuid else None
    if policy is None:
        why = row.reason or "It was deleted here since."
        return PolicyCompared(row.name, was_enabled, row.state, problem=why)
    trials = dry_run(actor=actor, version=policy.shown_version, policy=policy)
    found = [trial.effect for trial in trials.rows]
    counted = {effect.value: found.count(effect) for effect in Effect}
    said = " ".join(filter(None, (row.reason, CUT if trials.is_cut else "")))
    return PolicyCompared(row.name, was_enabled, row.state, counted, said)
