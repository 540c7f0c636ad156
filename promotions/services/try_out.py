"""Try the rules and template of a policy on the tags that exist, before saving it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from promotions.rules import (
    InvalidTemplate,
    Outcome,
    OutcomeResult,
    Result,
    TagTemplate,
    TemplateContext,
    compile_rules,
    evaluate,
)
from promotions.services.evidence import Wanted, gather
from repositories.models import Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promotions.rules import CompiledRules, Criterion
    from repositories.models import Repository

TAGS_TRIED = 10
SAMPLE_TAG = "1.4-stable"
SAMPLE_DIGEST = (
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What would happen to one tag: the target's tag, or the sentences against it."""

    tag: str
    matched: bool
    target_tag: str
    reasons: tuple[str, ...]


def try_out(
    *, source: Repository, rules: Sequence[Criterion], template: str, zone: str
) -> list[Trial]:
    """Return what the newest tags of the source would become, newest first.

    Raises InvalidTemplate when the template or the zone cannot be read.
    """
    compiled, parsed = compile_rules(rules), TagTemplate.parse(template)
    rows = Tag.objects.for_listing().filter(repository=source)
    newest = rows.order_by("-updated_at", "-id")[:TAGS_TRIED]
    return [_try(compiled, parsed, zone, tag) for tag in newest]


def example(*, source: Repository, template: str, zone: str) -> str:
    """Return the target's tag for a sample tag; "" when it depends on the rules."""
    context = TemplateContext(
        tag=SAMPLE_TAG,
        now=timezone.now(),
        digest=SAMPLE_DIGEST,
        namespace=source.namespace.name,
        repository=source.name,
    )
    parsed = TagTemplate.parse(template)
    return "" if parsed.highest_group else parsed.render(context, zone)


def _try(compiled: CompiledRules, template: TagTemplate, zone: str, tag: Tag) -> Trial:
    move = tag.current_move
    move.repository, move.to_manifest = tag.repository, tag.manifest
    facts = gather(move, Wanted(compiled.needs, keys=compiled.keys)).facts
    verdict = evaluate(compiled, facts, timezone.now())
    if verdict.result is not Result.MATCHED:
        against = _against(verdict.outcomes)
        return Trial(tag.name, matched=False, target_tag="", reasons=against)
    context = TemplateContext(
        tag=tag.name,
        now=timezone.now(),
        digest=tag.manifest.digest,
        namespace=tag.repository.namespace.name,
        repository=tag.repository.name,
        groups=verdict.groups,
    )
    try:
        made = template.render(context, zone)
    except InvalidTemplate as error:
        return Trial(tag.name, matched=False, target_tag="", reasons=(str(error),))
    return Trial(tag.name, matched=True, target_tag=made, reasons=())


def _against(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    return tuple(
        outcome.sentence
        for outcome in outcomes
        if outcome.result is not OutcomeResult.HOLDS
    )
