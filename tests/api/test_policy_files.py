"""Policies as code by the API."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.access import SYSTEM, Actor, TokenScope
from accounts.services import access_tokens
from promotions.models import PromotionPolicy
from promotions.services import policies
from promotions.services.policy_files import MAX_BYTES, file_schema
from tests.api import factories

BASE = "/api/v0/promotionPolicies"
FILE = """\
version: 1
name: team
scope: {namespaces: [dev]}
policies:
  - key: stable
    sourceRepository: dev/website
    targetRepository: qa/website
    tagTemplate: "%n"
    rules:
      - {field: tag, operator: ew, values: [stable]}
    tests:
      - {given: {tag: 1.0-stable}, expect: matched}
"""


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    """The policies that are to look at the tags that exist."""
    sent: list[int] = []
    monkeypatch.setattr(
        "promotions.api.policy_files.wake", lambda _task, key: sent.append(key)
    )
    return sent


def error_of(response: Any) -> tuple[int, str, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["code"], error["message"]


def apply(client: Any, content: str = FILE, query: str = "") -> Any:
    planned = client.post(f"{BASE}/plan?{query}", {"file": content}).json()
    query = f"{query}&plan={planned['fingerprint']}"
    return client.post(f"{BASE}/apply?{query}", {"file": content})


def test_a_file_is_planned_and_applied(world, woken):
    client = world.client("ada")
    planned = client.post(f"{BASE}/plan", {"file": FILE}).json()
    assert planned["applicable"]
    assert [one["action"] for one in planned["steps"]] == ["create"]
    assert not PromotionPolicy.objects.exists()
    applied = apply(client)
    assert applied.status_code == 200
    policy = PromotionPolicy.objects.get()
    assert applied.json()["steps"][0]["policyId"] == str(policy.uuid)
    assert woken == [policy.pk]


def test_the_file_itself_may_be_the_body(world):
    client = world.client("ada")
    for kind in ("application/yaml", "text/yaml"):
        response = client.post(f"{BASE}/plan", FILE.encode(), content_type=kind)
        assert response.status_code == 200, response.content
    response = client.post(f"{BASE}/plan", b"\xff", content_type="text/yaml")
    assert error_of(response)[:2] == (400, "INVALID_POLICY_FILE")


@pytest.mark.parametrize(
    "content", [b"a" * (MAX_BYTES + 1), b"a: \0", b"a: &a [*a]", b"", b"[" * 5000]
)
def test_hostile_files_are_refused(world, content):
    client = world.client("ada")
    response = client.post(f"{BASE}/plan", content, content_type="application/yaml")
    assert error_of(response)[:2] == (400, "INVALID_POLICY_FILE")


def test_what_is_wrong_is_said_with_its_place(world):
    content = FILE.replace("operator: ew", "operator: gte")
    response = world.client("ada").post(f"{BASE}/plan", {"file": content})
    status, code, message = error_of(response)
    assert (status, code) == (400, "INVALID_POLICY_FILE")
    assert message.startswith("Line 10, column 22: This has to be one of: eq, sw")


def test_a_stale_plan_is_refused_by_its_code(world):
    client = world.client("ada")
    apply(client)
    response = client.post(f"{BASE}/apply?plan={'0' * 64}", {"file": FILE})
    assert error_of(response)[:2] == (400, "STALE_PLAN")


def test_tests_that_fail_are_listed_and_forbid_the_apply(world):
    client = world.client("ada")
    content = FILE.replace("expect: matched", "expect: waiting")
    planned = client.post(f"{BASE}/plan", {"file": content}).json()
    assert not planned["applicable"]
    assert planned["failedTests"][0]["line"] == 12
    assert error_of(apply(client, content))[0] == 400


def test_exported_wiped_and_applied_the_policies_are_the_same(world):
    client = world.client("ada")
    apply(client)
    asked = f"{BASE}/export?namespaces=dev"
    exported = client.get(asked, HTTP_ACCEPT="application/yaml")
    assert exported["Content-Type"] == "application/yaml; charset=utf-8"
    content = exported.content.decode()
    assert client.get(asked).json() == {"file": content}
    policy = PromotionPolicy.objects.get()
    policies.release(actor=SYSTEM, policy=policy)
    policies.delete(actor=SYSTEM, policy=policy)
    assert apply(client, content).status_code == 200
    assert client.get(asked).json() == {"file": content}


def test_a_namespace_that_is_hidden_reads_as_one_that_is_absent(world):
    client = world.client("olga")
    found = [
        error_of(client.get(f"{BASE}/export?namespaces={name}", HTTP_ACCEPT=accepted))
        for name in ("qa", "zz")
        for accepted in ("application/json", "application/yaml")
    ]
    assert {one[:2] for one in found} == {(404, "NO_SUCH_ACCOUNT")}
    texts = [
        client.post(f"{BASE}/plan", {"file": FILE.replace("[dev]", f"[{name}]")})
        for name in ("qa", "zz")
    ]
    assert {one.status_code for one in texts} == {400}  # dev is not in the scope
    empty = "version: 1\nscope: {namespaces: [%s]}\npolicies: []"
    refused = [
        error_of(client.post(f"{BASE}/plan", {"file": empty % name}))
        for name in ("qa", "zz")
    ]
    assert {one[:2] for one in refused} == {(404, "NO_SUCH_ACCOUNT")}


def test_a_member_who_is_no_admin_is_told_so(world):
    response = world.client("dana").post(f"{BASE}/plan", {"file": FILE})
    assert error_of(response)[:2] == (403, "NOT_AUTHORIZED")


def test_a_global_file_is_for_administrators(world):
    content = "version: 1\nscope: {global: true}\npolicies: []"
    plan = f"{BASE}/plan"
    assert world.client("ada").post(plan, {"file": content}).status_code == 403
    assert world.client("root").post(plan, {"file": content}).status_code == 200


def test_tokens_need_the_scope_and_the_namespace(world):
    ada, dev, qa = world.people.ada, world.dev.namespace, world.qa.namespace
    for scopes, limit, status in (
        (["pull"], None, (401, 403)),
        (["api", "admin", "pull"], qa, (403, 404)),
        (["api", "admin", "pull"], dev, (200,)),
    ):
        token = access_tokens.issue(
            actor=Actor(ada),
            user=ada,
            label="ci",
            scopes=[TokenScope(one) for one in scopes],
            namespace=limit,
        )
        empty = "version: 1\nscope: {namespaces: [dev]}\npolicies: []"
        client = world.client("ada", token.secret)
        response = client.post(f"{BASE}/plan", {"file": empty})
        assert response.status_code in status, scopes


def test_nobody_reads_policies_but_anybody_the_schema(world):
    nobody = world.client()
    for method, path in (("get", "export"), ("post", "plan"), ("post", "apply")):
        assert getattr(nobody, method)(f"{BASE}/{path}", {}).status_code == 401
    assert nobody.get(f"{BASE}/schema").json() == file_schema()


def test_a_policy_that_a_file_owns_is_changed_in_the_file_only(world):
    client = world.client("ada")
    apply(client)
    policy = PromotionPolicy.objects.get()
    url = f"/api/v0/repositories/dev/website/promotionPolicies/{policy.uuid}"
    shown = client.get(url).json()
    assert (shown["key"], shown["managedBy"]) == ("stable", "team")
    for response in (client.put(url, {"tagTemplate": "%n-x"}), client.delete(url)):
        status, _, message = error_of(response)
        assert status == 403
        assert "The file “team” owns this policy" in message
    assert client.put(url, {"enabled": False}).json()["enabled"] is False
    assert client.delete(f"{url}/file").status_code == 204
    assert client.put(url, {"tagTemplate": "%n-x"}).status_code == 200


def test_its_key_is_for_those_who_may_know_both_ends(world):
    policy = factories.policy(world.website, world.target)
    apply(world.client("ada"))
    PromotionPolicy.objects.filter(pk=policy.pk).update(key="website-to-qa-website")
    url = "/api/v0/repositories/dev/website/promotionPolicies"
    rows = world.client("drew").get(url).json()
    assert {(one["key"], one["managedBy"], one["managedAt"]) for one in rows} == {
        ("", "", None)
    }
