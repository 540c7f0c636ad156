"""Keys that rules on signatures name: of a namespace, and of the whole registry."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.access import Actor, TokenScope
from accounts.models import AuditEvent
from accounts.services import access_tokens
from repositories.models import SigningKey
from tests import signing

OF_QA = "/api/v0/repositoryNamespaces/qa/signingKeys"
OF_ALL = "/api/v0/signingKeys"


def new(name: str = "release") -> dict[str, Any]:
    return {"name": name, "publicKey": signing.pem_of(signing.new_key())}


def names(client, url: str) -> list[str]:
    return [one["reference"] for one in client.get(url).json()["signingKeys"]]


def code(response):
    return response.json()["errors"][0]["code"]


def test_an_admin_registers_a_key_of_the_namespace(world):
    sent = new()
    response = world.client("quentin").post(OF_QA, sent)
    assert response.status_code == 201
    body = response.json()
    assert (body["reference"], body["namespace"], body["name"]) == (
        "qa/release",
        "qa",
        "release",
    )
    assert body["publicKey"] == sent["publicKey"]
    assert (body["createdBy"], body["retiredAt"]) == ("quentin", None)
    assert names(world.client("quinn"), OF_QA) == ["qa/release"]
    entry = AuditEvent.objects.latest("id")
    assert (entry.action, entry.object_name) == ("create", "qa/release")
    assert entry.namespace_uuid == world.qa.namespace.uuid


@pytest.mark.parametrize(
    ("who", "read", "write"),
    [
        ("quentin", 200, 201),
        ("ada", 200, 201),
        ("quinn", 200, 403),
        ("root", 200, 201),
        ("olga", 404, 404),
        ("eve", 404, 404),
        ("", 401, 401),
    ],
)
def test_who_may_see_and_register_keys_of_a_namespace(world, who, read, write):
    client = world.client(who)
    assert client.get(OF_QA).status_code == read
    assert client.post(OF_QA, new()).status_code == write
    assert SigningKey.objects.count() == (write == 201)


@pytest.mark.parametrize(
    ("who", "status"), [("quinn", 403), ("olga", 404), ("", 401), ("quentin", 204)]
)
def test_who_may_retire_a_key_of_a_namespace(world, who, status):
    world.client("quentin").post(OF_QA, new())
    response = world.client(who).delete(f"{OF_QA}/release")
    assert response.status_code == status
    assert (SigningKey.objects.get().retired_at is not None) == (status == 204)


@pytest.mark.parametrize("who", ["mila", "drew"])
def test_who_knows_of_the_namespace_sees_its_keys(world, who):
    url = OF_QA.replace("qa", "dev")
    world.client("olga").post(url, new())
    assert names(world.client(who), url) == ["dev/release"]
    assert world.client(who).post(url, new("other")).status_code in {403, 404}
    assert SigningKey.objects.count() == 1


def test_only_administrators_keep_the_registrys_keys_and_all_read_them(world):
    for who, status in (("quentin", 403), ("", 401), ("root", 201)):
        assert world.client(who).post(OF_ALL, new()).status_code == status
    for who in ("quentin", "eve"):
        assert names(world.client(who), OF_ALL) == ["release"]
        assert world.client(who).delete(f"{OF_ALL}/release").status_code == 403
    assert world.client("").get(OF_ALL).status_code == 401
    assert world.client("root").delete(f"{OF_ALL}/release").status_code == 204
    assert SigningKey.objects.get().retired_at is not None
    assert code(world.client("root").delete(f"{OF_ALL}/nothing")) == (
        "NO_SUCH_SIGNING_KEY"
    )


def test_a_token_without_the_right_to_administer_registers_nothing(world):
    for who, scopes in (
        ("quentin", [TokenScope.API, TokenScope.PULL]),
        ("root", [TokenScope.API]),
    ):
        user = getattr(world.people, who)
        issued = access_tokens.issue(
            actor=Actor(user), user=user, label="ci", scopes=scopes
        )
        client = world.client(who, issued.secret)
        assert client.post(OF_ALL, new()).status_code == 403
        assert client.post(OF_QA, new()).status_code in {403, 404}
    assert not SigningKey.objects.exists()


def test_keys_of_the_same_name_live_side_by_side(world):
    root = world.client("root")
    for url in (OF_ALL, OF_QA, OF_QA.replace("qa", "dev")):
        assert root.post(url, new()).status_code == 201
    assert names(root, OF_QA) == ["qa/release"]
    assert names(root, OF_ALL) == ["release"]
    root.delete(f"{OF_QA}/release")
    left = SigningKey.objects.usable().order_by("id")
    assert [key.reference for key in left] == ["release", "dev/release"]


@pytest.mark.parametrize("url", [OF_QA, OF_ALL])
def test_a_name_means_one_key_for_ever(world, url):
    root = world.client("root")
    root.post(url, new())
    for _ in range(2):
        response = root.post(url, new())
        assert response.status_code == 400
        assert list(response.json()["errors"][0]["detail"]) == ["name"]
        assert root.delete(f"{url}/release").status_code == 204
    first = SigningKey.objects.get().retired_at
    root.delete(f"{url}/release")
    assert SigningKey.objects.get().retired_at == first


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "qa/release"}, "name"),
        ({"name": "Release"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"publicKey": "ssh-ed25519 AAAA"}, "publicKey"),
        ({"publicKey": ""}, "publicKey"),
        ({"publicKey": None}, "publicKey"),
        ({"publicKey": "x" * 100_000}, "publicKey"),
    ],
)
def test_what_is_no_name_and_no_key_is_refused(world, changes, field):
    response = world.client("root").post(OF_QA, new() | changes)
    assert response.status_code == 400
    assert list(response.json()["errors"][0]["detail"]) == [field]
    assert not SigningKey.objects.exists()
