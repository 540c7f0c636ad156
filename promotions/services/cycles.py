"""Loops: whether what a policy promotes could come back to where it started."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, Q

from accounts.access import Action
from accounts.permissions import check
from promotions.models import PolicyVersion
from promotions.rules import TagTemplate, parse_rules
from promotions.rules.reach import may_feed
from promotions.rules.repository_pattern import RepositoryPattern, TargetPattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from django.db.models import QuerySet

    from accounts.access import Actor
    from accounts.models import Namespace
    from promotions.models import PromotionPolicy
    from promotions.rules import Criterion

MAX_VERSIONS = 500
"""How many versions a search follows, and how many it looks at for each hop."""

MAX_WAYS = 20
"""How many ways to a version are tried that its source allows."""

HIDDEN = "another repository"


@dataclass(frozen=True, slots=True)
class Cycle:
    """Versions of which each may feed the next, and the last one the first."""

    versions: tuple[PolicyVersion, ...]

    def shown_to(self, actor: Actor) -> str:
        """Return the path in words; what the actor may not see is not named."""
        names = [_shown_source(version, actor) for version in self.versions]
        return " → ".join([*names, names[0]])


@dataclass(frozen=True, slots=True)
class _Node:
    """A version, read: whence, whither, and which tags."""

    version: PolicyVersion
    source: RepositoryPattern
    target: RepositoryPattern
    template: TagTemplate
    rules: tuple[Criterion, ...]

    @classmethod
    def of(cls, version: PolicyVersion) -> _Node:
        source = RepositoryPattern(version.source)
        return cls(
            version=version,
            source=source,
            target=_target(version, source),
            template=TagTemplate.parse(version.tag_template),
            rules=parse_rules(version.rules),
        )

    def leads_to(self, other: _Node) -> bool:
        """Tell whether the target of this one may be a source of the other."""
        namespace = self.version.target_namespace
        return _meet(self.target, other.source) and _acts_in(other, namespace)

    def feeds(self, other: _Node) -> bool:
        """Tell whether what this one promotes may be promoted by the other."""
        return self.leads_to(other) and may_feed(
            self.template, self.rules, other.rules, suffixed=self._may_suffix
        )

    @property
    def _may_suffix(self) -> bool:
        kinds, chosen = PolicyVersion.OnConflict, self.version.on_conflict
        if chosen == kinds.OVERWRITE:
            return self.template.uses_time
        return chosen == kinds.KEEP_BOTH


Path = tuple[_Node, ...]


def refuse_cycle(
    *, actor: Actor, draft_version: PolicyVersion, policy: PromotionPolicy
) -> None:
    """Raise ValidationError when the version would close a loop; see `find_cycle`.

    The path is named as far as the actor may see it. Where an administrator allows
    the loop (`allow_cycle`), the caller does not ask.
    """
    cycle = find_cycle(draft_version=draft_version, policy=policy)
    if cycle is not None:
        message = (
            f"This would loop: {cycle.shown_to(actor)}. Change the target, or the tag"
            " template so that the next policy's rules cannot match."
        )
        raise ValidationError(message, code="cycle")


def find_cycle(
    *, draft_version: PolicyVersion, policy: PromotionPolicy
) -> Cycle | None:
    """Return the shortest loop through the version, which need not be saved.

    It stands in the place of all versions of its policy; of the others, deleted ones
    excepted, the current one counts, running or not. A proposed one does not: whoever
    proposes could keep others from saving theirs; it is asked about when it is
    accepted. The version must be valid but for this. A loop longer than a chain of
    promotions may be is none. The search is bounded by MAX_VERSIONS and MAX_WAYS; what
    lies beyond is left to the limit of hops, which stands guard when images are
    promoted.
    """
    start = _Node.of(draft_version)
    paths: list[Path] = [(start,)]
    seen: set[int] = set()
    for _hop in range(settings.PROMOTION_MAX_HOPS):
        closed = next((path for path in paths if path[-1].feeds(start)), None)
        if closed is not None:
            return Cycle(tuple(node.version for node in closed))
        paths = list(_longer(paths, policy, seen))
        seen |= {path[-1].version.pk for path in paths}
    return None


def _longer(
    paths: Sequence[Path], policy: PromotionPolicy, seen: set[int]
) -> Iterator[Path]:
    """Lead the paths on by one version each that was not reached before."""
    if not paths or len(seen) >= MAX_VERSIONS:
        return
    rows = _counting(policy).filter(_sources_near([path[-1].target for path in paths]))
    rows = rows.exclude(pk__in=seen).order_by("pk")
    for version in rows[: MAX_VERSIONS - len(seen)]:
        node = _Node.of(version)
        ways = islice((path for path in paths if path[-1].leads_to(node)), MAX_WAYS)
        path = next((path for path in ways if path[-1].feeds(node)), None)
        if path is not None:
            yield (*path, node)


def _counting(policy: PromotionPolicy) -> QuerySet[PolicyVersion]:
    """Return the versions of other policies that both sides agreed to."""
    rows = PolicyVersion.objects.filter(
        pk=F("policy__current_version"), policy__deleted_at__isnull=True
    )
    if policy.pk is not None:
        rows = rows.exclude(policy=policy)
    return rows.select_related(
        "policy__source_namespace",
        "source_repository__namespace",
        "target_namespace",
    )


def _sources_near(targets: Iterable[RepositoryPattern]) -> Q:
    """Return a condition that every version promoting from the targets meets.

    Others may meet it, too; it is there to keep the search from loading everything.
    """
    namespaces, names, whole = set(), set(), set()
    for target in targets:
        if not target.names_namespace:
            return Q()
        if target.names_repository:
            namespaces.add(target.namespace)
            names.add(target.text.partition("/")[2])
        else:
            whole.add(target.namespace)
    return (
        Q(
            source_repository__namespace__name__in=namespaces,
            source_repository__name__in=names,
        )
        | Q(source_repository__namespace__name__in=whole)
        | Q(
            policy__source_namespace__name__in=namespaces | whole,
            source_repository=None,
        )
        | Q(policy__scope="global")
    )


def _target(version: PolicyVersion, source: RepositoryPattern) -> RepositoryPattern:
    if version.target_pattern:
        return TargetPattern.parse(version.target_pattern).as_repository_pattern(source)
    return RepositoryPattern(version.target)


@lru_cache(maxsize=4096)
def _meet(target: RepositoryPattern, source: RepositoryPattern) -> bool:
    """Tell whether some repository belongs to both."""
    if target.names_repository:
        return source.matches(target.text)
    return source.overlaps(target)


def _acts_in(node: _Node, namespace: Namespace | None) -> bool:
    """Tell whether the policy is ever asked about pushes to the namespace.

    None, that of a pattern, may be any.
    """
    if namespace is None:
        return True
    return node.source.admits(namespace.name, is_personal=namespace.is_personal)


def _shown_source(version: PolicyVersion, actor: Actor) -> str:
    return version.source if _sees_source(version, actor) else HIDDEN


def _sees_source(version: PolicyVersion, actor: Actor) -> bool:
    """Tell whether the actor may know the repository, or the policy of a pattern."""
    if version.source_repository is not None:
        return bool(check(actor, Action.PULL, version.source_repository))
    if version.policy.source_namespace is not None:
        return bool(check(actor, Action.ADMIN, version.policy.source_namespace))
    return actor.is_administrator
