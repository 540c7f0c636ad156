"""The rows of tags and their moves: written whole, by the one who read last."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from repositories.models import Provenance, Tag, TagMove
from repositories.services import tags
from tests.factories import make_manifest, make_tag, make_user
from tests.repositories.conftest import moves_of, points_to

if TYPE_CHECKING:
    from repositories.models import Manifest, Repository

pytestmark = pytest.mark.django_db


def see(
    repository: Repository, manifest: Manifest, version: int | None, **values
) -> TagMove | None:
    """Record what was seen of the tag 1.0, in a transaction of its own."""
    values.setdefault("moved_at", timezone.now())
    seen = tags.Sighting(tag="1.0", expected_version=version, **values)
    with transaction.atomic():
        return tags.record_move(repository=repository, manifest=manifest, seen=seen)


@pytest.fixture
def first(repository: Repository) -> Manifest:
    return make_manifest(repository=repository)


@pytest.fixture
def second(repository: Repository) -> Manifest:
    return make_manifest(repository=repository)


def test_a_first_push_is_a_move_that_others_hear_of(repository, first, announced):
    move = see(repository, first, 0, moved_by="dana")

    assert move is not None
    tag = Tag.objects.get(repository=repository, name="1.0")
    assert (tag.manifest, tag.current_move) == (first, move)
    assert tag.created_at == tag.updated_at == move.moved_at
    assert announced == [move]


def test_the_same_digest_again_is_no_move(repository, first, announced):
    see(repository, first, 0)
    assert see(repository, first, 1) is None
    assert moves_of(repository, "1.0") == [first.digest]
    assert len(announced) == 1


def test_there_and_back_is_three_moves(repository, first, second):
    for version, manifest in enumerate((first, second, first)):
        see(repository, manifest, version)
    assert moves_of(repository, "1.0") == [first.digest, second.digest, first.digest]


@pytest.mark.parametrize("stale", [0, 1, 3])
def test_a_row_written_meanwhile_is_not_overwritten(
    repository, first, second, announced, stale
):
    """Version 2 is current; whoever read another one asks the registry again."""
    see(repository, first, 0)
    see(repository, second, 1)
    before = list(Tag.objects.values())

    with pytest.raises(tags.TagChanged):
        see(repository, first, stale)

    assert list(Tag.objects.values()) == before
    assert moves_of(repository, "1.0") == [first.digest, second.digest]
    assert len(announced) == 2


def test_a_push_that_is_over_leaves_the_row(repository, first, second):
    see(repository, second, 0)
    assert see(repository, first, None) is not None
    assert points_to(repository, "1.0") == second.digest


def test_news_older_than_the_last_move_come_too_late(repository, first, second):
    see(repository, second, 0)
    earlier = timezone.now() - timedelta(minutes=1)

    assert see(repository, first, None, moved_at=earlier) is None
    assert moves_of(repository, "1.0") == [second.digest]


def test_a_tag_that_came_back_to_what_was_noted_last_has_moved(
    repository, first, second, announced
):
    """The last move was over before it was written; then somebody pushed it again."""
    see(repository, second, 0)
    see(repository, first, None)

    assert see(repository, first, 1) is not None
    assert points_to(repository, "1.0") == first.digest
    assert len(announced) == 3


def test_a_baseline_is_recorded_in_silence(repository, first, announced):
    move = see(repository, first, 0, is_baseline=True)
    assert move is not None
    assert move.is_baseline
    assert announced == []


def test_the_pusher_is_the_originator(repository, first):
    dana = make_user(name="dana")
    move = see(repository, first, 0, moved_by="dana")
    assert move is not None
    assert move.originated_by == dana


def test_a_stranger_and_nobody_are_kept_by_name_only(repository, first, second):
    by_stranger = see(repository, first, 0, moved_by="left-the-company")
    by_nobody = see(repository, second, 1)
    assert by_stranger is not None
    assert by_nobody is not None
    assert by_stranger.moved_by == "left-the-company"
    assert by_stranger.originated_by is by_nobody.originated_by is None


def test_a_promotion_is_originated_by_the_person_at_its_root(repository, first):
    dana, promotion, policy = make_user(), uuid4(), uuid4()
    Provenance.objects.create(
        promotion_uuid=promotion,
        policy_uuid=policy,
        source_repository="dev/website",
        source_tag="1.0-stable",
        originated_by=dana,
    )
    move = see(repository, first, 0, moved_by=f"promotion:{promotion}")

    assert move is not None
    assert (move.originated_by, move.promotion_uuid) == (dana, promotion)
    tag = Tag.objects.get(repository=repository)
    assert tag.is_promoted
    assert (tag.source_repository, tag.source_tag) == ("dev/website", "1.0-stable")
    assert (tag.policy_uuid, tag.promotion_uuid) == (policy, promotion)


def test_a_push_by_hand_takes_the_provenance_away(repository, first, second):
    promotion = uuid4()
    Provenance.objects.create(
        promotion_uuid=promotion, source_repository="dev/website", source_tag="1.0"
    )
    see(repository, first, 0, moved_by=f"promotion:{promotion}")
    see(repository, second, 1, moved_by="dana")
    tag = Tag.objects.get(repository=repository)
    assert not tag.is_promoted
    assert tag.source_repository == ""


@pytest.mark.parametrize(
    "subject", ["promotion:", "promotion:x", "promotion:" + "0" * 32]
)
def test_a_promotion_nobody_knows_is_no_reason_to_fail(repository, first, subject):
    move = see(repository, first, 0, moved_by=subject)
    assert move is not None
    assert move.originated_by is None


def test_a_deletion_is_believed_for_the_row_that_was_read(repository):
    make_tag(repository=repository, name="1.0")
    tag = make_tag(repository=repository, name="1.0")

    def delete(version: int) -> TagMove | None:
        seen = tags.Sighting(
            tag="1.0", moved_at=timezone.now(), expected_version=version
        )
        return tags.record_deletion(repository=repository, seen=seen)

    assert delete(1) is None
    assert points_to(repository, "1.0") == tag.manifest.digest
    move = delete(2)
    assert move is not None
    assert (move.from_manifest, move.to_manifest) == (tag.manifest, None)
    assert points_to(repository, "1.0") is None
    assert delete(2) is None


def test_a_tag_deleted_and_pushed_again_has_moved(repository, announced):
    tag = make_tag(repository=repository, name="1.0")
    seen = tags.Sighting(tag="1.0", moved_at=timezone.now(), expected_version=1)
    tags.record_deletion(repository=repository, seen=seen)

    see(repository, tag.manifest, 0)

    assert moves_of(repository, "1.0") == [
        tag.manifest.digest,
        None,
        tag.manifest.digest,
    ]
    assert len(announced) == 2
