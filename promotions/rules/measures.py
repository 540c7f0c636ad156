"""Rules on the version in the tag, on sizes, and on what is attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.rules.counting import settler
from promotions.rules.facts import Missing
from promotions.rules.fields import Field
from promotions.rules.judgements import (
    HOLDS,
    UNKNOWN,
    Judgement,
    Told,
    answer,
    tell_missing,
)
from promotions.rules.sizes import LARGEST, in_bytes, parse_size
from promotions.rules.text_operators import quoted
from promotions.rules.versions import precedence, version_test
from promotions.rules.words import comparison

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from promotions.rules.index import ImageIndex
    from promotions.rules.outcomes import OutcomeResult
    from promotions.rules.rule import Rule

KINDS: Mapping[Field, str] = {Field.SBOM: "sbom", Field.SIGNATURE_PRESENT: "signature"}
"""What the two fields on attachments look for."""

_NO_SIZE = Missing("the size of the image is not known")


def judge_version(rule: Rule) -> Judgement[ImageIndex]:
    """Order the tag among semantic versions; a tag that is none fails."""
    test = version_test(rule.operator, rule.values[0])

    def ask(image: ImageIndex, _now: datetime) -> OutcomeResult:
        return answer(test(image.facts.tag))

    def tell(image: ImageIndex, _now: datetime, _result: OutcomeResult) -> Told:
        tag = image.facts.tag
        if precedence(tag) is None:
            return Told(tag, f"tag {quoted(tag)} is no semantic version such as 1.4.0")
        said = comparison(rule.field, rule.operator, rule.values)
        return Told(tag, f"version {tag}, wanted {said}")

    return Judgement(ask, tell)


def judge_size(rule: Rule) -> Judgement[ImageIndex]:
    """Compare the bytes of the image."""
    settle = settler(rule.operator, parse_size(rule.values[0]))

    def ask(image: ImageIndex, _now: datetime) -> OutcomeResult:
        size = image.facts.size
        return UNKNOWN if size is None else settle(size, size)

    def tell(image: ImageIndex, _now: datetime, _result: OutcomeResult) -> Told:
        size = image.facts.size
        if size is None:
            return tell_missing("size", _NO_SIZE)
        said = comparison(rule.field, rule.operator, rule.values)
        return Told(str(min(size, LARGEST)), f"size: {in_bytes(size)}, wanted {said}")

    return Judgement(ask, tell)


def judge_attached(rule: Rule) -> Judgement[ImageIndex]:
    """Look whether something of a kind is attached, verified or not."""
    kind, wanted = KINDS[rule.field], rule.values[0] == "true"

    def ask(image: ImageIndex, _now: datetime) -> OutcomeResult:
        found = image.facts.attachments
        if isinstance(found, Missing):
            return UNKNOWN
        return answer((kind in found.value) is wanted)

    def tell(image: ImageIndex, _now: datetime, result: OutcomeResult) -> Told:
        found = image.facts.attachments
        if isinstance(found, Missing):
            return tell_missing(rule.field.label, found)
        seen = "true" if (result is HOLDS) is wanted else "false"
        sentence = f"{rule.field.label}: {seen}, wanted {rule.values[0]}"
        return Told(seen, sentence, source=found.source)

    return Judgement(ask, tell)
