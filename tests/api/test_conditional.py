"""Who polls is not sent again what it has; who changes, not what it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api import factories

if TYPE_CHECKING:
    from promotions.models import PromotionPolicy

POLICIES = "/api/v0/repositories/dev/website/promotionPolicies"
LISTS = (
    "/api/v0/repositories",
    "/api/v0/repositories/dev/website/tags",
    "/api/v0/repositories/dev/website/promotions",
    "/api/v0/repositories/dev/website/events",
    "/api/v0/jobs",
    POLICIES,
)


@pytest.fixture
def policy(world) -> PromotionPolicy:
    return factories.policy(world.website, world.target)


def detail(policy: PromotionPolicy) -> str:
    return f"{POLICIES}/{policy.uuid}"


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_did_not_change_is_not_sent_again(world, policy, path):
    factories.push(world.website, "v1")
    client = world.client("ada")
    first = client.get(path)
    assert first["ETag"].startswith('W/"')
    again = client.get(path, HTTP_IF_NONE_MATCH=f'"other", {first["ETag"]}')
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert "Content-Type" not in again
    assert client.get(path, HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_a_list_that_changed_is_sent(world):
    client = world.client("ada")
    path = "/api/v0/repositories/dev/website/tags"
    etag = client.get(path)["ETag"]
    factories.push(world.website, "v1")
    assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_a_page_that_leads_elsewhere_changed(world):
    client = world.client("ada")
    path = "/api/v0/repositories/dev/website/tags?pageSize=1&count=true"
    factories.push(world.website, "v1")
    etag = client.get(path)["ETag"]
    factories.push(world.website, "v2")
    answer = client.get(path, HTTP_IF_NONE_MATCH=etag)
    assert answer.status_code == 200
    again = client.get(path, HTTP_IF_NONE_MATCH=answer["ETag"])
    assert again["X-Next-Page-Start"] == answer["X-Next-Page-Start"]
    assert again["X-Resource-Count"] == "2"


@pytest.mark.parametrize("who", ["ada", "", "eve"])
def test_no_shared_cache_keeps_an_answer(world, who):
    answer = world.client(who).get("/api/v0/repositories/dev/website")
    assert answer["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", "))


def test_an_etag_lets_nobody_in(world, policy):
    etag = world.client("ada").get(POLICIES)["ETag"]
    for who, status in (("eve", 404), ("", 401)):
        answer = world.client(who).get(POLICIES, HTTP_IF_NONE_MATCH=etag)
        assert answer.status_code == status
        assert world.client(who).get(POLICIES, HTTP_IF_NONE_MATCH="*").status_code == (
            status
        )


def test_a_policy_that_did_not_move_is_changed(world, policy):
    client = world.client("ada")
    etag = client.get(detail(policy))["ETag"]
    assert etag.startswith('"')
    answer = client.put(detail(policy), {"tagTemplate": "%n-a"}, HTTP_IF_MATCH=etag)
    assert answer.status_code == 200
    assert client.get(detail(policy))["ETag"] != etag


@pytest.mark.parametrize("change", [{"tagTemplate": "%n-b"}, {"enabled": False}])
def test_a_policy_that_moved_is_left_as_it_is(world, policy, change):
    client = world.client("ada")
    etag = client.get(detail(policy))["ETag"]
    assert client.put(detail(policy), change).status_code == 200
    before = client.get(detail(policy)).json()
    for answer in (
        client.put(detail(policy), {"tagTemplate": "%n-a"}, HTTP_IF_MATCH=etag),
        client.delete(detail(policy), HTTP_IF_MATCH=etag),
    ):
        assert answer.status_code == 412
        (error,) = answer.json()["errors"]
        assert error["code"] == "PRECONDITION_FAILED"
    assert client.get(detail(policy)).json() == before


def test_a_change_that_was_proposed_meanwhile_is_seen(world, policy):
    etag = world.client("ada").get(detail(policy))["ETag"]
    change = {"tagTemplate": "%n-b", "propose": True}
    assert world.client("olga").put(detail(policy), change).status_code == 200
    answer = world.client("ada").put(
        detail(policy), {"tagTemplate": "%n-a"}, HTTP_IF_MATCH=etag
    )
    assert answer.status_code == 412


@pytest.mark.parametrize(
    ("sent", "status"),
    [("*", 200), ("", 200), ('"none"', 412), ('W/"x"', 412), ("nonsense", 412)],
)
def test_other_preconditions(world, policy, sent, status):
    answer = world.client("ada").put(
        detail(policy), {"tagTemplate": "%n-a"}, HTTP_IF_MATCH=sent
    )
    assert answer.status_code == status


def test_who_may_not_change_it_learns_nothing_of_its_state(world, policy):
    answer = world.client("eve").put(
        detail(policy), {"tagTemplate": "%n"}, HTTP_IF_MATCH='"none"'
    )
    assert answer.status_code == 404
