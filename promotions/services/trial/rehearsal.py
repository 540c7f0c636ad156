"""Promote in the mind: each image that matches, in order, into what would be there."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promotions.rules import TagTemplate
from promotions.services.placement import (
    Candidate,
    NotPlaced,
    TargetMissing,
    choose,
    rendered,
    wants_suffix,
)
from promotions.services.promote.wanted import refuse_publishing
from promotions.services.trial.contents import NoContents
from promotions.services.trial.results import Effect
from promotions.services.trial.shelf import TrialShelf
from promotions.services.trial.targets import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from promotions.models import PolicyVersion
    from promotions.services.trial.contents import Contents
    from promotions.services.trial.targets import Target
    from promotions.services.trial.verdicts import Settled
    from repositories.models import Repository

HIDDEN = "What the target holds already is not shown to you."
MADE = "The first promotion makes the repository {}, private."

Refusals = dict[int, NotPlaced]
"""By the keys of moves, why they are not promoted whatever the target holds."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of an image that matches."""

    effect: Effect
    tag: str = ""
    overwrites: str = ""
    code: str = ""
    sentence: str = ""


def rehearse(
    version: PolicyVersion,
    matched: Iterable[Settled],
    refusals: Refusals,
    contents_of: Callable[[Repository], Contents],
) -> dict[int, Ending]:
    """Return by the move's key what becomes of each; they are given in order."""
    rows = list(matched)
    candidates = {row.move.pk: _candidate(version, row) for row in rows}
    shelves = _shelves(rows, contents_of)
    _read_ahead(version, rows, candidates, shelves)
    return {
        row.move.pk: _ending(row, candidates[row.move.pk], shelves, refusals)
        for row in rows
    }


def _candidate(version: PolicyVersion, row: Settled) -> Candidate:
    uses_groups = TagTemplate.parse(version.tag_template).highest_group
    return Candidate(
        source=row.move.repository,
        tag=row.move.tag,
        manifest_id=row.image.pk,
        digest=row.image.digest,
        move_id=row.move.pk,
        at=row.at,
        version=version,
        groups=row.verdict.groups if uses_groups else (),
    )


def _shelves(
    rows: Iterable[Settled], contents_of: Callable[[Repository], Contents]
) -> dict[str, TrialShelf]:
    """Return the targets that can be filled, by name."""
    targets = {row.target.name: row.target for row in rows}
    return {
        name: TrialShelf(
            target,
            contents_of(target.repository) if target.repository else NoContents(),
        )
        for name, target in targets.items()
        if target.standing in {Standing.THERE, Standing.FREE}
    }


def _read_ahead(
    version: PolicyVersion,
    rows: Iterable[Settled],
    candidates: Mapping[int, Candidate],
    shelves: Mapping[str, TrialShelf],
) -> None:
    """Read in bulk what the shelves hold under the tags that are to be made."""
    tags: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        try:
            tags[row.target.name][rendered(candidates[row.move.pk])] += 1
        except NotPlaced:
            continue  # said again where the image is placed
    for name, shelf in shelves.items():
        shelf.expect(tags[name], suffixed=wants_suffix(version))


def _ending(
    row: Settled,
    candidate: Candidate,
    shelves: Mapping[str, TrialShelf],
    refusals: Refusals,
) -> Ending:
    if refusal := refusals.get(row.move.pk):
        return _skipped(refusal)
    target = row.target
    if target.standing is Standing.ILLEGAL:
        return _skipped(NotPlaced("INVALID_TARGET_REPOSITORY", target.error))
    if target.standing is Standing.MISSING:
        said = str(TargetMissing(target.name))
        return Ending(Effect.WAITS, code="TARGET_MISSING", sentence=said)
    if target.standing is Standing.HIDDEN:
        return _into_hidden(candidate)
    shelf = shelves[target.name]
    shelf.moment = (row.at, row.move.pk)
    return _into_shelf(candidate, target, shelf)


def _into_hidden(candidate: Candidate) -> Ending:
    try:
        return Ending(Effect.PROMOTED, tag=rendered(candidate), sentence=HIDDEN)
    except NotPlaced as error:
        return _skipped(error)


def _into_shelf(candidate: Candidate, target: Target, shelf: TrialShelf) -> Ending:
    try:
        tag, before = choose(candidate, shelf)
        if target.repository is not None:
            refuse_publishing(candidate.version, candidate.source, target.repository)
    except NotPlaced as error:
        return _skipped(error, candidate)
    shelf.put(tag, candidate)
    if before is not None:
        return Ending(Effect.OVERWRITES, tag=tag, overwrites=before.digest)
    made = MADE.format(target.name) if target.standing is Standing.FREE else ""
    return Ending(Effect.PROMOTED, tag=tag, sentence=made)


def _skipped(error: NotPlaced, candidate: Candidate | None = None) -> Ending:
    """Say why, and under which tag it would have been promoted where one was made."""
    tag = ""
    if candidate is not None and error.code != "INVALID_TARGET_TAG":
        tag = rendered(candidate)
    return Ending(Effect.SKIPPED, tag=tag, code=error.code, sentence=str(error))
