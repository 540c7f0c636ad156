"""Policies that are proposed, answered, about a namespace, or global."""

from __future__ import annotations

from typing import Any

import pytest

from promotions.models import PromotionPolicy
from tests.api import factories
from tests.api.swagger import assert_is

SOURCE = "/api/v0/repositories/dev/website/promotionPolicies"
TARGET = "/api/v0/repositories/qa/website/promotionPolicies"
OF_DEV = "/api/v0/repositoryNamespaces/dev/promotionPolicies"
GLOBAL = "/api/v0/promotionPolicies"
FORM = {
    "enabled": True,
    "rules": [factories.STABLE],
    "targetRepository": "qa/website",
    "tagTemplate": "%n",
}
WIDE = FORM | {"sourcePattern": "dev/*", "targetRepository": "dev/out/{repository}"}


def proposed(world: Any, **changes: Any) -> dict[str, Any]:
    sent = FORM | {"propose": True} | changes
    response = world.client("olga").post(SOURCE, sent)
    assert response.status_code == 201, response.content
    shown: dict[str, Any] = response.json()
    return shown


def code_of(response: Any) -> str:
    return str(response.json()["errors"][0]["code"])


def answer(client: Any, shown: dict[str, Any], **sent: Any) -> Any:
    wanted = {"version": shown["version"]} | sent
    return client.put(f"{TARGET}/{shown['id']}/consent", wanted)


def test_a_proposal_is_answered_by_the_target(world, woken):
    shown = proposed(world)
    assert_is("responses.PromotionPolicy", shown)
    assert (shown["standing"], shown["version"]) == ("proposed", 1)
    assert [one["side"] for one in shown["consents"]] == ["source"]
    assert woken == []

    response = answer(world.client("quentin"), shown, comment="Welcome.")

    assert response.status_code == 200
    assert response.json()["standing"] == "running"
    given = {one["side"]: one for one in response.json()["consents"]}
    assert given["target"]["decidedBy"] == "quentin"
    assert given["target"]["comment"] == "Welcome."
    policy = PromotionPolicy.objects.get(uuid=shown["id"])
    assert woken == [("apply_policy", policy.pk)]


@pytest.mark.parametrize("target", ["qa/website", "qa/absent", "nowhere/at-all"])
def test_the_answer_is_the_same_whether_the_target_exists(world, target):
    shown = proposed(world, targetRepository=target)
    changing = {"id", "consents", "targetRepository"}
    first = proposed(world, targetRepository="nowhere/else")
    for key in first.keys() - changing:
        assert shown[key] == first[key], key
    assert shown["targetRepository"] == target
    listed = world.client("drew").get(SOURCE).json()
    assert {one["targetRepository"] for one in listed} == {""}


def test_proposals_wait_in_a_list_of_who_can_answer(world):
    shown = proposed(world)
    (waiting,) = world.client("quentin").get(f"{GLOBAL}/proposals").json()
    assert (waiting["id"], waiting["sourceRepository"]) == (shown["id"], "dev/website")
    for who in ("olga", "quinn", "eve"):
        assert world.client(who).get(f"{GLOBAL}/proposals").json() == []


def test_a_reader_of_the_target_does_not_see_proposals(world):
    shown = proposed(world)
    client = world.client("quinn")
    assert client.get(f"{TARGET}?source=false").json() == []
    assert client.get(f"{TARGET}/{shown['id']}").status_code == 404


def test_a_change_is_shown_beside_what_runs(world):
    shown = proposed(world)
    answer(world.client("quentin"), shown)
    client, url = world.client("olga"), f"{SOURCE}/{shown['id']}"
    sent = {"tagTemplate": "%n-%Y", "propose": True}
    assert client.put(url, {"tagTemplate": "%n-%Y"}).status_code == 404
    changed = client.put(url, sent).json()
    assert (changed["version"], changed["tagTemplate"]) == (1, "%n")
    assert changed["proposed"]["version"] == 2
    assert changed["proposed"]["difference"] == [
        {"field": "tag_template", "removed": ["%n"], "added": ["%n-%Y"]}
    ]
    assert client.delete(f"{url}/proposal").status_code == 204
    assert client.get(url).json()["proposed"] is None


@pytest.mark.parametrize(
    ("who", "status"), [("dana", 403), ("quinn", 404), ("eve", 404), ("", 401)]
)
def test_nobody_else_answers(world, who, status):
    shown = proposed(world)
    base = SOURCE if who == "dana" else TARGET
    url = f"{base}/{shown['id']}/consent"
    side = "source" if who == "dana" else "target"
    response = world.client(who).put(url, {"version": 1, "side": side})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"version": 7}, 404, "NO_SUCH_PROMOTION_POLICY"),
        ({"version": "x"}, 400, "INVALID_PROMOTION_POLICY"),
        ({"side": "middle"}, 400, "INVALID_PROMOTION_POLICY"),
        ({"answer": "perhaps"}, 400, "INVALID_PROMOTION_POLICY"),
        ({"answer": "withdrawn"}, 400, "INVALID_PROMOTION_POLICY"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(world, sent, status, code):
    response = answer(world.client("quentin"), proposed(world), **sent)
    assert (response.status_code, code_of(response)) == (status, code)


def test_too_many_proposals_are_told_to_wait(world, settings):
    settings.PROPOSALS_PER_HOUR = 1
    proposed(world)
    response = world.client("olga").post(SOURCE, FORM | {"propose": True})
    assert (response.status_code, code_of(response)) == (429, "TOO_MANY_REQUESTS")
    assert response["Retry-After"] == "3600"


def test_a_namespaces_policy_is_made_and_found(world):
    response = world.client("olga").post(OF_DEV, WIDE)
    assert response.status_code == 201, response.content
    shown = response.json()
    assert (shown["scope"], shown["sourcePattern"]) == ("namespace", "dev/*")
    assert shown["targetRepository"] == "dev/out/{repository}"
    (listed,) = world.client("olga").get(OF_DEV).json()
    assert listed["id"] == shown["id"]
    (at_repository,) = world.client("olga").get(SOURCE).json()
    assert at_repository["sourceRepository"] == "dev/website"
    assert at_repository["targetRepository"] == "dev/out/website"
    assert at_repository.get("survey") is None
    changed = world.client("olga").put(f"{OF_DEV}/{shown['id']}", {"rules": []})
    assert changed.json()["version"] == 2


def test_writers_make_no_policy_of_the_namespace(world):
    assert world.client("dana").post(OF_DEV, WIDE).status_code == 403


def test_administrators_make_global_policies_and_admit(world):
    client = world.client("root")
    factories.organization("archive", world.people.root)
    sent = FORM | {
        "sourcePattern": "*/website",
        "targetRepository": "archive/{namespace}/{repository}",
    }
    shown = client.post(GLOBAL, sent).json()
    assert shown["scope"] == "global"
    assert [one["id"] for one in client.get(GLOBAL).json()] == [shown["id"]]
    admission = f"{GLOBAL}/{shown['id']}/namespaces/qa"
    assert client.delete(admission).status_code == 204
    assert client.put(admission).status_code == 200
    assert client.put(f"{GLOBAL}/{shown['id']}/namespaces/zz").status_code == 404
    assert client.delete(f"{GLOBAL}/{shown['id']}").status_code == 204


def test_private_to_public_needs_to_be_allowed(world):
    factories.repository("qa/shown", visibility="public")
    sent = WIDE | {"sourcePattern": "dev/website", "targetRepository": "qa/shown"}
    response = world.client("root").post(OF_DEV, sent)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert list(error["detail"]) == ["allowPublicTarget"]
    assert "dev/website → qa/shown" in error["message"]
    allowed = world.client("root").post(OF_DEV, sent | {"allowPublicTarget": True})
    assert allowed.status_code == 201


def test_a_policy_about_many_is_tried_first(world):
    factories.push(world.website, "1-stable")
    for client, url, sent in (
        (world.client("olga"), OF_DEV, WIDE),
        (world.client("root"), GLOBAL, WIDE),
    ):
        rows = client.post(f"{url}/test", sent).json()
        effects = {(one["repository"], one["name"]): one["effect"] for one in rows}
        assert effects["dev/website", "1-stable"] in {"promoted", "waits"}
        assert not PromotionPolicy.objects.exists()


def test_saving_lists_what_a_pattern_is_about(world):
    factories.organization("archive", world.people.root)
    sent = FORM | {"sourcePattern": "*/website", "targetRepository": "archive/all"}
    factories.repository("archive/all", visibility="public")
    url = GLOBAL
    refused = world.client("root").post(url, sent)
    assert refused.status_code == 400
    shown = world.client("root").post(url, sent | {"allowPublicTarget": True}).json()
    assert shown["survey"] == {
        "count": 2,
        "repositories": [
            {"source": "dev/website", "target": "archive/all"},
            {"source": "qa/website", "target": "archive/all"},
        ],
        "sharedTargets": {"archive/all": ["dev/website", "qa/website"]},
        "becomePublic": ["dev/website", "qa/website"],
        "waitingNamespaces": [],
    }
    at_source = world.client("olga").get(f"{SOURCE}/{shown['id']}").json()
    assert "survey" not in at_source
    assert at_source["targetRepository"] == "archive/all"
