"""Ask the enabled policies about a move of a tag, and write down what they answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from promotions.models import (
    Decision,
    Evaluation,
    PolicyVersion,
    Promotion,
    PromotionPolicy,
)
from promotions.models.promotion import State
from promotions.rules import (
    CompiledRules,
    ImageFacts,
    Result,
    Verdict,
    compile_rules,
    evaluate,
    matches,
    parse_rules,
)
from repositories.models import TagMove
from repositories.registry import TagName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from accounts.models import User

COMPILED_VERSIONS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Chain:
    """How a push came about: by a person (hop 1), or by promotions before."""

    root: TagMove
    hop: int
    originated_by: User | None


def evaluate_move(
    *,
    move_id: int,
    trigger: Evaluation.Trigger = Evaluation.Trigger.PUSH,
    policy: PromotionPolicy | None = None,
) -> list[int]:
    """Decide about one move; return the keys of the promotions to run.

    Asks all enabled policies of the repository, or only `policy`. Repeatable: what was
    decided and promoted before is neither decided nor promoted again. The number of
    queries does not depend on the number of policies.
    """
    move = _move(move_id)
    if not is_subject(move):
        _note_evaluation(move, trigger, [])
        return []
    versions = _versions(move, policy)
    facts = facts_of(move)
    verdicts = _decide(versions, facts, timezone.now())
    chain = _chain(move)
    with transaction.atomic():
        evaluation = _note_evaluation(move, trigger, versions)
        decisions = _write_decisions(evaluation, facts, verdicts)
        return _write_promotions(move, chain, decisions)


def explain(*, version: PolicyVersion, move: TagMove) -> Verdict:
    """Compute a verdict again, with every rule's outcome, from what is stored."""
    return evaluate(compiled(version), facts_of(move), timezone.now())


def facts_of(move: TagMove) -> ImageFacts:
    """Return what the rules are asked about: the tag and its push."""
    digest = move.to_manifest.digest if move.to_manifest else ""
    return ImageFacts(tag=move.tag, digest=digest, pushed_at=move.moved_at)


def evidence_version(move: TagMove) -> str:
    """Return a hash of the scans and exceptions a decision rests on (none so far)."""
    del move
    return hashlib.sha256(json.dumps([]).encode()).hexdigest()


def compiled(version: PolicyVersion) -> CompiledRules:
    """Return the version's rules, compiled once per process: versions never change."""
    return _compiled(version.pk, json.dumps(version.rules))


@lru_cache(maxsize=COMPILED_VERSIONS_KEPT)
def _compiled(_version_id: int, rules: str) -> CompiledRules:
    return compile_rules(parse_rules(json.loads(rules)))


def _move(move_id: int) -> TagMove:
    rows = TagMove.objects.select_related("repository__namespace", "to_manifest")
    return rows.defer("to_manifest__raw").get(pk=move_id)


def is_subject(move: TagMove) -> bool:
    """Tell whether policies are asked: not about deletions and attachments.

    Signatures, SBOMs and whatever else refers to an image travel with it.
    """
    manifest = move.to_manifest
    if manifest is None or manifest.subject_digest:
        return False
    return not TagName.parse(move.tag).is_attachment


def _versions(move: TagMove, policy: PromotionPolicy | None) -> list[PolicyVersion]:
    policies = PromotionPolicy.objects.asked_about(move.repository)
    if policy is not None:
        policies = policies.filter(pk=policy.pk)
    return [row.current_version for row in policies if row.current_version]


def _decide(
    versions: Iterable[PolicyVersion], facts: ImageFacts, now: datetime
) -> list[tuple[PolicyVersion, Verdict]]:
    """Return those versions that matched or wait, with their whole verdicts."""
    return [
        (version, evaluate(compiled(version), facts, now))
        for version in versions
        if matches(compiled(version), facts, now) is not Result.NOT_MATCHED
    ]


def _chain(move: TagMove) -> Chain:
    """Find the promotion that made the move, if one did, and go on from it."""
    if move.promotion_uuid is None:
        return Chain(root=move, hop=1, originated_by=move.originated_by)
    rows = Promotion.objects.select_related("root_move", "originated_by")
    parent = rows.filter(uuid=move.promotion_uuid).first()
    if parent is None:
        return Chain(root=move, hop=1, originated_by=move.originated_by)
    return Chain(parent.root_move, parent.hop + 1, parent.originated_by)


def _note_evaluation(
    move: TagMove, trigger: Evaluation.Trigger, versions: Sequence[PolicyVersion]
) -> Evaluation:
    return Evaluation.objects.create(
        tag_move=move,
        trigger=trigger,
        evidence_version=evidence_version(move),
        policy_versions=[version.pk for version in versions],
    )


def _write_decisions(
    evaluation: Evaluation,
    facts: ImageFacts,
    verdicts: Iterable[tuple[PolicyVersion, Verdict]],
) -> list[Decision]:
    """Write a row per verdict; return the rows, those of earlier runs included."""
    rows = [
        Decision(
            evaluation=evaluation,
            policy_version=version,
            tag_move=evaluation.tag_move,
            evidence_version=evaluation.evidence_version,
            verdict=verdict.result.value,
            outcomes=[outcome.to_json() for outcome in verdict.outcomes],
            facts=facts.to_json(),
            groups=list(verdict.groups),
            reevaluate_at=verdict.reevaluate_at,
        )
        for version, verdict in verdicts
    ]
    if not rows:
        return []
    Decision.objects.bulk_create(rows, ignore_conflicts=True)
    kept = Decision.objects.filter(
        tag_move=evaluation.tag_move,
        evidence_version=evaluation.evidence_version,
        policy_version__in=[row.policy_version_id for row in rows],
    )
    related = ("policy_version__policy", "policy_version__target_namespace")
    return list(kept.select_related(*related))


def _write_promotions(
    move: TagMove, chain: Chain, decisions: Iterable[Decision]
) -> list[int]:
    """Write one promotion per matched decision; return those that are to run."""
    matched = [row for row in decisions if row.verdict == Decision.Verdict.MATCHED]
    if not matched:
        return []
    promoted = Promotion.objects.filter(root_move=chain.root).count()
    rows = [
        _promotion(move, chain, decision, promoted + number)
        for number, decision in enumerate(matched)
    ]
    Promotion.objects.bulk_create(rows, ignore_conflicts=True)
    keys = [row.idempotency_key for row in rows]
    open_rows = Promotion.objects.filter(idempotency_key__in=keys, state=State.PENDING)
    return list(open_rows.order_by("id").values_list("pk", flat=True))


def _promotion(
    move: TagMove, chain: Chain, decision: Decision, number: int
) -> Promotion:
    version = decision.policy_version
    return Promotion(
        policy=version.policy,
        policy_version=version,
        decision=decision,
        idempotency_key=_key(version, move),
        source_repository=move.repository,
        source_tag=move.tag,
        tag_move=move,
        manifest=move.to_manifest,
        target_namespace=version.target_namespace,
        target_name=version.target_name,
        root_move=chain.root,
        hop=chain.hop,
        originated_by=chain.originated_by,
        **_limits(chain, number),
    )


def _key(version: PolicyVersion, move: TagMove, generation: int = 1) -> str:
    target = f"{version.target_namespace_id}/{version.target_name}"
    digest = hashlib.sha256(target.encode()).hexdigest()[:16]
    return (
        f"policy:{version.policy.uuid}:{version.number}:{move.pk}:{digest}:{generation}"
    )


def _limits(chain: Chain, number: int) -> dict[str, Any]:
    """Return the fields that stop a promotion beyond the limits of a chain."""
    if chain.hop > settings.PROMOTION_MAX_HOPS:
        code, limit = "HOP_LIMIT", f"{settings.PROMOTION_MAX_HOPS} hops"
    elif number >= settings.PROMOTION_MAX_PER_PUSH:
        code, limit = "FAN_OUT_LIMIT", f"{settings.PROMOTION_MAX_PER_PUSH} promotions"
    else:
        return {}
    reason = f"The chain that one push started stops after {limit}."
    return {
        "state": State.SKIPPED,
        "finished_at": timezone.now(),
        "error_code": code,
        "reason": reason,
    }
