"""A target as a trial fills it: what it holds, and what was promoted before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.services.placement import MAX_SUFFIX, variants
from promotions.services.trial.contents import BEFORE_ALL, Moment, Pointer

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from promotions.services.placement import Candidate
    from promotions.services.trial.contents import Contents
    from promotions.services.trial.targets import Target


class TrialShelf:
    """Answers as the target would at `moment`, had the trial's promotions been made."""

    def __init__(self, target: Target, contents: Contents) -> None:
        self.name = target.name
        self.moment = BEFORE_ALL
        self._repository = target.repository
        self._contents = contents
        self._promoted: dict[str, tuple[Moment, Pointer]] = {}
        self._newest: dict[tuple[int, str], int] = {}

    def find(self, tag: str) -> Pointer | None:
        changed, pointer = self._contents.at(tag, self.moment)
        promoted = self._promoted.get(tag)
        return promoted[1] if promoted and promoted[0] >= changed else pointer

    def first_free(self, names: Sequence[str]) -> str | None:
        return next((name for name in names if not self._is_taken(name)), None)

    def _is_taken(self, name: str) -> bool:
        return self.find(name) is not None or self._contents.is_reserved(name)

    def protects(self, tag: str) -> bool:
        return self._repository is not None and self._repository.protects(tag)

    def got_newer(self, tag: str, candidate: Candidate) -> bool:
        source_id = candidate.source.pk
        newest = max(
            self._newest.get((source_id, tag), 0),
            self._contents.newest_promoted(source_id, tag),
        )
        return newest > candidate.move_id

    def put(self, tag: str, candidate: Candidate) -> None:
        """Let the tag point to the image from this moment on."""
        pointer = Pointer(candidate.manifest_id, candidate.digest)
        self._promoted[tag] = (self.moment, pointer)
        key = (candidate.source.pk, tag)
        self._newest[key] = max(self._newest.get(key, 0), candidate.move_id)

    def expect(self, tags: Counter[str], *, suffixed: bool) -> None:
        """Read ahead what promotions to these tags will ask about.

        Where a tag that is taken gets a suffix, as many variants are read as may be
        taken, so that a trial of many images is a few queries all the same.
        """
        if not suffixed:
            self._contents.load(tags)
            return
        most = MAX_SUFFIX - 1
        counts = {tag: min(arriving + 2, most) for tag, arriving in tags.items()}
        while counts:
            asked = {tag: variants(tag, count) for tag, count in counts.items()}
            self._contents.load(name for names in asked.values() for name in names)
            counts = {
                tag: min(2 * counts[tag], most)
                for tag, names in asked.items()
                if counts[tag] < most and self._may_fill(names, tags[tag])
            }

    def _may_fill(self, names: list[str], arriving: int) -> bool:
        taken = sum(self._contents.was_ever(name) for name in names)
        return taken + arriving >= len(names)
