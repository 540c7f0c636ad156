"""What a draft says of each push, at the push's time and whenever it is due again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promotions.models import PolicyVersion
from promotions.rules import EvidenceKind, Result
from promotions.services.evaluate import decide
from promotions.services.explain import without_target
from promotions.services.trial.targets import Standing

if TYPE_CHECKING:
    from datetime import datetime

    from promotions.rules import Verdict
    from promotions.services.trial.targets import Target
    from repositories.models import Manifest, TagMove


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer to one push, when it fell, and whither its image goes."""

    move: TagMove
    image: Manifest
    target: Target
    verdict: Verdict
    at: datetime

    @property
    def is_matched(self) -> bool:
        return self.verdict.result is Result.MATCHED

    @property
    def has_waited(self) -> bool:
        return self.at > self.move.moved_at


def settle(
    version: PolicyVersion,
    move: TagMove,
    target: Target,
    *,
    at: datetime,
    now: datetime,
) -> Settled:
    """Decide at a time, and again at each time before now that it waits for."""
    asked = _without_secrets(version, target)
    verdict = _verdict(asked, move, at)
    while (due := verdict.reevaluate_at) and at < due <= now:
        at = due
        verdict = _verdict(asked, move, at)
    image = move.to_manifest
    if image is None:
        message = "A policy is not asked about the deletion of a tag."
        raise ValueError(message)
    return Settled(move, image, target, verdict, at)


def _verdict(version: PolicyVersion, move: TagMove, at: datetime) -> Verdict:
    (decided,) = decide([version], move, at)
    return decided.explained()


def _without_secrets(version: PolicyVersion, target: Target) -> PolicyVersion:
    """Ask nothing about a target that is hidden, or where it makes no difference.

    Which vulnerabilities were hidden by admins of the target tells that it exists.
    """
    accepts = PolicyVersion.Exceptions
    if version.exceptions_of == accepts.SOURCE:
        return version
    counts = EvidenceKind.VULNERABILITIES in version.compiled.needs
    if counts and target.standing is not Standing.HIDDEN:
        return version
    return without_target(version)
