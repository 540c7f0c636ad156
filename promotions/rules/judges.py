"""Which judgement answers which field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.rules.counting import judge_count
from promotions.rules.fields import Field
from promotions.rules.judgements import Judgement, on_each_platform
from promotions.rules.licensing import judge_license
from promotions.rules.measures import judge_attached, judge_size, judge_version
from promotions.rules.texts import (
    judge_platform,
    judge_signature,
    judge_text,
    platform_texts,
)
from promotions.rules.timing import judge_push_age, judge_push_time, judge_scan_age

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promotions.rules.facts import EvidenceKind
    from promotions.rules.index import ImageIndex, PlatformIndex
    from promotions.rules.options import Options
    from promotions.rules.rule import Rule

CONTAINER_IMAGE = "container image"


def judge(rule: Rule, options: Options) -> Judgement[ImageIndex]:
    """Return how the rule is answered about an image."""
    if whole := _OF_THE_IMAGE.get(rule.field):
        return whole(rule)
    return on_each_platform(
        rule.field.label,
        _EVIDENCE[rule.field],
        _of_a_platform(rule, options),
        allow_unscannable=options.allow_unscannable,
    )


def _of_a_platform(rule: Rule, options: Options) -> Judgement[PlatformIndex]:
    if rule.field.is_count:
        return judge_count(rule, options)
    if rule.field is Field.LICENSE_NAME:
        return judge_license(rule, options)
    if rule.field is Field.SCAN_AGE:
        return judge_scan_age(rule)
    return platform_texts(rule)


def _tag(rule: Rule) -> Judgement[ImageIndex]:
    return judge_text(rule, lambda image: image.facts.tag)


def _pushed_by(rule: Rule) -> Judgement[ImageIndex]:
    return judge_text(rule, lambda image: image.facts.pushed_by)


def _artifact_type(rule: Rule) -> Judgement[ImageIndex]:
    return judge_text(
        rule, lambda image: image.facts.artifact_type, empty=CONTAINER_IMAGE
    )


_OF_THE_IMAGE: Mapping[Field, Callable[[Rule], Judgement[ImageIndex]]] = {
    Field.TAG: _tag,
    Field.SEMVER: judge_version,
    Field.PLATFORM: judge_platform,
    Field.SIZE: judge_size,
    Field.ARTIFACT_TYPE: _artifact_type,
    Field.SBOM: judge_attached,
    Field.UPDATED_AT: judge_push_time,
    Field.UPDATED_AT_DURATION: judge_push_age,
    Field.PUSHED_BY: _pushed_by,
    Field.SIGNATURE: judge_signature,
    Field.SIGNATURE_PRESENT: judge_attached,
}

_EVIDENCE: Mapping[Field, EvidenceKind] = {
    field: field.needs for field in Field if field.needs and field not in _OF_THE_IMAGE
}
"""What answers the fields that are asked of each platform."""
