"""Why a tag is promoted, or is not."""

from __future__ import annotations

import pytest

from tests.api import factories

DECISIONS = "/api/v0/repositories/dev/website/tags/{}/decisions"


@pytest.mark.parametrize(
    ("tag", "verdict", "result"),
    [("1-stable", "matched", "holds"), ("1-beta", "not_matched", "fails")],
)
def test_each_policy_says_why(world, tag, verdict, result):
    policy = factories.policy(world.website, world.target)
    row = factories.push(world.website, tag)
    (shown,) = world.client("ada").get(DECISIONS.format(tag)).json()
    assert shown["promotionPolicyID"] == str(policy.uuid)
    assert (shown["policyVersion"], shown["enabled"]) == (1, True)
    assert shown["targetRepository"] == "qa/website"
    assert shown["digest"] == row.manifest.digest
    assert shown["verdict"] == verdict
    (outcome,) = shown["outcomes"]
    assert outcome["rule"] == factories.STABLE
    assert outcome["result"] == result
    assert tag in outcome["sentence"]


def test_the_target_is_not_named_to_who_may_not_pull_there(world):
    factories.policy(world.website, world.target)
    factories.push(world.website, "v1")
    response = world.client("drew").get(DECISIONS.format("v1"))
    assert response.json()[0]["targetRepository"] is None
    assert "qa" not in response.content.decode()


def test_strangers_learn_nothing(world):
    factories.policy(world.website, world.target)
    factories.push(world.website, "v1")
    response = world.client("quinn").get(DECISIONS.format("v1"))
    assert response.status_code == 404
    assert response.json()["errors"][0]["code"] == "NO_SUCH_REPOSITORY"


def test_a_tag_that_is_not_there(world):
    response = world.client("ada").get(DECISIONS.format("v1"))
    assert response.json()["errors"][0]["code"] == "NO_SUCH_TAG"


def test_a_decision_says_what_it_waits_for(world):
    rule = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
    factories.policy(world.website, world.target, rules=[rule])
    factories.push(world.website, "v1")
    (shown,) = world.client("ada").get(DECISIONS.format("v1")).json()
    assert shown["verdict"] == "waiting"
    (sentence,) = shown["waitsFor"]
    assert "no scan of" in sentence


def test_evidence_is_read_once_for_all_policies(world, django_assert_max_num_queries):
    rule = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
    for _ in range(20):
        factories.policy(world.website, world.target, rules=[rule])
    factories.push(world.website, "v1")
    client = world.client("ada")
    with django_assert_max_num_queries(11):
        assert len(client.get(DECISIONS.format("v1")).json()) == 20


def test_the_number_of_queries_does_not_grow_with_the_policies(
    world, django_assert_max_num_queries
):
    for _ in range(20):
        factories.policy(world.website, world.target)
    factories.push(world.website, "v1")
    client = world.client("ada")
    with django_assert_max_num_queries(8):
        assert len(client.get(DECISIONS.format("v1")).json()) == 20
