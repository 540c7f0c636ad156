"""Several workers at once, on a database that lets them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.utils import timezone

from accounts.access import SYSTEM, Actor
from promotions.models import PolicyVersion, Promotion
from promotions.models.promotion import State
from promotions.services import policies, promote
from promotions.services.evaluate import evaluate_move
from promotions.services.retry import retry_failed
from repositories.models import TagMove
from tests.factories import make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.promotions.conftest import Pipeline

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("several_connections"),
]


@pytest.fixture
def several_connections() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite in memory has one connection; runs on PostgreSQL")


def at_once(*actions: Callable[[], object]) -> None:
    """Run the actions in threads that start together."""
    start = Barrier(len(actions))

    def run(action: Callable[[], object]) -> None:
        start.wait()
        try:
            action()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as threads:
        for done in [threads.submit(run, action) for action in actions]:
            done.result()


def test_of_two_workers_on_one_promotion_one_copies(pipeline: Pipeline) -> None:
    (promotion_id,) = pipeline.decide(pipeline.push("1.0-stable"))

    at_once(*[lambda: promote.run(promotion_id=promotion_id)] * 4)

    promotion = Promotion.objects.get(pk=promotion_id)
    assert (promotion.state, promotion.attempts) == (State.SUCCEEDED, 1)
    assert TagMove.objects.filter(repository=pipeline.target).count() == 1


def test_two_evaluations_of_one_push_promote_once(pipeline: Pipeline) -> None:
    move = pipeline.push("1.0-stable")

    at_once(*[lambda: evaluate_move(move_id=move.pk)] * 4)

    assert Promotion.objects.count() == 1


def test_two_who_retry_at_once_retry_it_once(pipeline: Pipeline) -> None:
    pipeline.decide(pipeline.push("1.0-stable"))
    Promotion.objects.update(
        state=State.FAILED, error_code="DENIED", finished_at=timezone.now()
    )
    root = Actor(make_user(is_superuser=True))
    retried: list[Promotion] = []

    def retry() -> None:
        rows = Promotion.objects.all()
        retried.extend(retry_failed(actor=root, promotions=rows).promotions)

    at_once(*[retry] * 4)

    assert retried == list(Promotion.objects.filter(generation=2))
    assert len(retried) == 1


def test_two_promotions_into_one_tag_end_with_the_newer(pipeline: Pipeline) -> None:
    changes = {
        "tag_template": "latest",
        "on_moved_tag": PolicyVersion.OnMovedTag.EVERY_PUSH,
    }
    policies.update(actor=SYSTEM, policy=pipeline.policy, changes=changes)
    images = [pipeline.new_image() for _ in range(3)]
    keys = [
        pipeline.decide(pipeline.push(f"{number}-stable", image))[0]
        for number, image in enumerate(images)
    ]

    at_once(*[lambda key=key: promote.run(promotion_id=key) for key in keys])
    while left := Promotion.objects.filter(state=State.PENDING):
        left.update(due_at=None)
        for key in left.order_by("id").values_list("pk", flat=True):
            promote.run(promotion_id=key)

    assert pipeline.target_digest("latest") == str(images[-1].manifest.digest)
    assert Promotion.objects.get(pk=keys[-1]).state == State.SUCCEEDED


def test_promotions_of_one_second_each_get_a_tag(pipeline: Pipeline) -> None:
    changes = {"tag_template": "%Y%m%d"}
    policies.update(actor=SYSTEM, policy=pipeline.policy, changes=changes)
    keys = [pipeline.decide(pipeline.push(f"{n}-stable"))[0] for n in range(4)]

    at_once(*[lambda key=key: promote.run(promotion_id=key) for key in keys])
    while left := Promotion.objects.filter(state=State.PENDING):
        left.update(due_at=None)
        for key in left.values_list("pk", flat=True):
            promote.run(promotion_id=key)

    found = Promotion.objects.filter(pk__in=keys, state=State.SUCCEEDED)
    assert len({one.target_tag for one in found}) == 4
