"""Where a policy is looked at, when it is met elsewhere than at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

if TYPE_CHECKING:
    from promotions.models import PolicyVersion, PromotionPolicy
    from promotions.services.policies import Shown


def policy_at(policy: PromotionPolicy, *repositories: str) -> str:
    """Return its page at the first of the names that is one; "" where none is.

    The reader may open those repositories.
    """
    for name in filter(None, repositories):
        return reverse("promotions:policy", args=(*_parts(name), policy.uuid))
    return ""


def history_at(repository: str, policy: PromotionPolicy | None, side: str = "") -> str:
    """Return the history of a repository, of the policy only; `side` is "target"."""
    given = {"as": side, "policy": str(policy.uuid) if policy else ""}
    query = {key: value for key, value in given.items() if value}
    url = reverse(
        "promotions:policies", args=_parts(repository), query=query, fragment="history"
    )
    return str(url)


def policy_of_namespace(policy: PromotionPolicy, namespace: str) -> str:
    """Return its page at a namespace; without one, among those of the whole registry.

    The reader is an admin there.
    """
    if namespace and "{" not in namespace:
        return reverse("promotions:namespace_policy", args=(namespace, policy.uuid))
    return reverse("promotions:global_policy", args=(policy.uuid,))


def policy_at_target(
    policy: PromotionPolicy, version: PolicyVersion, ends: Shown
) -> str:
    """Return its page for who speaks for the target of the version."""
    target = ends.target if ends.opens_target else ""
    namespace = version.target.partition("/")[0]
    return policy_at(policy, target) or policy_of_namespace(policy, namespace)


def policy_at_source(policy: PromotionPolicy, ends: Shown) -> str:
    """Return its page for who speaks for the source."""
    source = ends.source if ends.opens_source else ""
    namespace = policy.source_namespace
    name = namespace.name if namespace else ""
    return policy_at(policy, source) or policy_of_namespace(policy, name)


def _parts(name: str) -> tuple[str, str]:
    namespace, _, rest = name.partition("/")
    return namespace, rest
