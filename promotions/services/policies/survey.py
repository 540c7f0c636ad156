"""What a policy on many repositories touches: sources, targets, and where they meet."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from accounts.models import Namespace
from promotions.models import NamespaceAdmission, PromotionPolicy
from promotions.rules.repository_pattern import InvalidPattern, RepositoryPattern
from repositories.models import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promotions.models import PolicyVersion


@dataclass(frozen=True, slots=True)
class Pair:
    """A source and where its images go; `target` is "" where no name can be made."""

    source: str
    target: str
    becomes_public: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """Every repository that a version is about now, and what is remarkable there."""

    pairs: tuple[Pair, ...]
    waiting: tuple[str, ...]
    """Namespaces that match and wait for an administrator to admit them."""

    @property
    def publishing(self) -> list[Pair]:
        """Private repositories whose images become public."""
        return [one for one in self.pairs if one.becomes_public]

    @property
    def shared(self) -> dict[str, list[str]]:
        """The targets of more than one source, with these sources."""
        sources: dict[str, list[str]] = defaultdict(list)
        for one in self.pairs:
            sources[one.target].append(one.source)
        return {
            target: found
            for target, found in sources.items()
            if len(found) > 1 and target
        }

    @property
    def nowhere(self) -> list[str]:
        """The sources of whose names no legal target can be made."""
        return [one.source for one in self.pairs if not one.target]


def survey(version: PolicyVersion) -> Survey:
    """Return what the version is about; it need not be saved.

    A global one is shown in all namespaces that its pattern meets, admitted or not.
    """
    sources = list(repositories_of(version, admitted_only=False))
    targets = {source: _target(version, source) for source in sources}
    public = _public_among(targets.values())
    pairs = [
        Pair(
            source=source.full_name,
            target=target,
            becomes_public=target in public and not source.is_public,
        )
        for source, target in targets.items()
    ]
    return Survey(tuple(pairs), tuple(_waiting(version)))


def repositories_of(
    version: PolicyVersion, *, admitted_only: bool = True
) -> Iterator[Repository]:
    """Return the repositories that the version is about now, by name.

    Of a global one, with `admitted_only`, only those in admitted namespaces.
    """
    rows = Repository.objects.live().select_related("namespace")
    if version.source_repository_id is not None:
        yield from rows.filter(pk=version.source_repository_id)
        return
    pattern = RepositoryPattern.parse(version.source_pattern)
    if pattern.names_namespace:
        rows = rows.filter(namespace__name=pattern.namespace)
    if admitted_only and version.policy.scope == PromotionPolicy.Scope.GLOBAL:
        rows = rows.filter(namespace__in=_admitted(version))
    for row in rows.order_by("namespace__name", "name").iterator():
        if pattern.covers(row.full_name, is_personal=row.namespace.is_personal):
            yield row


def namespaces_of(version: PolicyVersion) -> list[Namespace]:
    """Return the namespaces in which a global version may act."""
    pattern = RepositoryPattern.parse(version.source_pattern)
    return [
        row
        for row in Namespace.objects.order_by("name").iterator()
        if pattern.admits(row.name, is_personal=row.is_personal)
    ]


def _admitted(version: PolicyVersion) -> list[int]:
    rows = NamespaceAdmission.objects.filter(policy=version.policy_id)
    return list(rows.values_list("namespace", flat=True))


def _waiting(version: PolicyVersion) -> list[str]:
    if version.policy.scope != PromotionPolicy.Scope.GLOBAL or not version.pk:
        return []
    admitted = set(_admitted(version))
    return [row.name for row in namespaces_of(version) if row.pk not in admitted]


def _target(version: PolicyVersion, source: Repository) -> str:
    try:
        return version.target_for(source)
    except InvalidPattern:
        return ""


def _public_among(names: Iterable[str]) -> set[str]:
    namespaces = {name.partition("/")[0] for name in names}
    rows = Repository.objects.live().filter(
        Q(visibility=Repository.Visibility.PUBLIC), namespace__name__in=namespaces
    )
    found = rows.values_list("namespace__name", "name")
    return {f"{namespace}/{name}" for namespace, name in found}
