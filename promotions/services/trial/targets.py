"""Where a draft sends the images of each source, as far as who asks may know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from accounts.access import Action
from accounts.models import Namespace
from promotions.rules.repository_pattern import InvalidPattern
from repositories.models import Repository
from repositories.services import repositories

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.access import Actor
    from promotions.models import PolicyVersion


class Standing(Enum):
    """What a promotion would find under the target's name."""

    THERE = auto()
    """A repository that the reader may pull."""

    FREE = auto()
    """Nothing; the first promotion makes the repository, private."""

    MISSING = auto()
    """Nothing, and promotions wait until somebody makes the repository."""

    HIDDEN = auto()
    """What the reader may not know, not even whether there is anything."""

    ILLEGAL = auto()
    """No repository can have the name that the draft's pattern makes."""


@dataclass(frozen=True, slots=True)
class Target:
    """The end of a promotion; `repository` is None unless it is there."""

    name: str
    standing: Standing
    repository: Repository | None = None
    error: str = ""


def targets_for(
    actor: Actor, version: PolicyVersion, sources: Iterable[Repository]
) -> dict[int, Target]:
    """Return the target for each source by the source's key, in a few queries."""
    named: dict[int, str] = {}
    found: dict[int, Target] = {}
    for source in sources:
        try:
            named[source.pk] = version.target_for(source)
        except InvalidPattern as error:
            found[source.pk] = Target("", Standing.ILLEGAL, error=str(error))
    known = _Known.of(actor, set(named.values()))
    looked_up = {name: known.target(name) for name in set(named.values())}
    return found | {key: looked_up[name] for key, name in named.items()}


@dataclass(frozen=True, slots=True)
class _Known:
    """What stands under some names, and what of it the reader may know."""

    rows: dict[str, Repository]
    visible: frozenset[int]
    namespaces: dict[str, Namespace]
    is_administrator: bool

    @classmethod
    def of(cls, actor: Actor, names: Iterable[str]) -> _Known:
        pairs = [name.partition("/") for name in names]
        owners, rest = {pair[0] for pair in pairs}, {pair[2] for pair in pairs}
        rows = Repository.objects.select_related("namespace").filter(
            namespace__name__in=owners, name__in=rest
        )
        pullable = Repository.objects.permitted(actor, Action.PULL)
        namespaces = Namespace.objects.permitted(actor, Action.PULL)
        return cls(
            rows={row.full_name: row for row in rows},
            visible=frozenset(
                pullable.filter(pk__in=[row.pk for row in rows]).values_list(
                    "pk", flat=True
                )
            ),
            namespaces={row.name: row for row in namespaces.filter(name__in=owners)},
            is_administrator=actor.is_administrator,
        )

    def target(self, name: str) -> Target:
        row = self.rows.get(name)
        if row is not None and row.deleted_at is None:
            if row.pk in self.visible:
                return Target(name, Standing.THERE, row)
            return Target(name, Standing.HIDDEN)
        return Target(name, self._of_absent(name, is_reserved=row is not None))

    def _of_absent(self, full_name: str, *, is_reserved: bool) -> Standing:
        owner, _, name = full_name.partition("/")
        namespace = self.namespaces.get(owner)
        if namespace is None:
            return Standing.MISSING if self.is_administrator else Standing.HIDDEN
        is_free = namespace.create_on_push and not is_reserved
        if is_free and repositories.is_adoptable(namespace=namespace, name=name):
            return Standing.FREE
        return Standing.MISSING
