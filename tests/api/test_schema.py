"""The schema names every operation, and answers have the shapes that it says."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from jsonschema import Draft4Validator

from accounts.access import SYSTEM, AccessLevel, Actor, TokenScope
from accounts.api import camel_case
from accounts.services import access_tokens
from msr.api import urls as router
from msr.api.described import DESCRIBED
from msr.api.examples import BODIES, FILE
from msr.api.schema import document
from msr.api.urls import enzi
from msr.api.urls.unknown import NoSuchOperation
from promotions.services.policy_files.parsing import parse
from repositories.services import signing_keys
from tests import signing
from tests.factories import grant
from tests.pages.cast import make_cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.pages.cast import Cast

METHODS = ("get", "post", "put", "patch", "delete")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def routed() -> dict[type, set[str]]:
    """Return the views of both routers, each with its methods."""
    patterns = [*router.urlpatterns, *enzi.urlpatterns]
    callbacks: list[Any] = [one.callback for one in patterns]
    views = [one.view_class for one in callbacks]
    return {
        view: {method for method in METHODS if hasattr(view, method)}
        for view in views
        if not issubclass(view, NoSuchOperation)
    }


def test_every_operation_of_the_router_is_described():
    described = {view: set(methods) for view, methods in DESCRIBED.items()}
    outside = {view for view in described if view.__name__ == "RegistryReports"}
    assert {view: described[view] for view in described.keys() - outside} == routed()


def test_every_operation_has_a_summary_and_an_id_of_its_own():
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids)) == sum(map(len, DESCRIBED.values()))
    assert all(operation["summary"] for _, _, operation in operations())


def test_every_parameter_of_an_address_has_a_type():
    for path, _, operation in operations():
        named = {
            one["name"]
            for one in operation.get("parameters", ())
            if one["in"] == "path" and one["schema"]["type"]
        }
        assert named == {part[1:-1] for part in path.split("/") if part[:1] == "{"}


def test_every_operation_says_who_may_and_how_it_refuses():
    for path, _, operation in operations():
        assert any("basic" in str(one) for one in operation["security"]), path
        assert operation["responses"].keys() > {"400", "401", "403", "404"}


def test_every_body_has_an_example_that_is_right():
    bodies = {
        said.body for methods in DESCRIBED.values() for said in methods.values()
    } - {None}
    assert set(BODIES) == bodies
    for form, example in BODIES.items():
        sent = form(data=example)
        assert sent.is_valid(), (form, sent.errors)
        known = {camel_case(name) for name in sent.fields}
        assert example.keys() <= known, form


def test_the_example_of_a_file_of_policies_can_be_read():
    (policy,) = parse(FILE).entries
    assert policy.key == "stable-to-qa"


def test_examples_stand_in_the_schema():
    path = "/api/v0/repositories/{namespace}/{name}/promotionPolicies"
    body = document()["paths"][path]["post"]["requestBody"]["content"]
    example = body["application/json"]["examples"]["Example"]["value"]
    assert example["rules"][0]["field"] == "tag"


def test_fields_are_spelt_as_they_are_sent():
    schemas = document()["components"]["schemas"]
    assert "targetRepository" in schemas["PromotionForm"]["properties"]
    assert schemas["PromotionForm"]["required"] == ["targetRepository", "targetTag"]


def test_the_schema_and_its_page_are_for_who_is_signed_in(client):
    assert client.get("/api/schema/").status_code == 401
    answer = client.get("/api/docs/")
    assert answer.status_code == 302
    assert answer["Location"].endswith("?next=/api/docs/")


@pytest.fixture
def cast(db) -> Cast:
    made = make_cast()
    namespace = made.source.namespace
    grant(to=made.objects["team"], on=namespace, level=AccessLevel.READ_ONLY)
    signing_keys.create(
        actor=Actor(made.people["dana"]),
        namespace=namespace,
        name="release",
        public_key=signing.pem_of(signing.new_key()),
    )
    return made


@pytest.fixture
def strict() -> dict[str, Any]:
    """Return the schemas with nothing allowed beyond what they name."""
    named = document()["components"]["schemas"]
    return {
        name: one | {"additionalProperties": False}
        if one["type"] == "object" and one.get("properties")
        else one
        for name, one in named.items()
    }


NAMES = {
    "namespace": "dev",
    "name": "website",
    "tag": "1.0",
    "team": "releasers",
    "reference": "1.0",
    "account": "dana",
    "organization": "dev",
    "member": "walter",
    "robot": "ci",
    "username": "dana",
}
QUERIES = {"autocomplete": "?query=web", "dockersearch": "?q=web"}
TERMS = {"cve": "CVE-2021-1", "component": "openssl", "license": "MIT"}


def _addresses(cast: Cast) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each address that can be read, with the objects of the cast in it."""
    for path, method, operation in operations():
        if method != "get":
            continue
        named = NAMES | {"promotion_id": cast.objects["promotion"].uuid}
        named |= {"job_id": named["promotion_id"], "action": "sweep_scans"}
        named["policy_id"] = cast.policy.uuid
        named["webhook_id"] = cast.objects["webhook"].uuid
        named["delivery_id"] = cast.objects["delivery"].uuid
        if "/repositoryNamespaces/" in path:
            named["policy_id"] = cast.objects["namespace_policy"].uuid
        elif path.startswith("/api/v0/promotionPolicies"):
            named["policy_id"] = cast.objects["global_policy"].uuid
        named["token"] = cast.objects["robot_token"].uuid
        named["trust"] = cast.objects["trust"].uuid
        kind = path.split("/")[5] if "scansummary" in path else ""
        named["term"] = TERMS.get(kind, "sha256:" + "a" * 64)
        query = QUERIES.get(path.rpartition("/")[2], "")
        yield path.format(**named) + query, operation


def test_answers_have_the_shapes_that_are_described(cast, client, strict):
    admin = cast.people["admin"]
    client.force_login(admin)
    wrong, empty = {}, []
    for address, operation in _addresses(cast):
        answer = client.get(address)
        said = operation["responses"]["200"]["content"]["application/json"]["schema"]
        whole = _nullable({**said, "components": {"schemas": strict}})
        found = [
            one.message for one in Draft4Validator(whole).iter_errors(answer.json())
        ]
        if answer.status_code != 200 or found:
            wrong[address] = found or answer.json()
        if not answer.json():
            empty.append(address)
    assert not wrong, "\n".join(
        f"{one}: {str(said)[:300]}" for one, said in wrong.items()
    )
    assert len(empty) <= 3, empty


def _nullable(schema: Any) -> Any:
    """Say null as JSON Schema does: OpenAPI 3.0 has a word of its own."""
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: _nullable(value) for key, value in schema.items()}
    if own.pop("nullable", False) is True:
        return {"anyOf": [own, {"type": "null"}]}
    return own


def test_a_token_of_the_api_reads_the_schema(cast, client):
    dana = cast.people["dana"]
    issued = access_tokens.issue(
        actor=SYSTEM, user=dana, label="t", scopes=[TokenScope.API]
    )
    basic = b64encode(f"dana:{issued.secret}".encode()).decode()
    answer = client.get(
        reverse("api_schema"), headers={"Authorization": f"Basic {basic}"}
    )
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.")
