"""What a template and each of its codes make of one tag, while they are typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from promotions.rules import CODES, Code, InvalidTemplate, TagTemplate, TemplateContext
from promotions.services.trial.example import SAMPLE_DIGEST, SAMPLE_TAG
from repositories.models import Tag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from repositories.models import Repository

TAGS_OFFERED = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """A tag to show a template on; it need not exist."""

    tag: str = SAMPLE_TAG
    namespace: str = "namespace"
    repository: str = "repository"
    digest: str = SAMPLE_DIGEST


@dataclass(frozen=True, slots=True)
class Given:
    """A code and what it stands for now; "" where that is not known."""

    code: Code
    now: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a template makes of a sample; "" with a sentence where it makes no tag."""

    sample: Sample
    made: str
    error: str
    codes: tuple[Given, ...]


def newest_tags(sources: QuerySet[Repository]) -> list[Tag]:
    """Return the newest tags there, to try a template on."""
    rows = Tag.objects.filter(repository__in=sources.values("pk")).for_listing()
    return list(rows.order_by("-updated_at", "-id")[:TAGS_OFFERED])


def sample_of(tags: Sequence[Tag], wanted: str = "") -> Sample:
    """Return what to show: the tag `wanted`, or the first; one made up if none."""
    found = next((tag for tag in tags if wanted in {"", tag.name}), None)
    like = found or next(iter(tags), None)
    if like is None:
        return Sample(wanted or SAMPLE_TAG)
    return Sample(
        tag=wanted or like.name,
        namespace=like.repository.namespace.name,
        repository=like.repository.name,
        digest=found.manifest.digest if found else SAMPLE_DIGEST,
    )


def preview(
    *, template: str, zone: str, sample: Sample, groups: Sequence[str] | None = None
) -> Preview:
    """Return what the template makes now; `groups` is None while rules are wrong."""
    at = timezone.now()
    made, error = "", ""
    try:
        parsed = TagTemplate.parse(template)
        if groups is not None or not parsed.highest_group:
            made = _rendered(parsed, zone, sample, groups or (), at)
    except InvalidTemplate as refused:
        error = str(refused)
    codes = tuple(Given(one, _now(one, zone, sample, groups, at)) for one in CODES)
    return Preview(sample, made, error, codes)


def _now(
    code: Code, zone: str, sample: Sample, groups: Sequence[str] | None, at: datetime
) -> str:
    try:
        return _rendered(TagTemplate.parse(code.code), zone, sample, groups or (), at)
    except InvalidTemplate:
        return ""


def _rendered(
    parsed: TagTemplate,
    zone: str,
    sample: Sample,
    groups: Sequence[str],
    at: datetime,
) -> str:
    context = TemplateContext(
        tag=sample.tag,
        now=at,
        digest=sample.digest,
        namespace=sample.namespace,
        repository=sample.repository,
        groups=groups,
    )
    return parsed.render(context, zone)
