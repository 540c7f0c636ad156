"""How the API shows a policy: responses.PromotionPolicy of MSR, and ours beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promotions.permissions import administers
from promotions.services.policies import (
    Ends,
    Shown,
    Survey,
    difference,
    is_about,
    shown,
    survey,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.access import Actor
    from promotions.models import PolicyVersion, PromotionPolicy
    from repositories.models import Repository

NEVER = "0001-01-01T00:00:00Z"  # Go's zero time, which MSR answers before the first run
ENDS = ("source", "target")
REPOSITORIES_LISTED = 100


def policies_json(
    actor: Actor, policies: Iterable[PromotionPolicy], at: Repository | None = None
) -> list[dict[str, Any]]:
    """Return the policies as the reader may see them; an end not to be known is "".

    `at` is the repository of the address: of a policy about many, its own source and
    target are shown there.
    """
    rows = list(policies)
    versions = [
        version
        for row in rows
        for version in (row.current_version, row.proposed_version)
        if version is not None
    ]
    ends = shown(actor, versions, at)
    return [_policy(row, ends, at) for row in rows]


def policy_json(
    actor: Actor, policy: PromotionPolicy, at: Repository | None = None
) -> dict[str, Any]:
    """Return one policy; to who makes it, with what its pattern is about now."""
    (shown_policy,) = policies_json(actor, [policy], at)
    version = policy.proposed_version or policy.shown_version
    version.policy = policy
    if version.source_pattern and administers(actor, Ends.of(version).source):
        shown_policy["survey"] = _survey(survey(version))
    return shown_policy


def _survey(found: Survey) -> dict[str, Any]:
    """Return sources with their targets, the first of them, and what is remarkable."""
    return {
        "count": len(found.pairs),
        "repositories": [
            {"source": one.source, "target": one.target}
            for one in found.pairs[:REPOSITORIES_LISTED]
        ],
        "sharedTargets": found.shared,
        "becomePublic": [one.source for one in found.publishing],
        "waitingNamespaces": list(found.waiting),
    }


def _policy(
    policy: PromotionPolicy, ends: dict[int, Shown], at: Repository | None
) -> dict[str, Any]:
    version, proposed = policy.shown_version, policy.proposed_version
    return {
        "id": policy.uuid,
        "enabled": policy.enabled,
        "lastPromotedAt": policy.last_promoted_at or NEVER,
        **_content(version, ends[version.pk], at),
        "scope": policy.scope,
        **_file(policy, ends[version.pk]),
        "standing": policy.standing,
        "consents": _consents(version, ends[version.pk]),
        "proposed": proposed and policy.current_version and _proposed(policy, ends, at),
    }


def _file(policy: PromotionPolicy, ends: Shown) -> dict[str, Any]:
    """Return which file owns the policy; its key may tell what the ends are called."""
    return {
        "key": policy.key if ends.is_whole else "",
        "managedBy": policy.managed_by if ends.is_whole else "",
        "managedAt": policy.managed_at if ends.is_whole else None,
    }


def _content(
    version: PolicyVersion, ends: Shown, at: Repository | None
) -> dict[str, Any]:
    here = at.full_name if at and is_about(version, at) else ""
    return {
        "sourceRepository": here if version.source_pattern else ends.source,
        "sourcePattern": ends.source if version.source_pattern else "",
        "targetRepository": ends.target,
        "tagTemplate": version.tag_template,
        "rules": version.rules,
        "zone": version.zone,
        "onMovedTag": version.on_moved_tag,
        "onConflict": version.on_conflict,
        "unscored": version.unscored,
        "unlicensed": version.unlicensed,
        "allowUnscannable": version.allow_unscannable,
        "origins": version.origins,
        "exceptionsOf": version.exceptions_of,
        "allowPublicTarget": version.allow_public_target,
        "allowCycle": version.allow_cycle,
        "version": version.number,
    }


def _proposed(
    policy: PromotionPolicy, ends: dict[int, Shown], at: Repository | None
) -> dict[str, Any] | None:
    """Return what waits for consent beside what runs, and what it changes."""
    old, new = policy.current_version, policy.proposed_version
    if old is None or new is None:
        return None
    return {
        **_content(new, ends[new.pk], at),
        "consents": _consents(new, ends[new.pk]),
        "difference": [
            {
                "field": change.field,
                "removed": _lines(change.field, change.removed, ends[old.pk]),
                "added": _lines(change.field, change.added, ends[new.pk]),
            }
            for change in difference(old, new)
        ],
    }


def _lines(field: str, lines: tuple[str, ...], ends: Shown) -> list[str]:
    """Return the lines of a change; an end as the reader may see it."""
    return [getattr(ends, field)] if field in ENDS else list(lines)


def _consents(version: PolicyVersion, ends: Shown) -> list[dict[str, Any]]:
    """Return the answers; who gave one at an end not to be known is null."""
    return [
        {
            "side": consent.side,
            "answer": consent.answer,
            "decidedBy": consent.decided_by.username
            if consent.decided_by and ends.knows(consent.side)
            else None,
            "decidedAt": consent.decided_at,
            "comment": consent.comment if ends.is_whole else "",
        }
        for consent in version.consents.all()
    ]
