"""Try a draft before it is saved: on the tags that exist, or on pushes of the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from promotions.models import PolicyVersion
from promotions.rules import Result
from promotions.services.promote.wanted import source_gone, superseded
from promotions.services.trial.contents import PastContents, PresentContents
from promotions.services.trial.moves import current_moves, past_moves, sources_of
from promotions.services.trial.read_only import only_reading
from promotions.services.trial.rehearsal import Ending, rehearse
from promotions.services.trial.results import Effect, Trial, Trials
from promotions.services.trial.targets import targets_for
from promotions.services.trial.verdicts import settle
from repositories.models import RepositoryManifest, TagMove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from accounts.access import Actor
    from promotions.models import PromotionPolicy
    from promotions.services.trial.contents import Contents
    from promotions.services.trial.rehearsal import Refusals
    from promotions.services.trial.verdicts import Settled
    from repositories.models import Repository

MAX_ROWS = 1000
MAX_DAYS = 90

NOW = (
    "The policy is asked about the image that each tag has now, as Save & Apply would.",
    "Images are promoted one after the other, in the order in which tags came to be.",
)
THEN = (
    "Each push is decided at its own time, on the evidence that there is today.",
    "Targets are as they were then, without what this policy promoted.",
    "Immutable tags, visibility and hidden vulnerabilities are those of today.",
    "Each image is taken to be copied at once when it was decided.",
)


@dataclass(frozen=True, slots=True)
class _Stage:
    """Who tries what."""

    actor: Actor
    version: PolicyVersion
    policy: PromotionPolicy | None
    now: datetime

    def sources(self, among: QuerySet[Repository] | None) -> QuerySet[Repository]:
        rows = sources_of(self.actor, self.version)
        return rows if among is None else rows.filter(pk__in=among.values("pk"))

    def settle(
        self, moves: Sequence[TagMove], when: Callable[[TagMove], datetime]
    ) -> list[Settled]:
        """Decide about each move; the order becomes that of the decisions."""
        sources = {move.repository_id: move.repository for move in moves}
        targets = targets_for(self.actor, self.version, sources.values())
        settled = [
            settle(
                self.version,
                move,
                targets[move.repository_id],
                at=when(move),
                now=self.now,
            )
            for move in moves
        ]
        return sorted(settled, key=lambda row: row.at)


def dry_run(
    *,
    actor: Actor,
    version: PolicyVersion,
    policy: PromotionPolicy | None = None,
    repositories: QuerySet[Repository] | None = None,
    limit: int = MAX_ROWS,
) -> Trials:
    """Return what *Save & Apply* of the version would do to the newest tags.

    `version` need not be saved; `policy` is the one it is to be a version of, None for
    a new one. Nothing is written. Only sources that the actor may pull are looked at,
    and of a pattern's only those in `repositories` where it is given.
    """
    with only_reading():
        stage = _Stage(actor, version, policy, timezone.now())
        sources = stage.sources(repositories)
        moves, is_cut = current_moves(sources, min(limit, MAX_ROWS))
        settled = stage.settle(moves, lambda _move: stage.now)
        matched = [row for row in settled if row.is_matched]
        endings = rehearse(
            version, matched, _gone(matched), lambda to: PresentContents(to, policy)
        )
        return Trials(_rows(settled, endings), is_cut, NOW)


def replay(
    *,
    actor: Actor,
    version: PolicyVersion,
    days: int,
    policy: PromotionPolicy | None = None,
    repositories: QuerySet[Repository] | None = None,
    limit: int = MAX_ROWS,
) -> Trials:
    """Return what the version would have done to the pushes of the last days.

    As `dry_run`, but each push is decided at its own time, and those that waited for a
    time again when it came. What promotions of `policy` did is left out.
    """
    with only_reading():
        stage = _Stage(actor, version, policy, timezone.now())
        since = stage.now - timedelta(days=min(days, MAX_DAYS))
        moves, is_cut = past_moves(
            stage.sources(repositories),
            since=since,
            until=stage.now,
            policy=policy,
            limit=min(limit, MAX_ROWS),
        )
        settled = stage.settle(moves, lambda move: move.moved_at)
        matched = [row for row in settled if row.is_matched]
        first = matched[0].at if matched else since
        endings = rehearse(
            version,
            matched,
            _superseded(version, matched),
            _past_contents(policy, first),
        )
        return Trials(_rows(settled, endings), is_cut, THEN)


def _past_contents(
    policy: PromotionPolicy | None, since: datetime
) -> Callable[[Repository], Contents]:
    return lambda target: PastContents(target, policy, since)


def _gone(matched: Iterable[Settled]) -> Refusals:
    """Return the refusals of images that the source does not hold any more."""
    rows = list(matched)
    held = set(
        RepositoryManifest.objects.filter(
            repository__in={row.move.repository_id for row in rows},
            manifest__in={row.image.pk for row in rows},
            gone_at__isnull=True,
        ).values_list("repository", "manifest")
    )
    return {
        row.move.pk: source_gone()
        for row in rows
        if (row.move.repository_id, row.image.pk) not in held
    }


def _superseded(version: PolicyVersion, matched: Iterable[Settled]) -> Refusals:
    """Return the refusals of images that waited until their tag had moved on."""
    waited = [row for row in matched if row.has_waited]
    if not waited or version.on_moved_tag == PolicyVersion.OnMovedTag.EVERY_PUSH:
        return {}
    tags = {(row.move.repository_id, row.move.tag) for row in waited}
    moves = TagMove.objects.filter(
        repository__in={repository for repository, _ in tags},
        tag__in={tag for _, tag in tags},
        moved_at__gte=min(row.move.moved_at for row in waited),
    )
    columns = ("repository", "tag", "moved_at", "to_manifest")
    history: dict[tuple[int, str], list[tuple[datetime, int | None]]] = {}
    for repository, tag, at, manifest in moves.order_by("id").values_list(*columns):
        history.setdefault((repository, tag), []).append((at, manifest))
    return {
        row.move.pk: superseded(f"{row.move.repository}:{row.move.tag}")
        for row in waited
        if _pointed_to(history, row) != row.image.pk
    }


def _pointed_to(
    history: dict[tuple[int, str], list[tuple[datetime, int | None]]], row: Settled
) -> int | None:
    """Return the image the tag had when the decision fell."""
    moves = history[row.move.repository_id, row.move.tag]
    return next(image for at, image in reversed(moves) if at <= row.at)


def _rows(settled: Iterable[Settled], endings: dict[int, Ending]) -> tuple[Trial, ...]:
    rows = sorted(settled, key=lambda row: (row.move.moved_at, row.move.pk))
    return tuple(
        _trial(row, endings.get(row.move.pk) or _undecided(row))
        for row in reversed(rows)
    )


def _undecided(row: Settled) -> Ending:
    is_waiting = row.verdict.result is Result.WAITING
    return Ending(Effect.WAITS if is_waiting else Effect.STAYS)


def _trial(row: Settled, ending: Ending) -> Trial:
    return Trial(
        uuid=row.move.uuid,
        repository=row.move.repository.full_name,
        tag=row.move.tag,
        digest=row.image.digest,
        moved_at=row.move.moved_at,
        decided_at=row.at,
        result=row.verdict.result,
        outcomes=row.verdict.outcomes,
        effect=ending.effect,
        target=row.target.name,
        target_tag=ending.tag,
        overwrites=ending.overwrites,
        code=ending.code,
        sentence=ending.sentence,
        reevaluate_at=row.verdict.reevaluate_at,
    )
