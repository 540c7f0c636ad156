"""Promotion policies."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from promotions.models import PromotionPolicy
from tests.api import factories
from tests.api.swagger import assert_is

POLICIES = "/api/v0/repositories/dev/website/promotionPolicies"
FORM = {
    "enabled": True,
    "rules": [factories.STABLE],
    "targetRepository": "qa/website",
    "tagTemplate": "%n",
}


def code_of(response: Any) -> str:
    return str(response.json()["errors"][0]["code"])


def test_who_administers_both_ends_creates_a_policy(world, woken):
    response = world.client("ada").post(POLICIES, FORM)
    assert response.status_code == 201
    shown = response.json()
    assert_is("responses.PromotionPolicy", shown)
    assert {key: shown[key] for key in FORM} == FORM
    assert shown["sourceRepository"] == "dev/website"
    assert shown["lastPromotedAt"] == "0001-01-01T00:00:00Z"
    assert (shown["version"], shown["zone"]) == (1, "UTC")


def test_what_msr_does_not_know_may_be_set(world):
    sent = {
        "zone": "Europe/Berlin",
        "onMovedTag": "every_push",
        "onConflict": "refuse",
        "unscored": "ignore",
        "unlicensed": "ignore",
        "allowUnscannable": True,
        "origins": ["ci"],
        "exceptionsOf": "target",
    }
    shown = world.client("ada").post(POLICIES, FORM | sent).json()
    assert {key: shown[key] for key in sent} == sent


def test_a_policy_that_closes_a_loop_is_refused_with_the_path(world):
    client = world.client("ada")
    client.post(POLICIES, FORM | {"rules": [], "tagTemplate": "%n"})
    back = {"targetRepository": "dev/website", "rules": [], "tagTemplate": "%n"}
    path = f"/api/v0/repositories/{world.target}/promotionPolicies"
    response = client.post(path, FORM | back)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["code"] == "INVALID_PROMOTION_POLICY"
    loop = f"{world.target} → dev/website → {world.target}"
    assert loop in str(error)
    response = client.post(path, FORM | back | {"allowCycle": True})
    assert response.status_code == 400


def test_an_administrator_may_allow_a_loop_knowingly(world):
    client = world.client("root")
    client.post(POLICIES, FORM | {"rules": [], "tagTemplate": "%n"})
    back = {"targetRepository": "dev/website", "rules": [], "tagTemplate": "%n"}
    path = f"/api/v0/repositories/{world.target}/promotionPolicies"
    response = client.post(path, FORM | back | {"allowCycle": True})
    assert response.status_code == 201
    assert response.json()["allowCycle"] is True


@pytest.mark.parametrize(
    ("query", "form", "applied"),
    [
        ("", {}, True),
        ("?initialEvaluation=true", {}, True),
        ("?initialEvaluation=false", {}, False),
        ("", {"enabled": False}, False),
    ],
)
def test_existing_tags_are_looked_at_unless_told_otherwise(
    world, woken, query, form, applied
):
    response = world.client("ada").post(f"{POLICIES}{query}", FORM | form)
    policy = PromotionPolicy.objects.get(uuid=response.json()["id"])
    assert woken == [("apply_policy", policy.pk)] * applied


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"rules": [{"field": "tag", "operator": "lt", "values": ["1"]}]}, "rules"),
        ({"rules": ["tag = 1"]}, "rules"),
        ({"rules": None}, "rules"),
        ({"tagTemplate": "%Q"}, "tagTemplate"),
        ({"tagTemplate": ""}, "tagTemplate"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"onConflict": "explode"}, "onConflict"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"targetRepository": "dev/website"}, "tagTemplate"),
    ],
)
def test_a_policy_that_cannot_work_is_refused_by_field(world, woken, sent, field):
    response = world.client("ada").post(POLICIES, FORM | sent)
    assert response.status_code == 400
    assert code_of(response) == "INVALID_PROMOTION_POLICY"
    assert list(response.json()["errors"][0]["detail"]) == [field]
    assert not PromotionPolicy.objects.exists()
    assert not woken


@pytest.mark.parametrize("key", ["rules", "targetRepository", "tagTemplate"])
def test_what_decides_must_be_sent(world, key):
    sent = {name: value for name, value in FORM.items() if name != key}
    response = world.client("ada").post(POLICIES, sent)
    assert list(response.json()["errors"][0]["detail"]) == [key]


@pytest.mark.parametrize("target", ["qa/website", "qa/absent", "nowhere/at-all", "//"])
def test_a_target_not_to_be_seen_reads_as_absent(world, target):
    sent = FORM | {"targetRepository": target}
    response = world.client("olga").post(POLICIES, sent)
    assert response.status_code == 404
    error = response.json()["errors"][0]
    assert error["code"] == "NO_SUCH_REPOSITORY"
    assert error["message"] == f"No repository “{target}” is visible to you."


def test_who_only_reads_the_target_is_told_what_is_missing(world):
    factories.grant(world.people.olga, "read_only", world.target)
    response = world.client("olga").post(POLICIES, FORM)
    assert response.status_code == 403
    assert "qa/website" in response.json()["errors"][0]["message"]


def test_policies_are_listed_by_source_or_target(world):
    factories.policy(world.website, world.target)
    client = world.client("ada")
    target = "/api/v0/repositories/qa/website/promotionPolicies"
    counts = {
        f"{url}?source={source}": len(client.get(f"{url}?source={source}").json())
        for url in (POLICIES, target)
        for source in ("true", "false")
    }
    assert list(counts.values()) == [1, 0, 0, 1]
    assert len(client.get(POLICIES).json()) == 1


@pytest.mark.parametrize(
    ("who", "url", "source", "target"),
    [
        ("ada", POLICIES, "dev/website", "qa/website"),
        ("drew", POLICIES, "dev/website", ""),
        ("quinn", POLICIES.replace("dev", "qa") + "?source=false", "", "qa/website"),
    ],
)
def test_the_end_a_reader_may_not_pull_is_not_named(world, who, url, source, target):
    factories.policy(world.website, world.target)
    (shown,) = world.client(who).get(url).json()
    assert_is("responses.PromotionPolicy", shown)
    assert (shown["sourceRepository"], shown["targetRepository"]) == (source, target)


@pytest.mark.parametrize("repository", ["dev/website", "qa/website"])
def test_a_policy_is_found_below_both_of_its_ends(world, repository):
    policy = factories.policy(world.website, world.target)
    url = f"/api/v0/repositories/{repository}/promotionPolicies/{policy.uuid}"
    shown = world.client("ada").get(url).json()
    assert shown["id"] == str(policy.uuid)


def test_when_it_last_promoted_is_told_in_utc(world):
    policy = factories.policy(world.website, world.target)
    PromotionPolicy.objects.update(last_promoted_at=timezone.now())
    shown = world.client("ada").get(f"{POLICIES}/{policy.uuid}").json()
    assert shown["lastPromotedAt"].endswith("Z")
    assert shown["lastPromotedAt"] > "2020"


@pytest.mark.parametrize("policy_id", [uuid4(), "no-uuid"], ids=["unknown", "no id"])
@pytest.mark.parametrize("method", ["get", "put"])
def test_a_policy_that_is_not_there(world, policy_id, method):
    response = getattr(world.client("ada"), method)(f"{POLICIES}/{policy_id}", {})
    assert response.status_code == 404
    assert code_of(response) == "NO_SUCH_PROMOTION_POLICY"


def test_a_policy_is_not_found_below_another_repository(world):
    policy = factories.policy(world.website, world.target)
    url = f"/api/v0/repositories/dev/open/promotionPolicies/{policy.uuid}"
    assert world.client("ada").get(url).status_code == 404
    assert world.client("ada").delete(url).status_code == 204
    assert PromotionPolicy.objects.live().filter(pk=policy.pk).exists()


def test_put_changes_only_what_is_sent(world, woken):
    policy = factories.policy(world.website, world.target)
    url = f"{POLICIES}/{policy.uuid}"
    response = world.client("ada").put(url, {"tagTemplate": "%n-%Y"})
    assert response.status_code == 200
    shown = response.json()
    assert (shown["tagTemplate"], shown["version"]) == ("%n-%Y", 2)
    assert (shown["rules"], shown["enabled"]) == ([factories.STABLE], True)
    assert woken == [("apply_policy", policy.pk)]


def test_put_may_name_another_target(world):
    policy = factories.policy(world.website, world.target)
    sent = {"targetRepository": "dev/secret"}
    shown = world.client("ada").put(f"{POLICIES}/{policy.uuid}", sent).json()
    assert shown["targetRepository"] == "dev/secret"


def test_an_admin_of_either_end_switches_a_policy_off(world, woken):
    policy = factories.policy(world.website, world.target)
    url = f"/api/v0/repositories/qa/website/promotionPolicies/{policy.uuid}"
    response = world.client("quentin").put(url, {"enabled": False})
    assert response.status_code == 200
    assert response.json()["enabled"] is False
    assert not woken


@pytest.mark.parametrize(
    ("who", "repository", "status"),
    [
        ("olga", "dev", 204),
        ("quentin", "qa", 204),
        ("dana", "dev", 403),
        ("eve", "qa", 404),
    ],
)
def test_an_admin_of_either_end_deletes_a_policy(world, who, repository, status):
    policy = factories.policy(world.website, world.target)
    url = f"/api/v0/repositories/{repository}/website/promotionPolicies/{policy.uuid}"
    assert world.client(who).delete(url).status_code == status
    left = PromotionPolicy.objects.live().filter(pk=policy.pk).exists()
    assert left == (status != 204)


@pytest.mark.parametrize("policy_id", [uuid4(), "no-uuid"], ids=["unknown", "no id"])
def test_deleting_what_is_not_there_is_no_error(world, policy_id):
    assert world.client("ada").delete(f"{POLICIES}/{policy_id}").status_code == 204


def test_the_number_of_queries_does_not_grow_with_the_list(
    world, django_assert_max_num_queries
):
    for _ in range(20):
        factories.policy(world.website, world.target)
    client = world.client("ada")
    with django_assert_max_num_queries(7):
        assert len(client.get(POLICIES).json()) == 20
