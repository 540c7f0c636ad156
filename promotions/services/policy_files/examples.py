"""The tests of a file: each image it gives is shown to the policy it belongs to.

They are answered by the rule engine alone; nothing in the registry is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promotions.models import PolicyVersion
from promotions.rules import (
    CompiledRules,
    InvalidRule,
    InvalidTemplate,
    OutcomeResult,
    Result,
    TagTemplate,
    TemplateContext,
    evaluate,
)
from promotions.services.policy_files.given import DIGEST, facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from promotions.rules import ImageFacts, Verdict
    from promotions.services.policy_files.problems import Problem
    from promotions.services.policy_files.shape import Entry, Example, PolicyFile

_SPEAKS = {
    Result.MATCHED: OutcomeResult.HOLDS,
    Result.NOT_MATCHED: OutcomeResult.FAILS,
    Result.WAITING: OutcomeResult.UNKNOWN,
}


def failures(file: PolicyFile) -> list[Problem]:
    """Return the tests that come out otherwise than the file expects, and why."""
    return [
        file.document.problem(example.path, f"{_named(entry, example)}: {said}")
        for entry in file.entries
        for example, said in _failed(entry)
    ]


def _named(entry: Entry, example: Example) -> str:
    number = example.path[-1]
    count = number + 1 if isinstance(number, int) else number
    return f"Test {count} of {entry.key}" + (example.name and f", {example.name}")


def _failed(entry: Entry) -> Iterator[tuple[Example, str]]:
    compiled = _compiled(entry.content)
    for example in entry.examples:
        try:
            said = _said(entry, compiled, example)
        except (InvalidRule, OverflowError) as error:  # of times beyond the calendar
            said = str(error)
        if said:
            yield example, said


def _said(entry: Entry, compiled: CompiledRules, example: Example) -> str:
    """Return what comes out otherwise; "" where all is as expected."""
    facts, now = facts_of(example.given)
    verdict = evaluate(compiled, facts, now)
    if verdict.result is not example.expect:
        return _otherwise(example, verdict)
    if example.expect_tag and verdict.result is Result.MATCHED:
        made = _made(entry, facts, verdict, now)
        if made != example.expect_tag:
            return f"expected the tag {example.expect_tag}, but it is {made}."
    return ""


def _compiled(content: dict[str, Any]) -> CompiledRules:
    """Return the rules as the version would have them that the file describes."""
    asked = ("rules", "unscored", "unlicensed", "allow_unscannable")
    chosen = {name: content[name] for name in asked if name in content}
    return PolicyVersion(**chosen).compiled


def _otherwise(example: Example, verdict: Verdict) -> str:
    wanted = _SPEAKS[verdict.result]
    reasons = [one.sentence for one in verdict.outcomes if one.result is wanted]
    said = f"expected {example.expect}, but it is {verdict.result}"
    return f"{said}: {'; '.join(reasons)}." if reasons else f"{said}."


def _made(entry: Entry, facts: ImageFacts, verdict: Verdict, now: datetime) -> str:
    """Return the tag in the target; of a pattern it is asked about its own text."""
    namespace, _, repository = entry.source.partition("/")
    context = TemplateContext(
        tag=facts.tag,
        now=now,
        digest=DIGEST,
        namespace=namespace,
        repository=repository,
        groups=verdict.groups,
    )
    try:
        template = TagTemplate.parse(entry.content["tag_template"])
        if template.highest_group > len(verdict.groups):
            return "none (the rules capture fewer groups than the template names)"
        return template.render(context, entry.content.get("zone", "UTC"))
    except InvalidTemplate as error:
        return f"none ({error})"
