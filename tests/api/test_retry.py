"""The history, filtered; and what failed in it, retried."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.access import Actor, TokenScope
from accounts.services import access_tokens
from promotions.models import Promotion
from promotions.models.promotion import State
from tests.api import factories

HISTORY = "/api/v0/repositories/dev/website/promotions"
INTO = "/api/v0/repositories/qa/website/promotions"
RETRY = f"{HISTORY}/retry"
REFUSED = "Its source or its target is gone, or you have no access to it."


def failed(world: Any, tag: str, **values: Any) -> Promotion:
    fields = {"state": State.FAILED, "error_code": "DENIED", **values}
    fields["finished_at"] = timezone.now()
    pushed = factories.push(world.website, tag)
    return factories.promotion(pushed, world.target, tag, world.people.ada, **fields)


@pytest.fixture
def broken(world) -> list[Promotion]:
    return [
        failed(world, "v1"),
        failed(world, "v2", error_code="UNAVAILABLE"),
        failed(world, "w1", state=State.SKIPPED, error_code="TAG_IMMUTABLE"),
    ]


@pytest.mark.parametrize(
    ("query", "tags"),
    [
        ("", ["v1", "v2", "w1"]),
        ("state=failed", ["v1", "v2"]),
        ("state=failed&state=skipped&tag=1", ["v1", "w1"]),
        ("state=failed,skipped&errorCode=TAG_IMMUTABLE", ["w1"]),
        ("errorCode=UNAVAILABLE", ["v2"]),
        ("tag=V", ["v1", "v2"]),
        ("since=2100-01-01", []),
        ("until=2100-01-01T00:00:00Z", ["v1", "v2", "w1"]),
        ("policyID=00000000-0000-4000-8000-000000000000", []),
    ],
)
def test_the_history_is_filtered(world, broken, query, tags):
    shown = world.client("ada").get(f"{HISTORY}?{query}").json()
    assert [one["sourceTag"] for one in shown] == tags


def test_the_pages_of_a_filtered_history_go_on(world, broken):
    address = f"{HISTORY}?state=failed&pageSize=1&count=true"
    first = world.client("ada").get(address)
    start = first["X-Next-Page-Start"]
    second = world.client("ada").get(f"{address}&pageStart={start}")
    assert first["X-Resource-Count"] == "2"
    assert [one["sourceTag"] for one in second.json()] == ["v2"]
    assert "X-Next-Page-Start" not in second


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"state": "broken"}, "state: “broken” is no state"),
        ({"policyID": "7"}, "“7” is not the id of a policy"),
        ({"since": "now"}, "since: “now” is no moment"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(world, broken, woken, sent, message):
    client = world.client("ada")
    for response in (client.get(HISTORY, sent), client.post(RETRY, sent)):
        assert response.status_code == 400
        (error,) = response.json()["errors"]
        assert error["code"] == "INVALID_PARAMETERS"
        assert message in error["message"]
    assert not woken


def test_what_failed_is_retried_and_woken(world, broken, woken):
    response = world.client("ada").post(RETRY, {"comment": "up again"})
    again = list(Promotion.objects.filter(generation=2).order_by("id"))
    assert response.status_code == 200
    shown = response.json()
    promotions = shown.pop("promotions")
    assert shown == {"retried": 2, "left": 0, "next": None, "refused": []}
    assert [one["id"] for one in promotions] == [str(row.uuid) for row in again]
    assert [one["sourceTag"] for one in promotions] == ["v1", "v2"]
    assert {one["state"] for one in promotions} == {"pending"}
    assert [(row.repeats, row.comment) for row in again] == [
        (one, "up again") for one in broken[:2]
    ]
    assert woken == [("run_promotion", row.pk) for row in again]
    twice = world.client("ada").post(RETRY, {}).json()
    assert (twice["retried"], twice["promotions"]) == (0, [])


def test_only_what_the_filter_finds_is_retried(world, broken, woken):
    sent = {"errorCode": "UNAVAILABLE", "state": ["failed"]}
    shown = world.client("ada").post(f"{INTO}/retry?source=false", sent).json()
    assert [one["sourceTag"] for one in shown["promotions"]] == ["v2"]
    assert Promotion.objects.filter(generation=2).count() == 1


@pytest.mark.parametrize(
    "sent", [{"state": "skipped"}, {"state": ["failed", "skipped"]}, ["v1"]]
)
def test_nothing_is_retried_for_a_body_that_means_something_else(
    world, broken, woken, sent
):
    assert world.client("ada").post(RETRY, sent).status_code == 400
    assert not woken


def test_a_long_list_is_retried_in_parts(world, broken, woken, monkeypatch):
    monkeypatch.setattr("promotions.services.retry.BATCH", 1)
    client = world.client("ada")
    first = client.post(RETRY, {}).json()
    assert (first["retried"], first["left"]) == (1, 1)
    assert first["next"] == str(broken[0].uuid)
    second = client.post(RETRY, {"after": first["next"]}).json()
    assert (second["retried"], second["left"], second["next"]) == (1, 0, None)
    unknown = client.post(RETRY, {"after": str(uuid4())})
    assert unknown.status_code == 404


def test_who_may_not_push_there_is_told_for_each(world, broken, woken):
    factories.grant(world.people.drew, "read_only", world.target)
    shown = world.client("drew").post(RETRY, {}).json()
    push = "This needs the right “push” on qa/website; ask one of its admins."
    assert shown["refused"] == [
        {"id": str(one.uuid), "reason": push} for one in broken[:2]
    ]
    assert (shown["retried"], woken) == (0, [])


@pytest.mark.parametrize(("who", "where"), [("drew", HISTORY), ("quentin", INTO)])
def test_a_hidden_end_is_not_named(world, broken, woken, who, where):
    side = "?source=false" if where == INTO else ""
    shown = world.client(who).post(f"{where}/retry{side}", {}).json()
    assert {one["reason"] for one in shown["refused"]} == {REFUSED}
    assert not woken


def test_a_hidden_tag_is_not_found_by_guessing(world, broken):
    address = f"{INTO}?source=false&tag="
    assert len(world.client("quentin").get(address).json()) == 3
    assert world.client("quentin").get(f"{address}v1").json() == []
    assert len(world.client("ada").get(f"{address}v1").json()) == 1


@pytest.mark.parametrize(("who", "status"), [("eve", 404), ("", 401)])
def test_strangers_retry_nothing(world, broken, woken, who, status):
    assert world.client(who).post(RETRY, {}).status_code == status
    assert not woken


def test_a_token_that_may_not_push_is_refused(world, broken, woken):
    ada = world.people.ada
    scopes = (TokenScope.API, TokenScope.PULL)
    issued = access_tokens.issue(actor=Actor(ada), user=ada, label="t", scopes=scopes)
    response = world.client("ada", issued.secret).post(RETRY, {})
    assert response.status_code == 403
    assert "push" in response.json()["errors"][0]["message"]
    assert not woken


def test_retry_is_no_part_of_a_repositorys_name(world, broken):
    assert world.client("ada").get(RETRY).status_code == 405
    sent = {"name": "promotions/retry", "shortDescription": ""}
    made = world.client("ada").post("/api/v0/repositories/dev", sent)
    assert made.status_code == 400


def test_the_number_of_queries_of_a_filtered_list_stays(
    world, broken, django_assert_max_num_queries
):
    client = world.client("ada")
    with django_assert_max_num_queries(5):
        assert len(client.get(f"{HISTORY}?state=failed&tag=v").json()) == 2
