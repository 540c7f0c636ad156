"""Promotions by hand, and the history of a repository."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from promotions.models import Promotion
from promotions.models.promotion import State
from tests.api import factories
from tests.api.swagger import assert_is

PROMOTE = "/api/v0/repositories/dev/website/tags/v1/promotion"
FORM = {"targetRepository": "qa/website", "targetTag": "approved"}


@pytest.fixture
def tag(world):
    return factories.push(world.website, "v1")


def code_of(response: Any) -> str:
    return str(response.json()["errors"][0]["code"])


def test_reading_here_and_writing_there_is_enough(world, tag, woken):
    factories.grant(world.people.drew, "read_write", world.target)
    sent = FORM | {"comment": "ticket 7"}
    response = world.client("drew").post(PROMOTE, sent)
    assert response.status_code == 201
    shown = response.json()
    assert_is("responses.Promotion", shown)
    promotion = Promotion.objects.get(uuid=shown["id"])
    assert shown == {
        "promotionPolicyID": "",
        "sourceRepository": "dev/website",
        "sourceTag": "v1",
        "string": tag.manifest.digest,
        "id": str(promotion.uuid),
        "state": "pending",
        "targetRepository": "qa/website",
        "targetTag": "approved",
    }
    assert promotion.comment == "ticket 7"
    assert woken == [("run_promotion", promotion.pk)]


@pytest.mark.parametrize(
    ("who", "sent", "code"),
    [
        ("ada", {"targetTag": "-illegal"}, "INVALID_TAG_NAME"),
        ("ada", {"targetTag": ""}, "INVALID_TAG_NAME"),
        ("ada", {"targetTag": "x" * 129}, "INVALID_TAG_NAME"),
        ("ada", {"targetRepository": "qa/absent"}, "NO_SUCH_REPOSITORY"),
        ("dana", {}, "NO_SUCH_REPOSITORY"),
        ("quinn", {}, "NO_SUCH_REPOSITORY"),
        (
            "ada",
            {"targetRepository": "dev/website", "targetTag": "v1"},
            "INVALID_PARAMETERS",
        ),
    ],
)
def test_what_cannot_be_promoted_by_hand(world, tag, woken, who, sent, code):
    response = world.client(who).post(PROMOTE, FORM | sent)
    assert code_of(response) == code
    assert response.status_code == (404 if code.startswith("NO_SUCH") else 400)
    assert not Promotion.objects.exists()
    assert not woken


def test_who_only_reads_the_target_is_told_what_is_missing(world, tag):
    factories.grant(world.people.dana, "read_only", world.target)
    response = world.client("dana").post(PROMOTE, FORM)
    assert response.status_code == 403
    assert "push" in response.json()["errors"][0]["message"]


def test_a_tag_that_is_not_there(world):
    response = world.client("ada").post(PROMOTE, FORM)
    assert (response.status_code, code_of(response)) == (404, "NO_SUCH_TAG")


HISTORY = "/api/v0/repositories/{}/website/promotions"


@pytest.fixture
def skipped(world, tag):
    return factories.promotion(
        tag,
        world.target,
        "approved",
        world.people.ada,
        state=State.SKIPPED,
        finished_at=timezone.now(),
        error_code="TAG_IMMUTABLE",
        reason="qa/website:approved exists; dev/website:v1 stays.",
    )


def test_the_history_tells_what_became_of_it(world, skipped):
    (shown,) = world.client("ada").get(HISTORY.format("dev")).json()
    assert shown["id"] == str(skipped.uuid)
    assert (shown["state"], shown["errorCode"]) == ("skipped", "TAG_IMMUTABLE")
    assert shown["reason"] == "qa/website:approved exists; dev/website:v1 stays."
    assert (shown["sourceRepository"], shown["sourceTag"]) == ("dev/website", "v1")
    assert (shown["targetRepository"], shown["targetTag"]) == ("qa/website", "approved")
    assert shown["digest"] == skipped.manifest.digest
    assert (shown["requestedBy"], shown["promotionPolicyID"]) == ("ada", "")
    assert shown["finishedAt"].endswith("Z")


@pytest.mark.parametrize(
    ("who", "where", "count"),
    [
        ("ada", "dev", 1),
        ("ada", "dev?source=false", 0),
        ("ada", "qa", 0),
        ("ada", "qa?source=false", 1),
    ],
)
def test_the_history_is_of_one_end(world, skipped, who, where, count):
    namespace, _, query = where.partition("?")
    response = world.client(who).get(f"{HISTORY.format(namespace)}?{query}&count=true")
    assert len(response.json()) == count
    assert response["X-Resource-Count"] == str(count)


@pytest.mark.parametrize(
    ("who", "hidden", "shown"),
    [("drew", "target", "source"), ("quinn", "source", "target")],
)
def test_the_other_end_is_not_named_to_who_may_not_pull_there(
    world, skipped, who, hidden, shown
):
    found = world.client(who).get(f"/api/v0/promotions/{skipped.uuid}").json()
    assert found[f"{hidden}Repository"] is None
    assert found[f"{hidden}Tag"] is None
    assert found[f"{shown}Repository"]
    end = {"target": "qa/website", "source": "dev/website"}[hidden]
    assert end not in found["reason"]
    assert {"target": "approved", "source": "v1"}[hidden] not in found["reason"]


@pytest.mark.parametrize("who", ["eve", "mila"])
def test_who_sees_neither_end_sees_no_promotion(world, skipped, who):
    client = world.client(who)
    response = client.get(f"/api/v0/promotions/{skipped.uuid}")
    absent = client.get(f"/api/v0/promotions/{uuid4()}")
    assert (response.status_code, code_of(response)) == (404, "NO_SUCH_PROMOTION")
    assert response.json() == absent.json()
    assert client.get(HISTORY.format("qa")).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_list(
    world, tag, django_assert_max_num_queries
):
    for number in range(20):
        factories.promotion(tag, world.target, f"v{number}", world.people.ada)
    client = world.client("ada")
    with django_assert_max_num_queries(5):
        assert len(client.get(f"{HISTORY.format('dev')}?pageSize=20").json()) == 20


def test_what_was_skipped_is_promoted_again(world, skipped, woken):
    address = f"/api/v0/promotions/{skipped.uuid}/again"
    response = world.client("ada").post(address, {"comment": "now it may"})
    assert response.status_code == 201
    again = Promotion.objects.get(uuid=response.json()["id"])
    assert (again.repeats, again.generation) == (skipped, 2)
    assert (again.target_tag, again.comment) == (skipped.target_tag, "now it may")
    assert woken == [("run_promotion", again.pk)]
    twice = world.client("ada").post(address, {}).json()
    assert twice["id"] == str(again.uuid)


def test_promoting_again_needs_the_rights_of_now(world, skipped, woken):
    address = f"/api/v0/promotions/{skipped.uuid}/again"
    assert world.client("eve").post(address, {}).status_code == 404
    factories.grant(world.people.drew, "read_only", world.target)
    assert world.client("drew").post(address, {}).status_code == 403
    assert Promotion.objects.count() == 1


def test_what_waits_is_cancelled_by_an_admin_of_one_end(world, tag, woken):
    made = factories.promotion(tag, world.target, "v1", world.people.ada)
    address = f"/api/v0/promotions/{made.uuid}/cancel"
    assert world.client("eve").post(address, {}).status_code == 404
    assert world.client("drew").post(address, {}).status_code == 403
    shown = world.client("quentin").post(address, {}).json()
    assert (shown["state"], shown["errorCode"]) == ("cancelled", "CANCELLED")
    again = world.client("ada").post(address, {})
    assert again.status_code == 400
    assert "nothing left to cancel" in str(again.json())
