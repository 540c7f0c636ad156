"""Everything is said and done several times, at once and in any order; counts once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import requests

from msr.quickstart.environment import value
from tests.e2e.backstage import (
    Row,
    is_at_rest,
    make_repositories,
    messages,
    moves,
    promotions,
    rows,
    send,
)
from tests.e2e.people import Person, wait_for
from tests.e2e.test_chains import add_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow

TIMES = 20
AT_ONCE = 8
FEW = 8
EVENTS = """
    SELECT event_id, payload FROM repositories_registryevent
    WHERE repository = ? ORDER BY id
"""


@pytest.fixture
def ends(stack: Stack, admin: Person) -> tuple[str, str]:
    """A repository of Dana's and where every push to it goes, under its digest."""
    mark = uuid4().hex[:8]
    source, target = f"again-{mark}/app", f"again-{mark}/promoted"
    make_repositories(stack, {source: "dana", target: "dana"})
    wish = {"onMovedTag": "every_push", "tagTemplate": "%n-%{digest}"}
    assert add_policy(admin, source, target, **wish).status_code == 201
    return source, target


def notify(stack: Stack, events: list[dict[str, Any]]) -> None:
    """Report events as the registry does, one in each notification, many at once."""
    secret = value(stack.env, "NOTIFICATION_SECRET")

    def post(event: dict[str, Any]) -> int:
        return requests.post(
            f"{stack.url}/registry/notifications",
            json={"events": [event]},
            headers={"Authorization": f"Bearer {secret}"},
            timeout=30,
        ).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(post, events)) == {202}


def reported(stack: Stack, repository: str) -> list[dict[str, Any]]:
    """Return the events of a repository as the registry wrote them."""
    found = [row["payload"] for row in rows(stack, EVENTS, repository)]
    read = [json.loads(one) if isinstance(one, str) else one for one in found]
    return [one["raw"] for one in read]


def check_promoted_once(
    stack: Stack, ends: tuple[str, str], digests: list[str]
) -> None:
    """Each push is one move, one promotion, and one move of the target's tag."""
    source, target = ends
    made = promotions(stack, source)
    assert [one["digest"] for one in moves(stack, source)] == digests
    assert [one["state"] for one in made] == ["succeeded"] * len(digests)
    for found in (made, moves(stack, target)):
        assert sorted(one["digest"] for one in found) == sorted(digests)


@pytest.mark.parametrize("ids", ["the same", "another each"])
def test_a_push_reported_many_times_is_promoted_once(
    stack: Stack,
    dana: Person,
    new_image: Callable[..., Image],
    ends: tuple[str, str],
    ids: str,
) -> None:
    """While no worker does anything, so that all reports are worked on together."""
    image = new_image()
    with stack.stalled("worker"):
        assert dana.push(image, f"{ends[0]}:1.0") == ""
        (event,) = wait_for(lambda: reported(stack, ends[0]))
        given = [
            event["id"] if ids == "the same" else str(uuid4()) for _ in range(TIMES)
        ]
        events = [{**event, "id": one} for one in given]
        notify(stack, events)
    wait_for(lambda: is_at_rest(stack))
    check_promoted_once(stack, ends, [image.digest])
    assert len(reported(stack, ends[0])) == len({event["id"], *given})

    notify(stack, events)
    wait_for(lambda: is_at_rest(stack))
    check_promoted_once(stack, ends, [image.digest])


def test_tasks_done_many_times_and_in_any_order_promote_each_push_once(
    stack: Stack,
    dana: Person,
    new_image: Callable[..., Image],
    ends: tuple[str, str],
) -> None:
    source, target = ends
    chance = Random(1)
    images = [new_image(layers=1, layer_bytes=100) for _ in range(5)]
    with stack.stalled("worker"):
        for image in images:
            assert dana.push(image, f"{source}:1.0") == ""
        wait_for(lambda: len(reported(stack, source)) == len(images))
        again(stack, source, chance)

    def are_promoted() -> bool:
        """Meanwhile let no worker ever run out of messages."""
        if messages(stack) < FEW:
            again(stack, source, chance)
        return len(moves(stack, target)) == len(images)

    wait_for(are_promoted)
    again(stack, source, chance)
    wait_for(lambda: is_at_rest(stack))

    check_promoted_once(stack, ends, [image.digest for image in images])


def again(stack: Stack, source: str, chance: Random) -> None:
    """Send workers every message about the repository again, three times, mixed."""
    event_ids = [str(one["event_id"]) for one in rows(stack, EVENTS, source)]
    move_ids, promotion_ids = (
        keys(moves(stack, source)),
        keys(promotions(stack, source)),
    )
    for queue, task, found in (
        ("ingest", "repositories.tasks.process_event", event_ids),
        ("promote", "promotions.tasks.evaluate_move", move_ids),
        ("promote", "promotions.tasks.run_promotion", promotion_ids),
    ):
        messages = [(task, key) for key in found] * 3
        chance.shuffle(messages)
        send(stack, queue, messages)


def keys(found: list[Row]) -> list[int]:
    return [one["id"] for one in found]
