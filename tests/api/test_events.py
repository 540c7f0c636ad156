"""MSR's events: what happened, to whom it is shown, filters, and pages of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from promotions.models import Promotion
from promotions.models.promotion import State
from repositories.models import Scan, TagMove
from repositories.services import tags
from tests.api import factories
from tests.api.limited import token
from tests.api.swagger import assert_is
from tests.factories import make_scan

GLOBAL = "/api/v0/events"
WEBSITE = "/api/v0/repositories/dev/website/events"


def events(client, path: str = WEBSITE, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.content
    assert_is("responses.Events", answer.json())
    found: list[dict[str, Any]] = answer.json()["events"]
    return found


def kinds(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["type"], one["object"]["type"]) for one in found]


@pytest.fixture
def promoted(world) -> Promotion:
    """dev/website:v1, which ada promoted by hand to qa/website:out."""
    tag = factories.push(world.website, "v1", by="dana")
    made = factories.promotion(tag, world.target, "out", world.people.ada)
    Promotion.objects.filter(pk=made.pk).update(
        state=State.SUCCEEDED, finished_at=timezone.now()
    )
    made.refresh_from_db()
    return made


def test_pushes_moves_and_deletions_are_events_of_a_tag(world):
    first = factories.push(world.website, "v1", by="dana")
    factories.push(world.website, "v1", factories.manifest(world.website, "next"))
    found = events(world.client("drew"), objectType="tag")
    assert kinds(found) == [("UPDATE", "TAG"), ("CREATE", "TAG")]
    assert found[1]["repository"] == "dev/website"
    assert found[1]["object"]["id"] == "dev/website:v1"
    assert found[1]["object"]["content"] == first.manifest.digest
    assert found[1]["actor"] == str(world.people.dana.uuid)
    assert (found[1]["actorType"], found[1]["actorName"]) == ("USER", "dana")


def test_scans_are_events_of_a_manifest(world):
    tag = factories.push(world.website, "v1")
    scan = make_scan(manifest=tag.manifest)
    Scan.objects.filter(pk=scan.pk).update(repository=world.website)
    failed = make_scan(manifest=factories.manifest(world.website, "x"))
    Scan.objects.filter(pk=failed.pk).update(
        repository=world.website, state="failed", is_current=False
    )
    found = events(world.client("drew"), objectType="MANIFEST")
    assert sorted(kinds(found)) == [("FAIL", "MANIFEST"), ("SCAN", "MANIFEST")]


def test_promotions_are_for_the_admins_of_the_repository(world, promoted):
    assert events(world.client("drew"), objectType="PROMOTION") == []
    (found,) = events(world.client("olga"), objectType="PROMOTION")
    assert found["id"] == str(promoted.uuid)
    assert (found["type"], found["actorType"]) == ("CREATE", "PROMOTION")
    assert found["actor"] == "MANUAL_PROMOTION"


def test_the_end_that_a_reader_may_not_pull_is_not_named(world, promoted):
    (of_source,) = events(world.client("olga"), objectType="PROMOTION")
    assert "qa" not in str(of_source)
    assert of_source["actorName"] == ""
    into = "/api/v0/repositories/qa/website/events"
    (of_target,) = events(world.client("quentin"), into, objectType="PROMOTION")
    assert "dev" not in str(of_target)
    assert of_target["target"]["id"] == "qa/website:out"
    assert of_target["repository"] == "qa/website"
    (of_both,) = events(world.client("ada"), objectType="PROMOTION")
    assert of_both["object"]["name"] == "dev/website:v1"
    assert (of_both["actorName"], of_both["target"]["id"]) == ("ada", "qa/website:out")


def test_a_promotion_by_a_policy_names_the_policy(world):
    policy = factories.policy(world.website, world.target)
    tag = factories.push(world.website, "v1-stable")
    made = factories.promotion(tag, world.target, "out", world.people.ada)
    Promotion.objects.filter(pk=made.pk).update(
        policy=policy, state=State.FAILED, error_code="X", finished_at=timezone.now()
    )
    query = {"objectType": "PROMOTION", "actorId": str(policy.uuid)}
    (found,) = events(world.client("olga"), **query)
    assert (found["type"], found["actor"]) == ("FAIL", str(policy.uuid))


def test_who_reads_sees_that_the_repository_was_made_and_their_own_acts(world):
    assert kinds(events(world.client("drew"))) == [("CREATE", "REPOSITORY")]
    of_admin = kinds(events(world.client("olga")))
    assert ("CREATE", "REPOSITORY") in of_admin
    assert ("UPDATE", "REPOSITORY") in of_admin  # drew was let in


def test_names_of_policies_are_not_told(world):
    factories.policy(world.website, world.target)
    (found,) = events(world.client("olga"), objectType="PROMOTION_POLICY")
    assert found["object"]["name"] == ""
    assert "qa" not in str(found)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"eventType": "create"}, [("CREATE", "TAG"), ("CREATE", "REPOSITORY")]),
        ({"eventType": "DELETE"}, [("DELETE", "TAG")]),
        ({"eventType": "GET"}, []),
        ({"objectType": "BLOB"}, []),
        ({"objectType": "REPOSITORY"}, [("CREATE", "REPOSITORY")]),
        ({"actorId": str(UUID(int=7))}, []),
        ({"excludePull": "true", "eventType": "DELETE"}, [("DELETE", "TAG")]),
    ],
)
def test_filters(world, query, expected):
    factories.push(world.website, "v1")
    seen = tags.Sighting(
        tag="v1",
        moved_at=timezone.now(),
        moved_by="",
        expected_version=tags.version_of(world.website, "v1"),
    )
    tags.record_deletion(repository=world.website, seen=seen)
    assert kinds(events(world.client("drew"), **query)) == expected


def test_times_and_people_are_filters(world):
    factories.push(world.website, "v1", by="dana")
    factories.push(world.website, "v2", by="olga")
    move = TagMove.objects.latest("id")
    client = world.client("drew")
    later = events(client, publishedAfter=move.created_at.isoformat())
    assert [one["object"]["name"] for one in later] == ["v2"]
    earlier = events(client, publishedBefore=move.created_at.isoformat())
    assert "v2" not in str(earlier)
    assert earlier
    of_dana = events(client, actorId=str(world.people.dana.uuid))
    assert [one["object"]["name"] for one in of_dana] == ["v1"]
    long_after = timezone.now() + timedelta(days=1)
    assert events(client, publishedAfter=long_after.isoformat()) == []


def test_pages_show_every_event_once(world):
    for number in range(5):
        factories.push(world.website, f"v{number}")
    client, seen = world.client("drew"), []
    start: dict[str, str] = {}
    while True:
        answer = client.get(WEBSITE, {"pageSize": 2, "count": "true", **start})
        seen += [one["id"] for one in answer.json()["events"]]
        assert answer["X-Resource-Count"] == "6"
        if "X-Next-Page-Start" not in answer:
            break
        start = {"pageStart": answer["X-Next-Page-Start"]}
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize(
    "query",
    [
        {"pageStart": "nonsense"},
        {"pageStart": "é"},
        {"pageStart": str(UUID(int=1))},
        {"pageSize": "0"},
        {"eventType": "PULL"},
        {"actorId": "dana"},
        {"publishedAfter": "yesterday"},
        {"publishedBefore": "9999-12-31T23:59:59-23:00"},
        {"objectType": "\0"},
    ],
)
def test_what_cannot_be_read_is_refused(world, query):
    answer = world.client("drew").get(WEBSITE, query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "INVALID_PARAMETERS"


def test_the_whole_registry_is_for_administrators(world, promoted):
    found = events(world.client("root"), GLOBAL, pageSize=100)
    assert {"dev/website", "qa/website", "dev/secret"} <= {
        one["repository"] for one in found
    }
    (promotion,) = events(world.client("root"), GLOBAL, objectType="PROMOTION")
    assert promotion["actorName"] == "ada"
    assert world.client("ada").get(GLOBAL).status_code == 403
    assert world.client().get(GLOBAL).status_code == 401


def test_a_token_shows_no_more_than_it_is_good_for(world):
    factories.push(world.website, "v1")
    factories.push(world.target, "v1")
    elsewhere = token(world.people.ada, "api", "pull", within=world.qa.namespace)
    client = world.client("ada", elsewhere)
    assert client.get(WEBSITE).status_code == 404
    assert events(client, "/api/v0/repositories/qa/website/events")
    pushing = token(world.people.ada, "push")
    assert world.client("ada", pushing).get(WEBSITE).status_code == 401
    limited = token(
        world.people.root, "api", "pull", "admin", within=world.qa.namespace
    )
    assert world.client("root", limited).get(GLOBAL).status_code == 403


def test_a_page_costs_the_same_however_many_events_it_has(
    world, promoted, django_assert_max_num_queries
):
    client = world.client("root")
    for number in range(12):
        factories.push(world.website, f"v{number}", by=f"somebody{number}")
    client.get(GLOBAL)
    with django_assert_max_num_queries(10):
        events(client, GLOBAL, pageSize=100)


def test_actors_of_what_a_promotion_brought(world, promoted):
    factories.push(world.target, "out", by=f"promotion:{promoted.uuid}")
    into = "/api/v0/repositories/qa/website/events"
    (found,) = events(world.client("quinn"), into, objectType="TAG")
    assert found["actorType"] == "PROMOTION"
