"""Many people push the same tag at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.e2e.backstage import Row, is_at_rest, make_repositories, moves, promotions
from tests.e2e.people import Person, wait_for
from tests.e2e.test_chains import add_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow

AT_ONCE = 8
PATIENCE = 90.0


class Storm:
    """A repository, and three others into which its images go, each by its policy."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.admin, self.dana = Person(stack, "admin"), Person(stack, "dana")
        mark = uuid4().hex[:8]
        names = [f"storm-{mark}/{name}" for name in ("app", "every", "over", "latest")]
        make_repositories(stack, dict.fromkeys(names, "dana"))
        self.source, self.every, self.over, self.latest = names
        self.add_policy(self.every, "every_push", "%{digest}")
        self.add_policy(self.over, "every_push", "%n")
        self.add_policy(self.latest, "latest_only", "%n")

    def add_policy(self, target: str, on_moved_tag: str, template: str) -> None:
        wish = {"onMovedTag": on_moved_tag, "tagTemplate": template}
        added = add_policy(self.admin, self.source, target, **wish)
        assert added.status_code == 201, added.text

    def push(self, images: Iterable[Image]) -> None:
        """Push all to one tag, some at a time, and wait until nothing is to be done."""
        target = f"{self.source}:rolling"
        with ThreadPoolExecutor(AT_ONCE) as pool:
            troubles = set(pool.map(lambda one: self.dana.push(one, target), images))
        assert troubles == {""}
        wait_for(lambda: is_at_rest(self.stack), PATIENCE)

    def moves(self) -> list[Row]:
        return moves(self.stack, self.source)

    def promotions_into(self, target: str) -> list[Row]:
        found = promotions(self.stack, self.source)
        return [one for one in found if one["target"] == target]

    def digest(self, repository: str) -> str:
        """Return what the registry itself has under the tag that was pushed."""
        return self.dana.digest(f"{repository}:rolling")


def check_every_move_is_promoted_once(storm: Storm) -> None:
    made = storm.promotions_into(storm.every)
    moved = [(one["id"], one["digest"]) for one in storm.moves()]
    assert sorted((one["move"], one["digest"]) for one in made) == moved
    assert {one["state"] for one in made} == {"succeeded"}
    pushed = {digest for _, digest in moved}
    assert {tag["digest"] for tag in storm.dana.tags(storm.every)} == pushed


def check_the_newest_stays(storm: Storm, target: str, skipped: str) -> None:
    """Each move has its promotion, and none came after one of a newer move."""
    made = storm.promotions_into(target)
    moved = [one["id"] for one in storm.moves()]
    assert sorted(one["move"] for one in made) == moved
    ends = {(one["state"], one["error_code"]) for one in made}
    assert ends <= {("succeeded", ""), ("skipped", skipped)}
    arrived = [one["source_move"] for one in moves(storm.stack, target)]
    assert arrived == sorted(arrived)
    assert len(set(arrived)) == len(arrived)
    assert len(arrived) == Counter(one["state"] for one in made)["succeeded"]
    assert storm.digest(target) == storm.digest(storm.source)


@pytest.mark.parametrize(("parts", "pushes"), [("stack", 50), ("sqlite_stack", 8)])
def test_of_pushes_of_one_tag_each_counts_once_and_the_newest_stays(
    request: pytest.FixtureRequest,
    new_image: Callable[..., Image],
    parts: str,
    pushes: int,
) -> None:
    storm = Storm(request.getfixturevalue(parts))
    images = [new_image(layers=1, layer_bytes=100) for _ in range(pushes)]

    storm.push(images)

    assert {one["digest"] for one in storm.moves()} <= {one.digest for one in images}
    check_every_move_is_promoted_once(storm)
    check_the_newest_stays(storm, storm.over, "OLDER_THAN_TARGET")
    check_the_newest_stays(storm, storm.latest, "SUPERSEDED")
