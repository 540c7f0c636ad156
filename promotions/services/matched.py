"""What follows from a match: one promotion for each decision, to where it says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from accounts.models import Namespace
from promotions.models import Decision, Promotion
from promotions.models.promotion import State
from promotions.rules.repository_pattern import InvalidPattern
from promotions.services import telling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from promotions.models import PolicyVersion
    from repositories.models import Repository, TagMove

NO_LONGER_MET = "CRITERIA_NO_LONGER_MET"
WAS_STOPPED = frozenset({"POLICY_DISABLED", "CONSENT_WITHDRAWN", "NOT_ADMITTED"})
"""Why a promotion was skipped that its policy, running again, would make."""


@dataclass(frozen=True, slots=True)
class Chain:
    """How a push came about: by a person (hop 1), or by promotions before."""

    root: TagMove
    hop: int
    originated_by: User | None


@dataclass(frozen=True, slots=True)
class _Target:
    """Where images go, as a promotion keeps it; `refused` says why they cannot."""

    namespace: Namespace | None
    name: str
    refused: str = ""


def chain_of(move: TagMove) -> Chain:
    """Find the promotion that made the move, if one did, and go on from it."""
    if move.promotion_uuid is None:
        return Chain(root=move, hop=1, originated_by=move.originated_by)
    rows = Promotion.objects.select_related("root_move", "originated_by")
    parent = rows.filter(uuid=move.promotion_uuid).first()
    if parent is None:
        return Chain(root=move, hop=1, originated_by=move.originated_by)
    return Chain(parent.root_move, parent.hop + 1, parent.originated_by)


def write_promotions(
    move: TagMove, chain: Chain, decisions: Iterable[Decision]
) -> list[int]:
    """Write one promotion per matched decision; return those that are to run.

    Repeatable: a promotion that was written before is not written again.
    """
    matched = [row for row in decisions if row.verdict == Decision.Verdict.MATCHED]
    if not matched:
        return []
    before = list(Promotion.objects.filter(root_move=chain.root).order_by("generation"))
    rows = [_promotion(move, chain, row) for row in matched]
    _place(rows, move, _generations(move, before))
    known = {row.idempotency_key: row for row in before}
    new = [row for row in rows if row.idempotency_key not in known]
    for number, row in enumerate(new, start=len(before)):
        _stop_beyond_limits(row, chain, number)
    _write(new)
    telling.told_failed(new)
    found = (known.get(row.idempotency_key, row) for row in rows)
    return sorted(row.pk for row in found if row.state == State.PENDING)


def _write(rows: Iterable[Promotion]) -> None:
    """Insert; a person may have written the same generation at this moment.

    Then the update changes nothing: it is there for the row's key.
    """
    key = ["idempotency_key"]
    Promotion.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=key, update_fields=key
    )


def _targets(
    versions: Iterable[PolicyVersion], source: Repository
) -> dict[int, _Target]:
    """Return the targets by the version's key, with one query or none."""
    names: dict[int, str] = {}
    spaces = {source.namespace.name: source.namespace}
    targets: dict[int, _Target] = {}
    for version in versions:
        if space := version.target_namespace:
            spaces[space.name] = space
        if not version.target_pattern:
            targets[version.pk] = _Target(space, version.target_name)
            continue
        try:
            names[version.pk] = version.target_for(source)
        except InvalidPattern as error:
            targets[version.pk] = _Target(None, version.target_pattern, str(error))
    return targets | _made(names, spaces)


def _made(names: dict[int, str], known: dict[str, Namespace]) -> dict[int, _Target]:
    """Return the targets of these names; the namespaces not known are looked up."""
    wanted = {name.partition("/")[0] for name in names.values()} - known.keys()
    rows = Namespace.objects.filter(name__in=wanted) if wanted else ()
    found = known | {row.name: row for row in rows}
    made = {}
    for key, full_name in names.items():
        first, _, rest = full_name.partition("/")
        namespace = found.get(first)
        made[key] = _Target(namespace, rest if namespace else full_name)
    return made


def _generations(move: TagMove, before: Iterable[Promotion]) -> dict[int | None, int]:
    """Return the generation to write for each version; 1 for those not named.

    What was cancelled because the image did not meet the policy is promoted, once more,
    when it does again; so is what was skipped because the policy did not run. `before`
    are in the order of their generations.
    """
    found: dict[int | None, int] = {}
    for row in before:
        if row.tag_move_id == move.pk:
            found[row.policy_version_id] = row.generation + _is_due_again(row)
    return found


def _is_due_again(row: Promotion) -> bool:
    if row.state == State.SKIPPED:
        return row.error_code in WAS_STOPPED
    return row.state == State.CANCELLED and row.error_code == NO_LONGER_MET


def _promotion(move: TagMove, chain: Chain, decision: Decision) -> Promotion:
    return Promotion(
        policy=decision.policy_version.policy,
        policy_version=decision.policy_version,
        decision=decision,
        source_repository=move.repository,
        source_tag=move.tag,
        tag_move=move,
        manifest=move.to_manifest,
        root_move=chain.root,
        hop=chain.hop,
        originated_by=chain.originated_by,
    )


def _place(
    rows: Iterable[Promotion], move: TagMove, generations: dict[int | None, int]
) -> None:
    """Say where each goes, and which of how many times it is."""
    versions = {
        row.policy_version_id: row.policy_version for row in rows if row.policy_version
    }
    targets = _targets(versions.values(), move.repository)
    for row in rows:
        key, target = row.policy_version_id or 0, targets[row.policy_version_id or 0]
        row.target_namespace, row.target_name = target.namespace, target.name
        row.generation = generations.get(key, 1)
        row.idempotency_key = _key(versions[key], move, row.generation)
        if target.refused:
            _end(row, State.FAILED, "INVALID_TARGET_REPOSITORY", target.refused)


def _key(version: PolicyVersion, move: TagMove, generation: int) -> str:
    target = f"{version.target_namespace_id}/{version.target_name}"
    if version.target_pattern:
        target = version.target_pattern  # a move has one source, so one target of it
    digest = hashlib.sha256(target.encode()).hexdigest()[:16]
    return (
        f"policy:{version.policy.uuid}:{version.number}:{move.pk}:{digest}:{generation}"
    )


def _stop_beyond_limits(row: Promotion, chain: Chain, number: int) -> None:
    """Skip a promotion beyond the limits of a chain."""
    if chain.hop > settings.PROMOTION_MAX_HOPS:
        code, limit = "HOP_LIMIT", f"{settings.PROMOTION_MAX_HOPS} hops"
    elif number >= settings.PROMOTION_MAX_PER_PUSH:
        code, limit = "FAN_OUT_LIMIT", f"{settings.PROMOTION_MAX_PER_PUSH} promotions"
    else:
        return
    reason = f"The chain that one push started stops after {limit}."
    _end(row, State.SKIPPED, code, reason)


def _end(row: Promotion, state: State, code: str, reason: str) -> None:
    row.state, row.error_code, row.reason = state, code, reason[:500]
    row.finished_at = timezone.now()
