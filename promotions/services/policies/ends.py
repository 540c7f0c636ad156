"""Whose admins answer for the two sides of a policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from accounts.models import Namespace
from promotions.models import PolicyConsent, PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern, TargetPattern
from repositories.models import Repository

if TYPE_CHECKING:
    from promotions.models import PolicyVersion
    from promotions.permissions import End


@dataclass(frozen=True, slots=True)
class Ends:
    """What one must administer to speak for a side.

    None means that only administrators of the portal do: the side is no single
    repository, and lies in no single namespace.
    """

    source: End
    target: End

    @classmethod
    def of(cls, version: PolicyVersion) -> Self:
        """Return the ends of a version, which need not be saved."""
        return cls(_source(version), _target(version))

    def on(self, side: str) -> End:
        """Return the end of that side."""
        return self.source if side == PolicyConsent.Side.SOURCE else self.target


def named_target(version: PolicyVersion) -> Repository | None:
    """Return the repository that the version names; None for others and patterns."""
    rows = Repository.objects.live().select_related("namespace")
    named = rows.filter(namespace=version.target_namespace, name=version.target_name)
    return named.first() if version.target_name else None


def _source(version: PolicyVersion) -> End:
    if version.policy.scope == PromotionPolicy.Scope.GLOBAL:
        return None
    repository = version.source_repository
    if repository is None or repository.deleted_at is not None:
        # Of a deleted repository nobody is an admin any more.
        return version.policy.source_namespace
    return repository


def _target(version: PolicyVersion) -> End:
    return named_target(version) or version.target_namespace or _made_since(version)


def _made_since(version: PolicyVersion) -> End:
    """Return what was made, after the version was saved, under the name it gives."""
    target = TargetPattern.parse(version.target_pattern)
    within = target.as_repository_pattern(RepositoryPattern(version.source))
    if not within.names_namespace:
        return None
    rows = Repository.objects.select_related("namespace").named(within.text)
    return rows.first() or Namespace.objects.filter(name=within.namespace).first()
