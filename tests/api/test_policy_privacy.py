"""What the API does not tell of policies whose other end is hidden."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.access import SYSTEM, Actor
from promotions.models import Promotion
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies
from promotions.services.evaluate import evaluate_move
from promotions.services.promote.claim import claim
from promotions.services.promote.wanted import load
from repositories.services import exceptions
from tests.api import factories
from tests.api.test_policies import FORM, POLICIES, code_of
from tests.factories import make_scan, make_tag

NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}


def proposed(world: Any, **values: Any) -> dict[str, Any]:
    response = world.client("olga").post(POLICIES, FORM | {"propose": True} | values)
    assert response.status_code == 201
    return dict(response.json())


def answer(world: Any, policy: dict[str, Any], **values: Any) -> None:
    path = f"/api/v0/repositories/qa/website/promotionPolicies/{policy['id']}/consent"
    sent = {"version": 1, **values}
    assert world.client("quentin").put(path, sent).status_code == 200


def test_a_reader_of_the_source_does_not_learn_who_answered_for_the_target(world):
    policy = proposed(world)
    answer(world, policy, answer="declined", comment="Not into qa/website.")
    (shown,) = world.client("drew").get(POLICIES).json()
    assert shown["standing"] == "declined"
    assert "quentin" not in str(shown)
    assert "qa/website" not in str(shown)
    (shown,) = world.client("olga").get(POLICIES).json()
    assert shown["consents"][1]["decidedBy"] == "quentin"
    assert shown["consents"][1]["comment"] == "Not into qa/website."


def test_a_reader_of_the_source_does_not_learn_who_withdrew(world):
    policy = proposed(world, rules=[])
    answer(world, policy)
    move = make_tag(repository=world.website).current_move
    (key,) = evaluate_move(move_id=move.pk)
    answer(world, policy, answer="withdrawn")
    assert claim(load(key)) is None
    uuid = Promotion.objects.get(pk=key).uuid
    shown = world.client("drew").get(f"/api/v0/promotions/{uuid}").json()
    assert (shown["errorCode"], shown["reason"]) == ("CONSENT_WITHDRAWN", "")
    told = world.client("ada").get(f"/api/v0/promotions/{uuid}").json()
    assert "quentin withdrew" in told["reason"]


@pytest.mark.parametrize("reader", ["olga", "drew"])
def test_a_decision_does_not_tell_whether_a_proposed_target_exists(world, reader):
    tag = make_tag(repository=world.website)
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-1": 9.8})
    exceptions.hide(
        actor=Actor(world.people.root),  # an admin of whatever exists
        scope=world.website,
        vulnerability="CVE-2026-1",
        reason="not reachable",
    )
    for name in ("qa/website", "qa/absent"):
        values = {"rules": [NO_CRITICAL], "exceptionsOf": "target"}
        proposed(world, targetRepository=name, **values)
    path = f"/api/v0/repositories/dev/website/tags/{tag.name}/decisions"
    hidden, absent = world.client(reader).get(path).json()
    assert hidden["verdict"] == absent["verdict"]
    assert hidden["outcomes"] == absent["outcomes"]


def test_a_trial_is_no_version_of_somebody_elses_policy(world):
    factories.repository("qa/open", visibility="public")
    path = "/api/v0/repositoryNamespaces/{}/promotionPolicies"
    wide = {"sourcePattern": "dev/**", "targetRepository": "qa/{repository}"}
    client = world.client("olga")
    made = client.post(path.format("dev"), FORM | wide | {"propose": True}).json()
    own = client.post(
        f"{path.format('dev')}/test", FORM | wide | {"policyId": made["id"]}
    )
    assert own.status_code == 200
    foreign = world.client("quentin").post(
        f"{path.format('qa')}/test", FORM | wide | {"policyId": made["id"]}
    )
    assert foreign.status_code == 404
    assert code_of(foreign) == "NO_SUCH_PROMOTION_POLICY"


def test_a_trial_of_one_repository_is_no_version_of_a_global_policy(world):
    factories.repository("qa/all")
    draft = policies.Draft(
        source=RepositoryPattern("*/website"), target="qa/all", tag_template="%n-x"
    )
    made = policies.create(actor=SYSTEM, draft=draft)
    sent = FORM | {"policyId": str(made.uuid)}
    response = world.client("olga").post(f"{POLICIES}/test", sent)
    assert response.status_code == 404
