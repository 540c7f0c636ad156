"""Ask the enabled policies about a move of a tag, and write down what they answer."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
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
    Options,
    Result,
    Unlicensed,
    Unscored,
    Verdict,
    compile_rules,
    evaluate,
    matches,
    parse_rules,
)
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services.evidence import Gathered, Wanted, gather
from repositories.models import Repository, TagMove
from repositories.registry import TagName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from accounts.models import User

COMPILED_VERSIONS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Decided:
    """What one version says of a push, on which evidence; the words cost extra."""

    version: PolicyVersion
    gathered: Gathered
    at: datetime
    result: Result

    def explained(self) -> Verdict:
        """Return the verdict with the outcome of every rule."""
        return evaluate(compiled(self.version), self.gathered.facts, self.at)


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
    decided = decide(versions, move)
    chain = _chain(move)
    with transaction.atomic():
        evaluation = _note_evaluation(move, trigger, decided)
        decisions = _write_decisions(evaluation, decided)
        if trigger != Evaluation.Trigger.PUSH:
            _cancel_unmet(move, decided)
        return _write_promotions(move, chain, decisions)


def decide_by_hand(
    *, version: PolicyVersion, move: TagMove
) -> tuple[Decision | None, Verdict]:
    """Decide again because a person asks; the decision is None unless it matches."""
    (decided,) = decide([version], move)
    with transaction.atomic():
        evaluation = _note_evaluation(move, Evaluation.Trigger.MANUAL, [decided])
        rows = _write_decisions(evaluation, [decided])
    matched = decided.result is Result.MATCHED
    return (rows[0] if matched else None), decided.explained()


def explain(*, version: PolicyVersion, move: TagMove) -> Verdict:
    """Compute a verdict again, with every rule's outcome, from what is stored.

    The evidence is that of today, also for a push of long ago.
    """
    return explain_all([version], move)[version.pk]


def explain_all(versions: Iterable[PolicyVersion], move: TagMove) -> dict[int, Verdict]:
    """Return the verdicts of many versions by their keys; evidence is read once."""
    decided = decide(versions, move)
    return {one.version.pk: one.explained() for one in decided}


def decide(
    versions: Iterable[PolicyVersion], move: TagMove, at: datetime | None = None
) -> list[Decided]:
    """Answer for each version; those that want the same evidence share it.

    `at` is the time that rules compare with, or now; the evidence is that of today.
    """
    groups: dict[Any, list[PolicyVersion]] = defaultdict(list)
    for version in versions:
        groups[_evidence_key(version)].append(version)
    now = at or timezone.now()
    return [
        Decided(version, gathered, now, matches(compiled(version), gathered.facts, now))
        for group in groups.values()
        for gathered in [gather(move, _wanted(group))]
        for version in group
    ]


def _evidence_key(version: PolicyVersion) -> tuple[Any, ...]:
    own = version.exceptions_of == PolicyVersion.Exceptions.TARGET
    target = (version.target_namespace_id, version.target_name)
    return tuple(version.origins), target if own else None


def _wanted(versions: Sequence[PolicyVersion]) -> Wanted:
    """Return the evidence that versions of one evidence key ask for together."""
    first = versions[0]
    needs = [compiled(version).needs for version in versions]
    target = None
    if first.exceptions_of == PolicyVersion.Exceptions.TARGET:
        rows = Repository.objects.live().filter(namespace=first.target_namespace)
        target = rows.filter(name=first.target_name).first()
    return Wanted(frozenset().union(*needs), tuple(first.origins), target)


def compiled(version: PolicyVersion) -> CompiledRules:
    """Return the version's rules, compiled once per process: versions never change."""
    options = Options(
        unscored=Unscored(version.unscored),
        unlicensed=Unlicensed(version.unlicensed),
        allow_unscannable=version.allow_unscannable,
    )
    return _compiled(version.pk, json.dumps(version.rules), options)


@lru_cache(maxsize=COMPILED_VERSIONS_KEPT)
def _compiled(_version_id: int, rules: str, options: Options) -> CompiledRules:
    return compile_rules(parse_rules(json.loads(rules)), options)


def _move(move_id: int) -> TagMove:
    rows = TagMove.objects.select_related(
        "repository__namespace", "to_manifest", "originated_by"
    )
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
    versions = []
    for row in policies:
        version = row.current_version
        if version is None or not _is_about(version, move.repository):
            continue
        version.policy = row
        versions.append(version)
    return versions


def _is_about(version: PolicyVersion, repository: Repository) -> bool:
    if not version.source_pattern:
        return True
    pattern = RepositoryPattern.parse(version.source_pattern)
    return pattern.matches(repository.full_name)


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
    move: TagMove, trigger: Evaluation.Trigger, decided: Sequence[Decided]
) -> Evaluation:
    evidence = sorted({one.gathered.version for one in decided})
    return Evaluation.objects.create(
        tag_move=move,
        trigger=trigger,
        evidence_version=hashlib.sha256("".join(evidence).encode()).hexdigest(),
        policy_versions=[one.version.pk for one in decided],
    )


def _write_decisions(
    evaluation: Evaluation, decided: Iterable[Decided]
) -> list[Decision]:
    """Keep a row per version that matched or waits, and no other row that waits.

    Returns the rows, those of earlier runs included. A row that matched stays as it
    is: promotions rest on it.
    """
    asked = list(decided)
    rows = [
        _decision(evaluation, one)
        for one in asked
        if one.result is not Result.NOT_MATCHED
    ]
    waiting = Decision.objects.filter(
        tag_move=evaluation.tag_move,
        policy_version__in=[one.version.pk for one in asked],
        verdict=Decision.Verdict.WAITING,
    )
    # What waited is decided anew: by better evidence, or because its time came.
    waiting.delete()
    Decision.objects.bulk_create(rows, ignore_conflicts=True)
    versions = {one.version.pk: one.version for one in asked}
    kept = Decision.objects.filter(
        tag_move=evaluation.tag_move,
        evidence_version__in={row.evidence_version for row in rows},
        policy_version__in=[row.policy_version_id for row in rows],
    )
    found = list(kept) if rows else []
    for row in found:
        row.policy_version = versions[row.policy_version_id]
    return found


def _decision(evaluation: Evaluation, decided: Decided) -> Decision:
    verdict = decided.explained()
    return Decision(
        evaluation=evaluation,
        policy_version=decided.version,
        tag_move=evaluation.tag_move,
        evidence_version=decided.gathered.version,
        verdict=verdict.result.value,
        outcomes=[outcome.to_json() for outcome in verdict.outcomes],
        facts=decided.gathered.facts.to_json(),
        exceptions=decided.gathered.exceptions,
        groups=list(verdict.groups),
        reevaluate_at=verdict.reevaluate_at,
        expires_at=verdict.expires_at,
    )


def _cancel_unmet(move: TagMove, decided: Iterable[Decided]) -> None:
    """Cancel what has not started and does not meet its policy any more."""
    unmet = [one for one in decided if one.result is Result.NOT_MATCHED]
    open_rows = Promotion.objects.filter(
        tag_move=move,
        policy_version__in=[one.version.pk for one in unmet],
        state__in=(State.PENDING, State.WAITING),
    )
    open_rows.update(
        state=State.CANCELLED,
        finished_at=timezone.now(),
        error_code="CRITERIA_NO_LONGER_MET",
        reason="The image does not meet the policy's criteria any more.",
    )


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
