"""Ask the enabled policies about a move of a tag, and write down what they answer."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

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
    EvidenceKind,
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
from promotions.rules.repository_pattern import InvalidPattern, RepositoryPattern
from promotions.services.evidence import Gathered, Wanted, gather
from promotions.services.matched import NO_LONGER_MET, chain_of, write_promotions
from repositories.models import Repository, TagMove
from repositories.registry import TagName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


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


def evaluate_move(
    *,
    move_id: int,
    trigger: Evaluation.Trigger = Evaluation.Trigger.PUSH,
    policy: PromotionPolicy | None = None,
) -> list[int]:
    """Decide about one move; return the keys of the promotions to run.

    Asks all enabled policies of the repository, or only `policy`; where there is new
    evidence, those that were asked before. Repeatable: what was decided and promoted
    before is neither decided nor promoted again. The number of queries does not depend
    on the number of policies.
    """
    move = _move(move_id)
    asked = asked_before(move) if trigger == Evaluation.Trigger.EVIDENCE else None
    if asked is None and move.is_baseline and trigger == Evaluation.Trigger.EVIDENCE:
        return []
    if not is_subject(move):
        _note_evaluation(move, trigger, [])
        return []
    versions = [
        version
        for version in _versions(move, policy)
        if asked is None or version.pk in asked
    ]
    decided = decide(versions, move)
    chain = chain_of(move)
    with transaction.atomic():
        evaluation = _note_evaluation(move, trigger, decided)
        _forget_waiting(move, policy)
        decisions = _write_decisions(evaluation, decided)
        if trigger != Evaluation.Trigger.PUSH:
            _cancel_unmet(move, decided)
        return write_promotions(move, chain, decisions)


def decide_by_hand(
    *, version: PolicyVersion, move: TagMove
) -> tuple[Decision | None, Verdict]:
    """Decide again because a person asks; the decision is None unless it matches."""
    (decided,) = decide([version], move)
    with transaction.atomic():
        evaluation = _note_evaluation(move, Evaluation.Trigger.MANUAL, [decided])
        _forget_waiting(move, version.policy)
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
        groups[_evidence_key(version, move)].append(version)
    now = at or timezone.now()
    return [
        Decided(version, gathered, now, matches(compiled(version), gathered.facts, now))
        for group in groups.values()
        for gathered in [gather(move, _wanted(group, move))]
        for version in group
    ]


def _evidence_key(version: PolicyVersion, move: TagMove) -> tuple[Any, ...]:
    """Return what versions have in common that want the same evidence."""
    own = version.exceptions_of == PolicyVersion.Exceptions.TARGET
    return tuple(version.origins), _target_name(version, move) if own else None


def _target_name(version: PolicyVersion, move: TagMove) -> str:
    """Return the OCI name of the target; "" where the pattern makes none."""
    try:
        return version.target_for(move.repository)
    except InvalidPattern:
        return ""


def _wanted(versions: Sequence[PolicyVersion], move: TagMove) -> Wanted:
    """Return the evidence that versions of one evidence key ask for together."""
    needs = frozenset[EvidenceKind]().union(*(compiled(one).needs for one in versions))
    first = versions[0]
    keys = frozenset[str]().union(*(compiled(one).keys for one in versions))
    wanted = Wanted(needs, tuple(first.origins), keys=keys)
    if first.exceptions_of != PolicyVersion.Exceptions.TARGET:
        return wanted
    name = _target_name(first, move)
    target = Repository.objects.select_related("namespace").named(name).first()
    return replace(wanted, by_target=True, exceptions_by=target)


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


def asked_before(move: TagMove) -> set[int] | None:
    """Return the keys of the versions that were asked about the move; None if never.

    A version that was saved later acts on the move by *Save & Apply* alone, and nothing
    acts on what the first walk recorded: new evidence changes neither.
    """
    rows = Evaluation.objects.filter(tag_move=move)
    lists = list(rows.values_list("policy_versions", flat=True))
    return {key for keys in lists for key in keys} if lists else None


def _forget_waiting(move: TagMove, policy: PromotionPolicy | None) -> None:
    """Delete what waits: it is answered anew, or its policy does not run any more."""
    waiting = Decision.objects.filter(tag_move=move, verdict=Decision.Verdict.WAITING)
    if policy is not None:
        waiting = waiting.filter(policy_version__policy=policy)
    waiting.delete()


def _write_decisions(
    evaluation: Evaluation, decided: Iterable[Decided]
) -> list[Decision]:
    """Keep a row per version that matched or waits.

    Returns the rows, those of earlier runs included. A row that matched stays as it
    is: promotions rest on it.
    """
    asked = list(decided)
    rows = [
        _decision(evaluation, one)
        for one in asked
        if one.result is not Result.NOT_MATCHED
    ]
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
    """Cancel what has not started and does not meet its policy any more.

    Nor does what is unknown by now: a scan grew old, or a key was retired.
    """
    unmet = [one for one in decided if one.result is not Result.MATCHED]
    open_rows = Promotion.objects.filter(
        tag_move=move,
        policy_version__in=[one.version.pk for one in unmet],
        state__in=(State.PENDING, State.WAITING),
    )
    open_rows.update(
        state=State.CANCELLED,
        finished_at=timezone.now(),
        error_code=NO_LONGER_MET,
        reason="The image does not meet the policy's criteria any more.",
    )
