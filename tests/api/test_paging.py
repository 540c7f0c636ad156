"""Pages of lists."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.api import factories

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rest_framework.test import APIClient

TAGS = "/api/v0/repositories/dev/website/tags"


@pytest.fixture
def tagged(world):
    for number in range(25):
        factories.push(world.website, f"v{number}")
    return world


def pages(client: APIClient, url: str) -> Iterator[list[str]]:
    """Yield the names of the tags of every page, following the header."""
    start = ""
    while True:
        response = client.get(f"{url}{start}")
        yield [tag["name"] for tag in response.json()]
        if "X-Next-Page-Start" not in response:
            return
        start = f"&pageStart={response['X-Next-Page-Start']}"


def test_pages_follow_each_other_without_gap_or_repeat(tagged):
    found = list(pages(tagged.client("dana"), f"{TAGS}?pageSize=10"))
    assert [len(page) for page in found] == [10, 10, 5]
    assert sorted(chain(*found)) == sorted(f"v{number}" for number in range(25))


def test_a_tag_pushed_between_two_pages_repeats_nothing(tagged):
    walk = pages(tagged.client("dana"), f"{TAGS}?pageSize=20")
    first = next(walk)
    factories.push(tagged.website, "a-new-one")
    assert set(first).isdisjoint(next(walk))


def test_ten_are_answered_unless_asked_otherwise(tagged):
    response = tagged.client("dana").get(TAGS)
    assert len(response.json()) == 10
    assert "X-Resource-Count" not in response


def test_the_count_is_told_when_asked_for(tagged):
    response = tagged.client("dana").get(f"{TAGS}?count=true&pageSize=3")
    assert response["X-Resource-Count"] == "25"


def test_the_count_is_of_what_the_client_may_see(world):
    response = world.client("drew").get("/api/v0/repositories?count=true")
    assert response["X-Resource-Count"] == "2"


def test_sizes_beyond_the_limit_are_cut_silently(tagged):
    response = tagged.client("dana").get(f"{TAGS}?pageSize=999999")
    assert len(response.json()) == 25


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("pageStart=garbage", "pageStart"),
        (f"pageStart={uuid4()}", "pageStart"),
        ("pageSize=0", "pageSize"),
        ("pageSize=many", "pageSize"),
        ("count=perhaps", "count"),
    ],
    ids=["no id", "unknown id", "too small", "no number", "no boolean"],
)
def test_wrong_parameters_are_named(world, query, field):
    response = world.client("dana").get(f"/api/v0/repositories?{query}")
    assert response.status_code == 400
    error = response.json()["errors"][0]
    assert error["code"] == "INVALID_PARAMETERS"
    assert list(error["detail"]) == [field]


def test_a_page_cannot_start_at_what_the_client_may_not_see(world):
    url = f"/api/v0/repositories?pageStart={world.target.uuid}"
    assert world.client("dana").get(url).status_code == 400
