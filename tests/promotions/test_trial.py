"""Trying a draft: what it tells of each image, what it keeps to itself, and no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import SYSTEM
from accounts.models import Namespace
from promotions.services import trial
from promotions.services.trial import Effect, Trial
from repositories.models import Repository, RepositoryManifest
from repositories.services import repositories, tags
from tests.factories import (
    make_manifest,
    make_tag,
    tag_rule,
)
from tests.promotions.unsaved import draft, dry

pytestmark = pytest.mark.django_db

NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
SOAKED = {"field": "updated_at_duration", "operator": "bf", "values": ["2h"]}
FRESH = {"field": "updated_at_duration", "operator": "af", "values": ["2h"]}


def replayed(source: Repository, days: int = 7, **values: Any) -> list[Trial]:
    version = draft(source, **values)
    return list(trial.replay(actor=SYSTEM, version=version, days=days).rows[::-1])


def ago(**values: Any) -> Any:
    return time_machine.travel(timezone.now() - timedelta(**values), tick=False)


def test_every_effect_is_told(source, target):
    same = make_tag(repository=source, name="same").manifest
    for name in ("free", "other", "beta"):
        make_tag(repository=source, name=name)
    make_tag(repository=target, name="same", manifest=same)
    before = make_tag(repository=target, name="other").manifest

    found = {row.tag: row for row in dry(source, rules=[tag_rule("noo", "beta")])}

    assert found["free"].effect == Effect.PROMOTED
    assert found["free"].target_tag == "free"
    assert found["other"].effect == Effect.OVERWRITES
    assert found["other"].overwrites == before.digest
    assert (found["same"].effect, found["same"].code) == ("skipped", "ALREADY_THERE")
    assert found["beta"].effect == Effect.STAYS
    assert found["beta"].reasons == ('tag "beta" is one of "beta"',)
    (waiting,) = dry(source, rules=[NO_CRITICAL, tag_rule("eq", "free")])[1:2]
    assert waiting.effect == Effect.WAITS
    assert "no scan of linux/amd64" in waiting.reasons[0]


@pytest.mark.parametrize(
    ("on_conflict", "immutable", "code"),
    [("refuse", [], "TAG_EXISTS"), ("replace", ["1*"], "TAG_IMMUTABLE")],
)
def test_a_tag_that_stays_is_named(source, target, on_conflict, immutable, code):
    make_tag(repository=source, name="1.0")
    make_tag(repository=target, name="1.0")
    Repository.objects.filter(pk=target.pk).update(immutable_tags=immutable)
    (row,) = dry(source, on_conflict=on_conflict)
    assert (row.effect, row.code) == (Effect.SKIPPED, code)
    assert "qa/website:1.0 exists" in row.sentence
    assert row.target_tag == "1.0"


def test_images_that_meet_at_one_tag_meet_in_the_trial_too(source, target):
    older = make_tag(repository=source, name="a")
    make_tag(repository=source, name="b")
    make_tag(repository=source, name="c")
    kept = dry(source, tag_template="fixed", on_conflict="keep_both")
    assert [row.target_tag for row in kept] == ["fixed", "fixed-2", "fixed-3"]
    moved = dry(source, tag_template="fixed")
    assert [row.effect for row in moved] == ["promoted", "overwrites", "overwrites"]
    assert moved[1].overwrites == older.manifest.digest
    make_tag(repository=source, name="a")  # it is the first tag still, and newest push
    stale = {row.tag: row.code for row in dry(source, tag_template="fixed")}
    assert stale == {"a": "", "b": "OLDER_THAN_TARGET", "c": "OLDER_THAN_TARGET"}


def test_a_template_that_makes_no_tag_is_said(source, target):
    make_tag(repository=source, name="-".join(["long"] * 25))
    (row,) = dry(source, tag_template="%n-%A-%B-%Z-%{digest}")
    assert (row.effect, row.code) == (Effect.SKIPPED, "INVALID_TARGET_TAG")
    assert row.target_tag == ""


def test_what_the_source_does_not_hold_any_more_stays(source, target):
    make_tag(repository=source, name="1.0")
    RepositoryManifest.objects.update(gone_at=timezone.now())
    (row,) = dry(source)
    assert (row.effect, row.code) == (Effect.SKIPPED, "SOURCE_GONE")


@pytest.mark.parametrize(
    ("creates", "effect", "code"),
    [(True, "promoted", ""), (False, "waits", "TARGET_MISSING")],
)
def test_a_missing_target_is_made_or_waited_for(source, target, creates, effect, code):
    make_tag(repository=source, name="1.0")
    Namespace.objects.filter(name="qa").update(create_on_push=creates)
    (row,) = dry(source, "qa/fresh")
    assert (row.effect, row.code) == (effect, code)
    assert ("makes the repository qa/fresh" in row.sentence) is creates
    assert not Repository.objects.filter(name="fresh").exists()


def test_the_name_of_a_deleted_repository_is_not_free(source, target):
    make_tag(repository=source, name="1.0")
    Namespace.objects.filter(name="qa").update(create_on_push=True)
    repositories.delete(actor=SYSTEM, repository=target)
    (row,) = dry(source)
    assert row.code == "TARGET_MISSING"


@pytest.mark.parametrize("allowed", [True, False])
def test_a_pattern_makes_nothing_public_unasked(source, target, allowed):
    make_tag(repository=source, name="1.0")
    Repository.objects.filter(pk=target.pk).update(visibility="public")
    (row,) = dry(source, "qa/{repository}", allow_public_target=allowed)
    assert row.code == ("" if allowed else "PRIVATE_TO_PUBLIC")
    (named,) = dry(source, "qa/website")
    assert named.effect == Effect.PROMOTED


def test_attachments_and_deleted_tags_are_no_pushes(source, target):
    tag = make_tag(repository=source, name="1.0")
    make_tag(repository=source, name=f"sha256-{'a' * 64}.sig")
    assert [row.tag for row in dry(source)] == ["1.0"]
    seen = tags.Sighting(tag="1.0", moved_at=timezone.now(), expected_version=1)
    tags.record_deletion(repository=source, seen=seen)
    assert dry(source) == []
    assert [row.uuid for row in replayed(source)] == [tag.current_move.uuid]


@pytest.mark.parametrize("run", ["dry_run", "replay"])
def test_the_newest_pushes_are_kept_when_there_are_too_many(source, target, run):
    for number in range(5):
        make_tag(repository=source, name=str(number))
    days = {} if run == "dry_run" else {"days": 1}
    for limit, names in ((3, ["4", "3", "2"]), (5, ["4", "3", "2", "1", "0"])):
        trials = getattr(trial, run)(
            actor=SYSTEM, version=draft(source), limit=limit, **days
        )
        assert [row.tag for row in trials.rows] == names
        assert trials.is_cut is (limit == 3)
        assert trials.assumptions


def test_a_replay_renders_and_decides_at_the_time_of_each_push(source, target):
    with ago(days=3):
        make_tag(repository=source, name="old")
    with ago(days=9):
        make_tag(repository=source, name="too-old")
    (row,) = replayed(source, tag_template="%Y%m%d", rules=[FRESH])
    assert row.decided_at == row.moved_at
    assert row.target_tag == f"{row.moved_at:%Y%m%d}"
    assert dry(source, rules=[FRESH])[-1].effect == Effect.STAYS


def test_a_replay_wakes_what_waited_for_a_time(source, target):
    with ago(hours=5):
        make_tag(repository=source, name="1.0")
    with ago(hours=4):
        make_tag(repository=source, name="1.0")
    with ago(hours=1):
        make_tag(repository=source, name="2.0")
    first, second, late = replayed(source, rules=[SOAKED])
    assert (first.effect, first.code) == (Effect.SKIPPED, "SUPERSEDED")
    assert first.sentence == "dev/website:1.0 points to another image by now."
    assert second.effect == Effect.PROMOTED
    assert second.decided_at == second.moved_at + timedelta(hours=2)
    assert late.effect == Effect.WAITS
    assert late.reevaluate_at == late.moved_at + timedelta(hours=2)
    every = replayed(source, rules=[SOAKED], on_moved_tag="every_push")
    assert [row.effect for row in every] == ["promoted", "overwrites", "waits"]


def test_a_replay_meets_the_target_as_it_was(source, target):
    with ago(hours=6):
        before = make_tag(repository=target, name="1.0").manifest
    with ago(hours=5):
        make_tag(repository=source, name="1.0")
    with ago(hours=4):
        theirs = make_tag(repository=target, name="1.0").manifest
    with ago(hours=3):
        make_tag(repository=source, name="1.0")
    make_tag(repository=target, name="1.0")
    first, second = replayed(source)
    assert first.overwrites == before.digest
    assert second.overwrites == theirs.digest


def test_a_target_whose_name_cannot_be_is_said(source, target):
    make_tag(repository=source, name="1.0")
    version = draft(source)
    version.target_namespace, version.target_name = None, ""
    version.target_pattern = "qa/" + "x/" * 100 + "{repository}" * 10
    (row,) = trial.dry_run(actor=SYSTEM, version=version).rows
    assert (row.effect, row.code) == (Effect.SKIPPED, "INVALID_TARGET_REPOSITORY")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"on_conflict": "keep_both", "tag_template": "fixed"},
        {"tag_template": "%Y", "exceptions_of": "target"},
    ],
)
@pytest.mark.parametrize("run", ["dry_run", "replay"])
def test_queries_do_not_grow_with_the_tags(source, target, values, run):
    def count() -> int:
        days = {} if run == "dry_run" else {"days": 1}
        version = draft(source, **values)
        with CaptureQueriesContext(connection) as queries:
            getattr(trial, run)(actor=SYSTEM, version=version, **days)
        return len(queries)

    image = make_manifest(repository=source)
    for number in range(2):
        make_tag(repository=source, name=f"a{number}", manifest=image)
    few = count()
    for number in range(40):
        make_tag(repository=source, name=f"b{number}", manifest=image)
        make_tag(repository=target, name=f"b{number}")
    assert count() <= few + 4
    assert few <= 14


def test_a_draft_is_checked_whatever_exists(source):
    with pytest.raises(ValidationError, match="lacks a slash"):
        draft(source, "nothing")
    with pytest.raises(ValidationError, match="names a group"):
        draft(source, tag_template="%{1}")
