"""The vulnerabilities that do not count, because somebody hid them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from accounts.access import Action, Actor
from accounts.permissions import check
from promotions.rules import EvidenceKind
from repositories.models import Manifest, VulnerabilityException

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promotions.services.evidence.wanted import Wanted
    from repositories.models import TagMove


def hidden_in(
    move: TagMove, images: Iterable[Manifest], wanted: Wanted
) -> list[VulnerabilityException]:
    """Return what is hidden now where the image comes from, the oldest first."""
    if EvidenceKind.VULNERABILITIES not in wanted.needs:
        return []
    digests = {image.digest for image in images}
    if move.to_manifest:
        digests.add(move.to_manifest.digest)
    rows = VulnerabilityException.objects.in_force(timezone.now()).covering(
        move.repository, digests
    )
    found = list(rows.select_related("author").order_by("id"))
    by = wanted.exceptions_by
    if not wanted.by_target:
        return found
    if by is None:
        return []
    return [one for one in found if check(Actor(one.author), Action.ADMIN, by)]


def recorded(exception: VulnerabilityException) -> dict[str, Any]:
    """Return an exception as it is kept with the decision that rests on it."""
    expires = exception.expires_at
    return {
        "id": str(exception.uuid),
        "vulnerability": exception.vulnerability,
        "component": exception.component_name,
        "reason": exception.reason,
        "author": exception.author.get_username(),
        "expires_at": expires and expires.isoformat(),
    }
