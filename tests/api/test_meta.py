"""What the portal says of itself, and what of MSR is not here."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import DatabaseError

from msr import health
from msr.api.urls.absent import ABSENT
from repositories.models import Registry, Scanner
from tests.api.swagger import FILE, assert_is

META = "/api/v0/meta"


def error(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = response.json()["errors"][0]
    return found


def test_features_are_those_of_this_product(world):
    client = world.client("eve")
    Scanner.objects.update(is_enabled=False)
    body = client.get(f"{META}/features").json()
    assert_is("responses.Features", body)
    assert (body["promotionLicensed"], body["mirroringLicensed"]) == (True, False)
    assert body["scanningEnabled"] is False
    Scanner.objects.update(is_enabled=True)
    assert client.get(f"{META}/features").json()["scanningEnabled"] is True


def test_settings_have_msrs_shape_and_the_portals_values(world, settings):
    settings.SCAN_DEADLINE = 77
    settings.EVENT_DAYS = 90
    body = world.client("root").get(f"{META}/settings").json()
    assert_is("responses.Settings", body)
    assert body["dtrHost"] == settings.REGISTRY_PUBLIC_HOST
    assert (body["scanningDeadline"], body["sso"]) == (77, False)
    assert body["createRepositoryOnPush"] is False
    assert body["repoEventHistoryCompactionEnabled"] is True
    assert body["repoEventHistoryMaxAge"] == "2160h"


def test_settings_hide_the_password_of_the_proxy(world, settings):
    settings.OUTBOUND_PROXY = "http://me:hidden@proxy.example.com:3128"
    response = world.client("root").get(f"{META}/settings")
    assert response.json()["httpProxy"] == "http://proxy.example.com:3128"
    assert b"hidden" not in response.content


def test_settings_that_are_so_already_are_taken(world):
    client = world.client("root")
    sent = client.get(f"{META}/settings").json() | {"webTLSKey": "", "unknown": 1}
    assert client.post(f"{META}/settings", sent).status_code == 202
    assert client.post(f"{META}/settings", {}).status_code == 202


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"dtrHost": "other.example.com"}, "MSR_REGISTRY_PUBLIC_HOST"),
        ({"scanningDeadline": 5}, "MSR_SCAN_DEADLINE"),
        ({"webTLSKey": "-----BEGIN"}, "proxy"),
        ({"createRepositoryOnPush": True}, "namespace"),
        ({"scanningDeadline": "soon"}, "valid integer"),
    ],
)
def test_settings_that_would_change_are_refused_with_where_to(world, sent, said):
    response = world.client("root").post(f"{META}/settings", sent)
    assert response.status_code == 400
    assert error(response)["code"] == "INVALID_SETTINGS"
    assert said in error(response)["message"]
    assert list(error(response)["detail"]) == list(sent)
    assert b"BEGIN" not in response.content


@pytest.mark.parametrize("sent", [[], "text", None])
def test_settings_are_an_object(world, sent):
    response = world.client("root").post(f"{META}/settings", sent)
    assert response.status_code in (400, 202 if sent is None else 400)


def test_alerts_say_what_needs_somebody(world):
    Registry.objects.update_or_create(
        name="default", defaults={"brake": "engaged", "brake_reason": "Too much."}
    )
    body = world.client("root").get(f"{META}/alerts").json()
    for one in body:
        assert_is("responses.Alert", one)
    (brake,) = (one for one in body if one["id"] == "brake")
    assert (brake["class"], brake["url"]) == ("error", "/admin/health/")
    assert "Too much." in brake["message"]


def test_who_is_signed_in_reads_the_version(world):
    body = world.client("eve").get("/api/v0/admin/version").json()
    assert body["version"].count(".") >= 2
    assert world.client().get("/api/v0/admin/version").status_code == 401


# --- Health -----------------------------------------------------------------------


def test_health_needs_nobody(db, client):
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json() == {"error": "", "healthy": True}


def test_health_says_that_the_database_is_away_and_no_more(db, client, monkeypatch):
    def away() -> None:
        raise DatabaseError("password=hidden host=db.internal")

    monkeypatch.setattr(health, "_ask_database", away)
    response = client.get("/health")
    assert response.status_code == 503
    assert response.json()["healthy"] is False
    assert "database" in response.json()["error"]
    assert b"internal" not in response.content


# --- What is not here -------------------------------------------------------------


@pytest.mark.parametrize("address", ABSENT)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_what_makes_no_sense_here_says_why(world, address, method):
    path = re.sub("{.*}", "x", address)
    response = getattr(world.client("root"), method)(f"/api/v0{path}")
    assert response.status_code == 404
    assert error(response)["message"] == ABSENT[address]


def test_what_is_not_here_is_an_operation_of_msr():
    if not FILE.exists():
        pytest.skip("MSR's Swagger file is not beside the repository")
    paths = json.loads(FILE.read_text(encoding="utf-8"))["paths"]
    assert {f"/api/v0{address}" for address in ABSENT} <= set(paths)


def test_what_comes_later_is_unknown_as_any_other_address(world):
    for path in ("remote/registry", "nothing"):
        response = world.client("root").get(f"/api/v0/{path}")
        assert error(response)["message"] == (
            f"The API has no operation at /api/v0/{path}."
        )
