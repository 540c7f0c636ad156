"""What a trial foretells is what then happens, for policies nobody thought of.

Nothing is faked but the registry: the copy is taken to have been made.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from accounts.access import SYSTEM, Actor
from promotions.models import Decision, Evaluation, Promotion, PromotionPolicy
from promotions.models.promotion import State
from promotions.services import apply, evaluate, policies, promote, trial
from promotions.services.by_hand import promote_by_hand
from promotions.services.promote import job
from promotions.services.trial import Effect
from repositories.models import Tag, TagMove
from repositories.registry import CopyReport
from repositories.services import tags
from tests.factories import make_policy, make_tag, make_user
from tests.promotions.drafts import IMMUTABLE, START, TAG_NAMES, Ends, drafts
from tests.promotions.unsaved import unsaved_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Check = Callable[[dict[str, Any], dict[str, Any] | None, random.Random], None]

pytestmark = pytest.mark.django_db

# 100 policies for each of the two tests; the first 20 are enough for a quick look.
EXAMPLES = 5
PARTS = [
    *range(4),
    *(pytest.param(one, marks=pytest.mark.slow) for one in range(4, 20)),
]
MOVES = 50
SOAKED = {"field": "updated_at_duration", "operator": "bf", "values": ["5h"]}


@pytest.fixture(autouse=True)
def _copies_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def copied(*_args: Any, manifests: list[Any], **_values: Any) -> CopyReport:
        return CopyReport(manifests[-1].digest, 0, 0, 0, 1)

    monkeypatch.setattr(job, "copy_image", copied)
    monkeypatch.setattr(job, "client_for", lambda _subject: None)


@dataclass(frozen=True)
class Told:
    """What is compared: the verdict, and what becomes of the image."""

    result: str
    effect: str
    tag: str = ""
    overwrites: str = ""
    code: str = ""
    sentence: str = ""


def foretold(trials: trial.Trials) -> dict[Any, Told]:
    assert not trials.is_cut
    return {
        row.uuid: Told(
            row.result.value,
            row.effect.value,
            row.target_tag if row.effect in MADE else "",
            row.overwrites,
            row.code,
            row.sentence,
        )
        for row in trials.rows
    }


MADE = {Effect.PROMOTED, Effect.OVERWRITES}


def happened(policy: PromotionPolicy, moves: Iterable[TagMove]) -> dict[Any, Told]:
    """Read from the database what became of each move, by the policy as it is now."""
    version = policy.current_version
    rows = Promotion.objects.filter(policy_version=version)
    promotions = {row.tag_move_id: row for row in rows.select_related("decision")}
    verdicts = dict(
        Decision.objects.filter(policy_version=version).values_list(
            "tag_move", "verdict"
        )
    )
    return {
        move.uuid: _ended(promotions.get(move.pk), verdicts.get(move.pk))
        for move in moves
    }


def _ended(promotion: Promotion | None, verdict: str | None) -> Told:
    if promotion is None:
        assert verdict != Decision.Verdict.MATCHED
        return Told(verdict or "not_matched", "waits" if verdict else "stays")
    if promotion.state == State.SKIPPED:
        code, reason = promotion.error_code, promotion.reason
        return Told("matched", "skipped", code=code, sentence=reason)
    assert promotion.state == State.SUCCEEDED
    move = TagMove.objects.get(promotion_uuid=promotion.uuid)
    before = move.from_manifest
    effect = Effect.OVERWRITES if before else Effect.PROMOTED
    return Told("matched", effect.value, move.tag, before.digest if before else "")


@contextmanager
def forgotten() -> Iterator[None]:
    """Undo what is done to the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def for_each_draft(part: int, check: Check) -> None:
    """Check many drafts, always the same ones, and undo what each does."""

    @seed(part)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drafts(), st.none() | drafts(), st.integers(0, 10**6))
    def checked(draft: dict[str, Any], other: dict[str, Any], chance: int) -> None:
        with forgotten():
            check(draft, other, random.Random(chance))

    checked()


def save_and_apply(policy: PromotionPolicy) -> None:
    """Do what the worker does after *Save & Apply*, and run what it leads to."""
    policy.apply_wanted_at = timezone.now()
    policy.save()
    for promotion_id in list(apply.apply(policy=policy)):
        promote.run(promotion_id=promotion_id)


@pytest.mark.parametrize("part", PARTS)
def test_a_dry_run_foretells_save_and_apply(part: int) -> None:
    ends = Ends.make(part)
    ends.tag_source()
    ends.tag_target([*ends.chance.sample(TAG_NAMES, 15), "fixed", "fixed-2"])
    ends.target.immutable_tags = IMMUTABLE[part % len(IMMUTABLE)]
    ends.target.save()
    by_hand = Tag.objects.for_listing().get(repository=ends.source, name=TAG_NAMES[0])
    root = Actor(make_user(is_superuser=True))
    for name in ("1.0.0-a", "fixed-3"):  # promised to copies that have not ended
        promote_by_hand(actor=root, tag=by_hand, target=ends.target, target_tag=name)
    at = START + timedelta(days=2, hours=5)

    def check(draft: dict[str, Any], other: Any, _chance: random.Random) -> None:
        policy = None
        if other is not None:
            policy = make_policy(source=ends.source, target=ends.target, **other)
            save_and_apply(policy)
        version = unsaved_version(source=ends.source, target="qa/app", **draft)
        trials = trial.dry_run(actor=SYSTEM, version=version, policy=policy)
        if policy is None:
            policy = make_policy(source=ends.source, target=ends.target, **draft)
        else:
            policies.update(actor=SYSTEM, policy=policy, changes=draft)
        save_and_apply(policy)

        moves = TagMove.objects.filter(
            pk__in=Tag.objects.filter(repository=ends.source).values("current_move")
        )
        assert foretold(trials) == happened(policy, moves)

    with time_machine.travel(at, tick=False):
        for_each_draft(part, check)


class Story:
    """Pushes to a source, and to its target, while a policy is active."""

    def __init__(self, ends: Ends, policy: PromotionPolicy) -> None:
        self.ends, self.policy, self.chance = ends, policy, ends.chance
        self.names = self.chance.sample(TAG_NAMES, 12)
        self.at = START
        self.moves: list[TagMove] = []

    def tell(self) -> None:
        while len(self.moves) < MOVES:
            self.wait_until(
                self.at + timedelta(seconds=self.chance.randint(1, 2 * 3600))
            )
            self.chance.choices(
                (self.push, self.push_to_target, self.delete), (10, 1, 1)
            )[0]()
        self.wait_until(self.at + timedelta(hours=self.chance.randint(0, 12)))

    def wait_until(self, end: Any) -> None:
        """Let the time pass, and whatever is due on the way happen at its time."""
        while True:
            waiting = Decision.objects.filter(
                verdict=Decision.Verdict.WAITING, reevaluate_at__lte=end
            )
            due = waiting.order_by("reevaluate_at", "tag_move").first()
            if due is None:
                break
            assert due.reevaluate_at is not None
            with time_machine.travel(due.reevaluate_at, tick=False):
                self.decide(due.tag_move_id, Evaluation.Trigger.EVIDENCE)
        self.at = end

    def decide(self, move_id: int, trigger: Evaluation.Trigger) -> None:
        for key in evaluate.evaluate_move(move_id=move_id, trigger=trigger):
            promote.run(promotion_id=key)

    def push(self) -> None:
        with time_machine.travel(self.at, tick=False):
            name = self.chance.choice(self.names)
            tag = make_tag(
                repository=self.ends.source, name=name, manifest=self.ends.pick()
            )
            if tag.current_move not in self.moves:
                self.moves.append(tag.current_move)
                self.decide(tag.current_move_id, Evaluation.Trigger.PUSH)

    def push_to_target(self) -> None:
        with time_machine.travel(self.at, tick=False):
            name = self.chance.choice([*self.names, "fixed", "latest"])
            make_tag(repository=self.ends.target, name=name, manifest=self.ends.pick())

    def delete(self) -> None:
        where = self.chance.choice([self.ends.source, self.ends.target])
        found = list(Tag.objects.filter(repository=where).order_by("name"))
        if not found:
            return
        tag = self.chance.choice(found)
        seen = tags.Sighting(
            tag=tag.name, moved_at=self.at, expected_version=tag.version
        )
        with time_machine.travel(self.at, tick=False):
            tags.record_deletion(repository=where, seen=seen)


@pytest.mark.parametrize("part", PARTS)
def test_a_replay_foretells_what_happened(part: int) -> None:
    with time_machine.travel(START - timedelta(hours=1), tick=False):
        ends = Ends.make(part)
        ends.target.immutable_tags = IMMUTABLE[part % len(IMMUTABLE)]
        ends.target.save()
        ends.tag_target([*ends.chance.sample(TAG_NAMES, 15), "fixed", "fixed-2"])

    def check(draft: dict[str, Any], _other: Any, chance: random.Random) -> None:
        ends.chance = chance
        draft["rules"] = draft["rules"] or [SOAKED]  # or every push is decided at once
        policy = make_policy(source=ends.source, target=ends.target, **draft)
        story = Story(ends, policy)
        story.tell()
        version = unsaved_version(source=ends.source, target="qa/app", **draft)
        with time_machine.travel(story.at, tick=False):
            trials = trial.replay(actor=SYSTEM, version=version, policy=policy, days=6)
        assert foretold(trials) == happened(policy, story.moves)

    for_each_draft(part, check)
