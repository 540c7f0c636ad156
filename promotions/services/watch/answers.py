"""Ask the policies that promoted images about them again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from promotions.rules import (
    EvidenceKind,
    OutcomeResult,
    Result,
    evaluate,
    matches,
    single_rules,
)
from promotions.services.evaluate import decide
from promotions.services.evidence import Wanted, gather
from repositories.models import RepositoryManifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from promotions.models import PolicyVersion, Promotion
    from promotions.rules import Criterion, ImageFacts, Outcome
    from repositories.models import Repository

OF_THE_IMAGE = {
    EvidenceKind.COMPONENTS,
    EvidenceKind.LICENSES,
    EvidenceKind.VULNERABILITIES,
    EvidenceKind.CONFIG,
}
"""What anybody knows of an image who may pull it, wherever it lies."""

# The source's key, and that of the repository that is looked at in its place.
_Place: TypeAlias = "tuple[int, int | None]"


@dataclass(frozen=True, slots=True)
class Failure:
    """The rules that fail, in full, and in sentences for who sees the target only."""

    outcomes: list[dict[str, Any]]
    told: list[str]


def failures(promotions: Iterable[Promotion]) -> dict[int, Failure]:
    """Return what fails its policy now, by the keys of the promotions.

    The evidence is that of today, the clock of the rules that of the decision: that
    time passed is nothing against an image. What is not known is no failure: evidence
    that is missing or too old speaks for a new scan, not against the image.
    """
    by_policy = [one for one in promotions if one.policy_version_id is not None]
    held = _held(by_policy)
    groups: dict[_Place, list[Promotion]] = defaultdict(list)
    for one in by_policy:
        is_there = (one.source_repository_id, one.manifest_id) in held
        instead = None if is_there else one.target_repository_id
        groups[one.tag_move_id, instead].append(one)
    found: dict[int, Failure] = {}
    for (_, instead), same in groups.items():
        found |= _failing(same, same[0].target_repository if instead else None)
    return found


def _held(promotions: Iterable[Promotion]) -> set[tuple[int, int]]:
    """Return which sources still have their images, as pairs of keys.

    Of what was cleaned away after the promotion the target has the copy, with all that
    was attached.
    """
    rows = RepositoryManifest.objects.filter(
        repository__in={one.source_repository_id for one in promotions},
        manifest__in={one.manifest_id for one in promotions},
        repository__deleted_at__isnull=True,
        gone_at__isnull=True,
    )
    return set(rows.values_list("repository", "manifest"))


def _failing(
    promotions: list[Promotion], held_by: Repository | None
) -> dict[int, Failure]:
    """Ask about the promotions of one move; the evidence is gathered once for all."""
    versions = {one.policy_version_id: one.policy_version for one in promotions}
    asked = [version for version in versions.values() if version is not None]
    decided = decide(asked, promotions[0].tag_move, held_by=held_by)
    facts = {one.version.pk: one.gathered.facts for one in decided}
    return {
        one.pk: _failure(_Case(one, version, facts[version.pk], held_by))
        for one in promotions
        if (version := one.policy_version) is not None
        and _fails(version, facts[version.pk], one)
    }


def _fails(version: PolicyVersion, facts: ImageFacts, promotion: Promotion) -> bool:
    answer = matches(version.compiled, facts, _clock(promotion))
    return answer is Result.NOT_MATCHED


def _clock(promotion: Promotion) -> datetime:
    """Return when it was decided that the image may be promoted."""
    decision = promotion.decision
    return decision.created_at if decision else promotion.created_at


@dataclass(frozen=True, slots=True)
class _Case:
    """A promotion that fails its policy, and the facts that speak against it."""

    promotion: Promotion
    version: PolicyVersion
    facts: ImageFacts
    held_by: Repository | None

    @property
    def open_facts(self) -> ImageFacts:
        """What all may know who may pull the image, and nothing left out of it."""
        needs = self.version.compiled.needs & OF_THE_IMAGE
        wanted = Wanted(needs, by_target=True, held_by=self.held_by)
        return gather(self.promotion.tag_move, wanted).facts

    def outcomes(self, facts: ImageFacts) -> tuple[Outcome, ...]:
        """Return how each rule is answered on some facts."""
        at = _clock(self.promotion)
        return evaluate(self.version.compiled, facts, at).outcomes


def _failure(case: _Case) -> Failure:
    """Explain a failure twice: to who knows the source, and to who does not.

    Scans that count for the source only, and what is hidden there, are the source's
    own. Who sees the target is told what all may know of the image, and of anything
    else no more than the rule, as the target's readers see the policy.
    """
    answers = case.outcomes(case.facts), case.outcomes(case.open_facts)
    failing = [
        (full, known)
        for full, known in zip(*answers, strict=True)
        if full.result is OutcomeResult.FAILS
    ]
    return Failure(
        [full.to_json() for full, _ in failing], [_told(known) for _, known in failing]
    )


def _told(known: Outcome) -> str:
    """Return the sentence on a rule that fails, from what all may know."""
    rule = known.rule
    is_known = known.result is OutcomeResult.FAILS
    if rule is None or (is_known and _is_of_the_image(rule)):
        return known.sentence
    return f"wanted: {rule.words}"


def _is_of_the_image(rule: Criterion) -> bool:
    """Tell whether the image alone answers the rule, wherever it lies."""
    return all(one.field.needs in OF_THE_IMAGE for one in single_rules([rule]))
