"""Which versions of policies are asked about a push."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from promotions.models import Evaluation, PolicyVersion, PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from repositories.models import Repository, TagMove

VERSIONS_KEPT = 20_000

_kept: dict[UUID, PolicyVersion] = {}
"""Versions by UUID: they never change, so a process reads each once.

What changes is read at each push: which versions run. Of their policies, and of the
namespaces of their targets, only the keys, UUIDs and names may be used, which stay.
"""


def asked_versions(
    repository: Repository, policy: PromotionPolicy | None = None
) -> list[PolicyVersion]:
    """Return those that run and are about the repository, perhaps only of `policy`.

    Those of older policies first. One query, and one more for versions that this
    process has not met.
    """
    running = PromotionPolicy.objects.asked_about(repository).order_by()
    if policy is not None:
        running = running.filter(pk=policy.pk)
    uuids = running.values_list("current_version__uuid", flat=True)
    asked = [one for one in _versions(uuids) if _is_about(one, repository)]
    return sorted(asked, key=attrgetter("policy_id"))


def asked_before(move: TagMove) -> set[int] | None:
    """Return the keys of the versions that were asked about the move; None if never.

    A version that was saved later acts on the move by *Save & Apply* alone, and nothing
    acts on what the first walk recorded: new evidence changes neither.
    """
    rows = Evaluation.objects.filter(tag_move=move)
    lists = list(rows.values_list("policy_versions", flat=True))
    return {key for keys in lists for key in keys} if lists else None


def _versions(uuids: Iterable[UUID]) -> list[PolicyVersion]:
    known = {uuid: _kept.get(uuid) for uuid in uuids}
    if missing := [uuid for uuid, version in known.items() if version is None]:
        rows = PolicyVersion.objects.select_related("policy", "target_namespace")
        loaded = rows.in_bulk(missing, field_name="uuid")
        known |= loaded
        _keep(loaded)
    return [version for version in known.values() if version is not None]


def _keep(loaded: dict[UUID, PolicyVersion]) -> None:
    if len(_kept) + len(loaded) > VERSIONS_KEPT:
        _kept.clear()
    _kept.update(loaded)


def _is_about(version: PolicyVersion, repository: Repository) -> bool:
    """Compare the pattern; an admission to a personal namespace outlives its name."""
    if not version.source_pattern:
        return True
    is_personal = repository.namespace.is_personal
    pattern = RepositoryPattern.parse(version.source_pattern)
    return pattern.covers(repository.full_name, is_personal=is_personal)
