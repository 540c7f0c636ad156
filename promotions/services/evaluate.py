"""Ask the enabled policies about a move of a tag, and write down what they answer."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
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
    EvidenceKind,
    Result,
    Verdict,
    evaluate,
    matches,
)
from promotions.rules.repository_pattern import InvalidPattern
from promotions.services.asked import asked_before, asked_versions
from promotions.services.evidence import Gathered, Wanted, gather
from promotions.services.matched import NO_LONGER_MET, chain_of, write_promotions
from repositories.models import Repository, TagMove
from repositories.registry import TagName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


_KEY = ("policy_version", "evidence_version")  # of a decision about one move


@dataclass(frozen=True, slots=True)
class Decided:
    """What one version says of a push, on which evidence; the words cost extra."""

    version: PolicyVersion
    gathered: Gathered
    at: datetime
    result: Result

    @property
    def waits_for_a_scan(self) -> bool:
        """Whether what is known of vulnerabilities is too old to answer."""
        asks = EvidenceKind.VULNERABILITIES in self.version.compiled.needs
        return self.result is Result.WAITING and asks and self.gathered.is_outdated

    def explained(self) -> Verdict:
        """Return the verdict with the outcome of every rule."""
        return evaluate(self.version.compiled, self.gathered.facts, self.at)


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
    with transaction.atomic():
        move = _locked(move_id)
        before = asked_before(move) if trigger == Evaluation.Trigger.EVIDENCE else None
        if before is None and _is_only_recorded(move, trigger):
            return []
        asked = asked_versions(move.repository, policy) if is_subject(move) else []
        decided = decide([v for v in asked if before is None or v.pk in before], move)
        evaluation = _note_evaluation(move, trigger, decided)
        decisions = _write_decisions(evaluation, decided, policy)
        if trigger != Evaluation.Trigger.PUSH:
            _cancel_unmet(move, decided)
        return write_promotions(move, chain_of(move), decisions)


def _is_only_recorded(move: TagMove, trigger: Evaluation.Trigger) -> bool:
    """Tell whether the move is of the first walk, and nobody applied a policy to it."""
    return move.is_baseline and trigger == Evaluation.Trigger.EVIDENCE


def decide_by_hand(
    *, version: PolicyVersion, move: TagMove
) -> tuple[Decision | None, Verdict]:
    """Decide again because a person asks; the decision is None unless it matches."""
    with transaction.atomic():
        _locked(move.pk)
        (decided,) = decide([version], move)
        evaluation = _note_evaluation(move, Evaluation.Trigger.MANUAL, [decided])
        rows = _write_decisions(evaluation, [decided], version.policy)
    matched = decided.result is Result.MATCHED
    return (rows[0] if matched else None), decided.explained()


def decide(
    versions: Iterable[PolicyVersion],
    move: TagMove,
    at: datetime | None = None,
    held_by: Repository | None = None,
) -> list[Decided]:
    """Answer for each version; those that want the same evidence share it.

    `at` is the time that rules compare with, or now; the evidence is that of today.
    `held_by` is where the image is looked at, if the source has it no more.
    """
    groups: dict[Any, list[PolicyVersion]] = defaultdict(list)
    for version in versions:
        groups[_evidence_key(version, move)].append(version)
    now = at or timezone.now()
    return [
        Decided(version, gathered, now, matches(version.compiled, gathered.facts, now))
        for group in groups.values()
        for gathered in [gather(move, replace(_wanted(group, move), held_by=held_by))]
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
    needs = frozenset[EvidenceKind]().union(*(one.compiled.needs for one in versions))
    first = versions[0]
    keys = frozenset[str]().union(*(one.compiled.keys for one in versions))
    wanted = Wanted(needs, tuple(first.origins), keys=keys)
    if first.exceptions_of != PolicyVersion.Exceptions.TARGET:
        return wanted
    name = _target_name(first, move)
    target = Repository.objects.select_related("namespace").named(name).first()
    return replace(wanted, by_target=True, exceptions_by=target)


def _locked(move_id: int) -> TagMove:
    """Return the move; others who decide about it wait until we have written."""
    rows = TagMove.objects.select_related(
        "repository__namespace", "to_manifest", "originated_by"
    )
    locked = rows.select_for_update(of=("self",), no_key=True)
    return locked.defer("to_manifest__raw").get(pk=move_id)


def is_subject(move: TagMove) -> bool:
    """Tell whether policies are asked: not about deletions and attachments.

    Signatures, SBOMs and whatever else refers to an image travel with it.
    """
    manifest = move.to_manifest
    if manifest is None or manifest.subject_digest:
        return False
    return not TagName.parse(move.tag).is_attachment


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
    evaluation: Evaluation,
    decided: Sequence[Decided],
    policy: PromotionPolicy | None,
) -> list[Decision]:
    """Keep a row per version that matched or waits, and no other row that waits.

    What waited is answered anew, or its policy does not run any more; with `policy`,
    only its own rows are looked at. Returns the rows, those of earlier runs included. A
    row that matched stays as it is: promotions rest on it.
    """
    rows = [
        _decision(evaluation, one)
        for one in decided
        if one.result is not Result.NOT_MATCHED
    ]
    known = Decision.objects.filter(tag_move=evaluation.tag_move).only(*_KEY, "verdict")
    if policy is not None:
        known = known.filter(policy_version__policy=policy)
    kept = {_key(row): row for row in known if row.verdict == Decision.Verdict.MATCHED}
    if waited := [row.pk for row in known if row.verdict == Decision.Verdict.WAITING]:
        Decision.objects.filter(pk__in=waited).delete()
    Decision.objects.bulk_create(row for row in rows if _key(row) not in kept)
    found = [kept.get(_key(row), row) for row in rows]
    for row, asked in zip(found, rows, strict=True):
        row.policy_version = asked.policy_version
    return found


def _key(row: Decision) -> tuple[int, str]:
    return row.policy_version_id, row.evidence_version


def _decision(evaluation: Evaluation, decided: Decided) -> Decision:
    verdict = decided.explained()
    return Decision(
        evaluation=evaluation,
        policy_version=decided.version,
        tag_move=evaluation.tag_move,
        evidence_version=decided.gathered.version,
        verdict=verdict.result.value,
        outcomes=[outcome.to_json() for outcome in verdict.outcomes],
        facts=decided.gathered.stored_facts,
        exceptions=decided.gathered.exceptions,
        groups=list(verdict.groups),
        reevaluate_at=verdict.reevaluate_at,
        expires_at=verdict.expires_at,
        rescan_at=decided.at if decided.waits_for_a_scan else None,
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
