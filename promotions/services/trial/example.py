"""What a template makes of a sample tag, while it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from promotions.rules import TagTemplate, TemplateContext

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from repositories.models import Repository

SAMPLE_TAG = "1.4-stable"
SAMPLE_DIGEST = (
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)


def example(
    *,
    source: Repository,
    template: str,
    zone: str,
    tag: str = SAMPLE_TAG,
    groups: Sequence[str] | None = None,
    at: datetime | None = None,
) -> str:
    """Return the target's tag for a sample; "" when it depends on groups not given.

    Raises InvalidTemplate, with a sentence, where the template makes no legal tag.
    """
    parsed = TagTemplate.parse(template)
    if parsed.highest_group and groups is None:
        return ""
    context = TemplateContext(
        tag=tag,
        now=at or timezone.now(),
        digest=SAMPLE_DIGEST,
        namespace=source.namespace.name,
        repository=source.name,
        groups=groups or (),
    )
    return parsed.render(context, zone)
