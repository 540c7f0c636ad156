"""Why policies decide as they do about a push, computed again for who asks."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from promotions.models import PolicyVersion
from promotions.services.evaluate import decide

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from promotions.rules import Verdict
    from repositories.models import TagMove


def explain(*, version: PolicyVersion, move: TagMove) -> Verdict:
    """Compute a verdict again, with every rule's outcome, from what is stored.

    The evidence is that of today, also for a push of long ago.
    """
    return explain_all([version], move)[version.pk]


def explain_all(
    versions: Iterable[PolicyVersion],
    move: TagMove,
    *,
    hiding: Collection[int] = (),
) -> dict[int, Verdict]:
    """Return the verdicts of many versions by their keys; evidence is read once.

    `hiding` are keys of versions of whose target nothing may be told.
    """
    asked = [
        without_target(version) if version.pk in hiding else version
        for version in versions
    ]
    decided = decide(asked, move)
    return {one.version.pk: one.explained() for one in decided}


def without_target(version: PolicyVersion) -> PolicyVersion:
    """Return the version as it would ask without looking at its target.

    Which vulnerabilities were hidden by admins of the target tells that it exists.
    """
    asked = copy.copy(version)
    asked.exceptions_of = PolicyVersion.Exceptions.SOURCE
    return asked
