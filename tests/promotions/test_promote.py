"""One promotion: what is copied, what is recorded, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.access import AccessLevel, Actor
from accounts.models import User
from promotions.models import PolicyVersion, Promotion
from promotions.models.promotion import State
from promotions.services import policies, promote
from promotions.services.by_hand import promote_by_hand
from promotions.services.promote import job
from promotions.services.repeat import promote_again
from promotions.tasks import retry_waiting
from repositories.models import RepositoryManifest, Tag, TagMove
from repositories.registry import CopyReport, Digest, copy_image
from repositories.services import repositories
from tests.factories import grant, make_policy, make_repository, make_user
from tests.live_registry import Image

if TYPE_CHECKING:
    from tests.promotions.conftest import Pipeline

TIME_TEMPLATE = "%Y%m%d-%H%M%S"


def test_the_image_arrives_digest_for_digest(pipeline: Pipeline) -> None:
    image = pipeline.new_image(layers=4)
    promotion = pipeline.promote("1.0-stable", image)

    assert promotion.state == State.SUCCEEDED
    assert pipeline.target_digest("1.0-stable") == str(image.manifest.digest)
    assert (promotion.blobs_mounted, promotion.bytes_moved) == (5, 0)
    assert promotion.requests_made == 7
    assert promotion.started_at is not None
    assert promotion.finished_at is not None


def test_the_portal_knows_the_tag_and_whence_it_comes(pipeline: Pipeline) -> None:
    promotion = pipeline.promote("1.0-stable")

    tag = Tag.objects.get(repository=pipeline.target, name="1.0-stable")
    assert tag.manifest == promotion.manifest
    assert tag.source_repository == pipeline.source.full_name
    assert tag.source_tag == "1.0-stable"
    assert tag.policy_uuid == pipeline.policy.uuid
    assert tag.promotion_uuid == promotion.uuid
    assert tag.current_move.moved_by == f"promotion:{promotion.uuid}"
    held = RepositoryManifest.objects.filter(
        repository=pipeline.target, manifest=promotion.manifest, gone_at=None
    )
    assert held.exists()
    pipeline.policy.refresh_from_db()
    assert pipeline.policy.last_promoted_at is not None


def test_an_index_arrives_with_its_platforms(pipeline: Pipeline, make_index) -> None:
    images = [pipeline.new_image(), pipeline.new_image()]
    for image in images:
        pipeline.registry.push(image, pipeline.source.full_name, "platform")
    index = make_index(*(image.manifest for image in images))
    move = pipeline.push("2.0-stable", as_image(index))

    promotion = pipeline.run(*pipeline.decide(move))

    assert promotion.state == State.SUCCEEDED
    assert pipeline.target_digest("2.0-stable") == str(index.digest)
    held = RepositoryManifest.objects.filter(repository=pipeline.target)
    assert held.count() == 3


def as_image(index: Any) -> Image:
    return Image(index, ())


def test_running_it_again_copies_nothing(pipeline: Pipeline) -> None:
    promotion = pipeline.promote("1.0-stable")

    assert promote.run(promotion_id=promotion.pk) is None
    assert TagMove.objects.filter(repository=pipeline.target).count() == 1


def left_running(
    pipeline: Pipeline, promotion_id: int, *, seconds: int = -1, **values: Any
) -> None:
    """Leave a promotion as another worker has it, whose lease lasts `seconds` more."""
    now = timezone.now()
    columns = {"target_tag": "1.0-stable", **values}
    Promotion.objects.filter(pk=promotion_id).update(
        state=State.RUNNING,
        target_repository=pipeline.target,
        started_at=now,
        lease_token=uuid4(),
        leased_until=now + timedelta(seconds=seconds),
        **columns,
    )


def test_a_dead_workers_promotion_is_finished_by_the_next(pipeline: Pipeline) -> None:
    (promotion_id,) = pipeline.decide(pipeline.push("1.0-stable"))
    left_running(pipeline, promotion_id, attempts=1)

    promotion = pipeline.run(promotion_id)

    assert (promotion.state, promotion.attempts) == (State.SUCCEEDED, 2)


def test_a_living_workers_promotion_is_left_alone(pipeline: Pipeline) -> None:
    (promotion_id,) = pipeline.decide(pipeline.push("1.0-stable"))
    left_running(pipeline, promotion_id, seconds=60)

    assert promote.run(promotion_id=promotion_id) is None
    assert pipeline.target_digest("1.0-stable") is None


def test_a_worker_that_lost_its_lease_writes_nothing(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    (promotion_id,) = pipeline.decide(pipeline.push("1.0-stable"))
    other = uuid4()

    def overtaken(*_args: Any, **_kwargs: Any) -> CopyReport:
        Promotion.objects.filter(pk=promotion_id).update(lease_token=other)
        return CopyReport(Digest.of(b""), 0, 0, 0, 1)

    monkeypatch.setattr(job, "copy_image", overtaken)
    promotion = pipeline.run(promotion_id)

    assert (promotion.state, promotion.lease_token) == (State.RUNNING, other)
    assert not Tag.objects.filter(repository=pipeline.target).exists()


def test_what_is_started_too_often_fails(pipeline: Pipeline, settings) -> None:
    (promotion_id,) = pipeline.decide(pipeline.push("1.0-stable"))
    left_running(pipeline, promotion_id, attempts=settings.PROMOTION_ATTEMPTS)

    promotion = pipeline.run(promotion_id)

    assert (promotion.state, promotion.error_code) == (State.FAILED, "GAVE_UP")


# --- what became of the wish ------------------------------------------------------


def skipped(promotion: Promotion) -> str:
    assert promotion.state == State.SKIPPED
    assert promotion.reason
    return promotion.error_code


def test_a_policy_switched_off_meanwhile_promotes_nothing(pipeline: Pipeline) -> None:
    (promotion_id,) = pipeline.decide(pipeline.push("1.0-stable"))
    policies.update(actor=admin(), policy=pipeline.policy, changes={}, enabled=False)

    assert skipped(pipeline.run(promotion_id)) == "POLICY_DISABLED"
    assert pipeline.target_digest("1.0-stable") is None


def admin() -> Actor:
    return Actor(make_user(is_superuser=True))


def test_only_the_latest_push_of_a_tag_is_promoted(pipeline: Pipeline) -> None:
    (first,) = pipeline.decide(pipeline.push("rolling-stable"))
    (second,) = pipeline.decide(pipeline.push("rolling-stable"))

    assert skipped(pipeline.run(first)) == "SUPERSEDED"
    assert pipeline.run(second).state == State.SUCCEEDED


def test_every_push_is_promoted_where_the_policy_says_so(pipeline: Pipeline) -> None:
    policies.update(
        actor=admin(),
        policy=pipeline.policy,
        changes={
            "on_moved_tag": PolicyVersion.OnMovedTag.EVERY_PUSH,
            "tag_template": TIME_TEMPLATE,
        },
    )
    runs = [pipeline.decide(pipeline.push("rolling-stable"))[0] for _ in range(2)]

    promotions = [pipeline.run(promotion_id) for promotion_id in runs]

    assert [one.state for one in promotions] == [State.SUCCEEDED] * 2


def test_an_image_deleted_from_the_source_is_not_revived(pipeline: Pipeline) -> None:
    (promotion_id,) = pipeline.decide(pipeline.push("1.0-stable"))
    RepositoryManifest.objects.update(gone_at=timezone.now())

    assert skipped(pipeline.run(promotion_id)) == "SOURCE_GONE"


def test_the_older_push_never_lands_over_the_newer(pipeline: Pipeline) -> None:
    policies.update(
        actor=admin(),
        policy=pipeline.policy,
        changes={
            "tag_template": "latest",
            "on_moved_tag": PolicyVersion.OnMovedTag.EVERY_PUSH,
        },
    )
    (older,) = pipeline.decide(pipeline.push("1-stable"))
    newer_image = pipeline.new_image()
    (newer,) = pipeline.decide(pipeline.push("2-stable", newer_image))

    assert pipeline.run(newer).state == State.SUCCEEDED
    assert skipped(pipeline.run(older)) == "OLDER_THAN_TARGET"
    assert pipeline.target_digest("latest") == str(newer_image.manifest.digest)


def test_an_image_that_is_there_already_is_not_copied_again(
    pipeline: Pipeline,
) -> None:
    image = pipeline.new_image()
    policies.update(
        actor=admin(), policy=pipeline.policy, changes={"tag_template": "latest"}
    )
    assert pipeline.promote("1-stable", image).state == State.SUCCEEDED
    assert skipped(pipeline.promote("2-stable", image)) == "ALREADY_THERE"


def test_tags_made_from_the_same_second_get_a_suffix(
    pipeline: Pipeline, time_machine
) -> None:
    policies.update(
        actor=admin(), policy=pipeline.policy, changes={"tag_template": TIME_TEMPLATE}
    )
    now = datetime.now(UTC)
    time_machine.move_to(now, tick=False)
    tags = [pipeline.promote(f"{n}-stable").target_tag for n in range(3)]

    name = now.strftime(TIME_TEMPLATE)
    assert tags == [name, f"{name}-2", f"{name}-3"]


def test_an_immutable_tag_stays(pipeline: Pipeline) -> None:
    policies.update(
        actor=admin(), policy=pipeline.policy, changes={"tag_template": "release"}
    )
    first = pipeline.promote("1-stable")
    repositories.update(
        actor=admin(), repository=pipeline.target, immutable_tags=["rel*"]
    )

    assert skipped(pipeline.promote("2-stable")) == "TAG_IMMUTABLE"
    assert pipeline.target_digest("release") == first.manifest.digest


def test_a_policy_may_leave_existing_tags_alone(pipeline: Pipeline) -> None:
    policies.update(
        actor=admin(),
        policy=pipeline.policy,
        changes={
            "tag_template": "release",
            "on_conflict": PolicyVersion.OnConflict.REFUSE,
        },
    )
    pipeline.promote("1-stable")

    assert skipped(pipeline.promote("2-stable")) == "TAG_EXISTS"


def test_a_policy_may_keep_both_images(pipeline: Pipeline) -> None:
    changes = {
        "tag_template": "release",
        "on_conflict": PolicyVersion.OnConflict.KEEP_BOTH,
    }
    policies.update(actor=admin(), policy=pipeline.policy, changes=changes)
    image = pipeline.new_image()
    first = pipeline.promote("1-stable", image)
    second = pipeline.promote("2-stable")

    assert [first.target_tag, second.target_tag] == ["release", "release-2"]
    assert pipeline.target_digest("release") == first.manifest.digest
    assert pipeline.target_digest("release-2") == second.manifest.digest
    assert skipped(pipeline.promote("3-stable", image)) == "ALREADY_THERE"


def test_a_policy_may_let_tags_made_from_the_time_move(
    pipeline: Pipeline, time_machine
) -> None:
    changes = {
        "tag_template": TIME_TEMPLATE,
        "on_conflict": PolicyVersion.OnConflict.REPLACE,
    }
    policies.update(actor=admin(), policy=pipeline.policy, changes=changes)
    time_machine.move_to(datetime.now(UTC), tick=False)
    first, second = (pipeline.promote(f"{n}-stable") for n in range(2))

    assert first.target_tag == second.target_tag
    assert pipeline.target_digest(first.target_tag) == second.manifest.digest


def test_a_missing_target_is_waited_for(pipeline: Pipeline) -> None:
    (promotion_id,) = pipeline.decide(pipeline.push("1.0-stable"))
    name, namespace = pipeline.target.name, pipeline.target.namespace
    type(pipeline.target).objects.filter(pk=pipeline.target.pk).update(name="away")

    waiting = pipeline.run(promotion_id)
    assert (waiting.state, waiting.error_code) == (State.WAITING, "TARGET_MISSING")

    pipeline.target = make_repository(name=f"{namespace}/{name}")
    retry_waiting()
    assert pipeline.run(promotion_id).state == State.SUCCEEDED


def test_a_missing_target_is_created_private_where_allowed(
    pipeline: Pipeline,
) -> None:
    namespace, name = pipeline.target.namespace, pipeline.target.name
    type(pipeline.target).objects.filter(pk=pipeline.target.pk).update(name="away")
    type(namespace).objects.filter(pk=namespace.pk).update(create_on_push=True)

    promotion = pipeline.promote("1.0-stable")

    assert promotion.state == State.SUCCEEDED
    assert promotion.target_repository is not None
    assert promotion.target_repository.name == name
    assert not promotion.target_repository.is_public


def test_while_one_is_copied_to_a_tag_the_other_waits(pipeline: Pipeline) -> None:
    policies.update(
        actor=admin(), policy=pipeline.policy, changes={"tag_template": "latest"}
    )
    (first,) = pipeline.decide(pipeline.push("1-stable"))
    (second,) = pipeline.decide(pipeline.push("2-stable"))
    left_running(pipeline, first, seconds=60, target_tag="latest")

    waiting = pipeline.run(second)

    assert waiting.state == State.PENDING
    assert waiting.due_at is not None
    assert pipeline.target_digest("latest") is None


def test_a_push_by_somebody_else_after_the_copy_is_noticed(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tag row tells the truth: it points to what the registry has."""
    intruder = pipeline.new_image()
    (promotion_id,) = pipeline.decide(pipeline.push("1.0-stable"))
    real = copy_image

    def copied_then_overwritten(*args: Any, **kwargs: Any) -> CopyReport:
        report = real(*args, **kwargs)
        pipeline.registry.push(intruder, pipeline.target.full_name, "1.0-stable")
        other = make_pushed_tag(pipeline, intruder)
        assert other is not None
        return report

    monkeypatch.setattr(job, "copy_image", copied_then_overwritten)
    promotion = pipeline.run(promotion_id)

    assert promotion.state == State.SUCCEEDED
    tag = Tag.objects.get(repository=pipeline.target, name="1.0-stable")
    assert tag.manifest.digest == str(intruder.manifest.digest)


def make_pushed_tag(pipeline: Pipeline, image: Image) -> TagMove | None:
    turned = type(pipeline)(
        pipeline.registry,
        pipeline.make_image,
        source=pipeline.target,
        target=pipeline.source,
        policy=pipeline.policy,
    )
    return turned.move("1.0-stable", str(image.manifest.digest))


# --- chains -----------------------------------------------------------------------


def test_a_chain_goes_on_from_the_target(pipeline: Pipeline) -> None:
    production = make_repository(name=f"prod/{pipeline.target.name}")
    make_policy(source=pipeline.target, target=production)
    first = pipeline.promote("1.0-stable")
    arrived = TagMove.objects.get(repository=pipeline.target)

    (following,) = pipeline.decide(arrived)
    second = pipeline.run(following)

    assert second.state == State.SUCCEEDED
    assert (first.hop, second.hop) == (1, 2)
    assert second.root_move == first.tag_move


def test_a_loop_ends_where_it_began(pipeline: Pipeline) -> None:
    make_policy(source=pipeline.target, target=pipeline.source, allow_cycle=True)
    pipeline.promote("1.0-stable")
    arrived = TagMove.objects.get(repository=pipeline.target)

    (back,) = pipeline.decide(arrived)

    assert skipped(pipeline.run(back)) == "ALREADY_THERE"


def test_a_chain_stops_after_so_many_hops(pipeline: Pipeline, settings) -> None:
    settings.PROMOTION_MAX_HOPS = 1
    make_policy(
        source=pipeline.target, target=pipeline.source, tag_template="%n-stable"
    )
    pipeline.promote("1.0-stable")
    arrived = TagMove.objects.get(repository=pipeline.target)

    assert pipeline.decide(arrived) == []
    last = Promotion.objects.order_by("id").last()
    assert last is not None
    assert skipped(last) == "HOP_LIMIT"


def test_one_push_causes_a_limited_number_of_promotions(
    pipeline: Pipeline, settings
) -> None:
    settings.PROMOTION_MAX_PER_PUSH = 2
    for _ in range(3):
        make_policy(source=pipeline.source, target=make_repository())

    assert len(pipeline.decide(pipeline.push("1.0-stable"))) == 2
    codes = Promotion.objects.filter(state=State.SKIPPED).values_list("error_code")
    assert [code for (code,) in codes] == ["FAN_OUT_LIMIT"] * 2


# --- by hand ----------------------------------------------------------------------


def test_promoting_by_hand_needs_the_rights_when_it_runs_too(
    pipeline: Pipeline,
) -> None:
    user = make_user()
    grant(to=user, on=pipeline.source, level=AccessLevel.READ_ONLY)
    grant(to=user, on=pipeline.target, level=AccessLevel.READ_WRITE)
    pipeline.push("1.0-beta")
    tag = Tag.objects.select_related("repository__namespace", "manifest").get(
        repository=pipeline.source, name="1.0-beta"
    )
    wish = partial(promote_by_hand, actor=Actor(user), tag=tag, target=pipeline.target)
    first, second = wish(target_tag="one"), wish(target_tag="two")

    assert pipeline.run(first.pk).state == State.SUCCEEDED
    grant(to=user, on=pipeline.target, level=AccessLevel.READ_ONLY)
    assert skipped(pipeline.run(second.pk)) == "NOT_AUTHORIZED"


def test_a_failed_promotion_is_done_again_with_a_tag_of_now(pipeline: Pipeline) -> None:
    repositories.update(actor=admin(), repository=pipeline.target, immutable_tags=["*"])
    policies.update(
        actor=admin(), policy=pipeline.policy, changes={"tag_template": "release"}
    )
    pipeline.promote("1-stable")
    refused = pipeline.promote("2-stable")
    assert skipped(refused) == "TAG_IMMUTABLE"
    repositories.update(actor=admin(), repository=pipeline.target, immutable_tags=[])

    again = promote_again(actor=admin(), promotion=refused)

    assert again.decision == refused.decision
    assert pipeline.run(again.pk).state == State.SUCCEEDED
    assert pipeline.target_digest("release") == refused.manifest.digest


def test_promoting_again_is_refused_once_the_policy_changed(pipeline: Pipeline) -> None:
    done = pipeline.promote("1-stable")
    policies.update(
        actor=admin(), policy=pipeline.policy, changes={"tag_template": "x-%n"}
    )
    with pytest.raises(ValidationError, match="Save & Apply"):
        promote_again(actor=admin(), promotion=done)


def test_promoting_again_is_decided_anew(pipeline: Pipeline, time_machine) -> None:
    soon = {"field": "updated_at_duration", "operator": "af", "values": ["1h"]}
    policies.update(actor=admin(), policy=pipeline.policy, changes={"rules": [soon]})
    done = pipeline.promote("1-stable")
    time_machine.move_to(datetime.now(UTC) + timedelta(hours=2))

    with pytest.raises(ValidationError, match="does not meet the policy now"):
        promote_again(actor=admin(), promotion=done)


def test_the_worker_asks_whether_who_promotes_again_still_may(
    pipeline: Pipeline,
) -> None:
    done = pipeline.promote("1-stable")
    person = admin()
    again = promote_again(actor=person, promotion=done)
    User.objects.filter(pk=person.key).update(is_active=False)

    assert skipped(pipeline.run(again.pk)) == "NOT_AUTHORIZED"
