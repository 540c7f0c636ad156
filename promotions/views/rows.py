"""Policies as lists and pages show them: with what the reader may know and do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promotions.models import NamespaceAdmission, PromotionPolicy
from promotions.services.policies import Shown, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promotions.models import PolicyVersion, Standing
    from promotions.views.places import Place


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One policy in a list; `version` is what it does, or would do."""

    policy: PromotionPolicy
    version: PolicyVersion
    ends: Shown
    url: str
    switch_url: str
    is_kept_out: bool
    """Whether it is a global one that no administrator admitted here."""

    @property
    def standing(self) -> Standing:
        return self.policy.standing

    @property
    def has_proposal(self) -> bool:
        """Whether a change waits for consent while the policy runs as it is."""
        policy = self.policy
        return bool(policy.proposed_version_id and policy.current_version_id)


def rows_of(policies: Iterable[PromotionPolicy], place: Place) -> list[PolicyRow]:
    """Return the rows of a list, in a few queries for all of them."""
    found = list(policies)
    versions = [policy.shown_version for policy in found]
    ends = shown(place.actor, versions, place.repository)
    admitted = _admitted(place, found)
    return [
        PolicyRow(
            policy=policy,
            version=version,
            ends=ends[version.pk],
            url=place.url("policy", policy.uuid),
            switch_url=place.url("switch", policy.uuid),
            is_kept_out=admitted is not None
            and policy.scope == PromotionPolicy.Scope.GLOBAL
            and policy.pk not in admitted,
        )
        for policy, version in zip(found, versions, strict=True)
    ]


def _admitted(place: Place, policies: Iterable[PromotionPolicy]) -> set[int] | None:
    """Return the global policies admitted at a repository; None where none is."""
    is_any_global = any(policy.source_namespace_id is None for policy in policies)
    if place.repository is None or not is_any_global:
        return None
    rows = NamespaceAdmission.objects.filter(namespace=place.repository.namespace_id)
    return set(rows.values_list("policy", flat=True))


def links_of(place: Place, policy: PromotionPolicy) -> dict[str, Any]:
    """Return the addresses of what can be done with one policy."""
    pages = ("policy", "edit_policy", "switch", "delete", "consent", "retract")
    return {page: place.url(page, policy.uuid) for page in pages}
