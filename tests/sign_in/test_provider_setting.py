"""The setting that names OpenID Connect providers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from msr import oidc

GOOD = {
    "id": "corp",
    "name": "Corp",
    "server_url": "https://id.example.com/realms/main",
    "client_id": "portal",
    "secret": "s",
}


def test_a_provider_is_read():
    (app,) = oidc.configured(json.dumps([GOOD]))["openid_connect"]["APPS"]
    assert (app["provider_id"], app["name"], app["client_id"]) == (
        "corp",
        "Corp",
        "portal",
    )
    assert app["settings"]["create_users"] is False
    assert oidc.configured("")["openid_connect"]["APPS"] == []


WRONG: list[tuple[Any, str]] = [
    ("{", "is no JSON"),
    ({}, "must be a JSON list"),
    ([1], "where an object"),
    ([{**GOOD, "secret": ""}], "without secret"),
    ([{**GOOD, "name": 1}], "without name"),
    ([{**GOOD, "sever_url": "x"}], "says sever_url of corp"),
    ([{**GOOD, "id": "Corp!"}], "lower-case letters"),
    ([{**GOOD, "server_url": "http://id.example.com"}], "https://"),
    ([{**GOOD, "server_url": "https://"}], "https://"),
    ([{**GOOD, "server_url": "ftp://127.0.0.1"}], "https://"),
    ([{**GOOD, "server_url": "https://[x"}], "https://"),
    ([{**GOOD, "server_url": "https://x/.well-known/y"}], "give the issuer alone"),
    ([{**GOOD, "create_users": "no"}], "true or false"),
    ([{**GOOD, "token_auth_method": "none"}], "client_secret_basic"),
    ([{**GOOD, "scopes": ["email"]}], "openid among them"),
    ([GOOD, GOOD], "same id"),
]


@pytest.mark.parametrize(("value", "said"), WRONG)
def test_what_is_wrong_is_said(value, said):
    text = value if isinstance(value, str) else json.dumps(value)
    with pytest.raises(ImproperlyConfigured, match="MSR_OIDC_PROVIDERS") as refusal:
        oidc.configured(text)
    assert said in str(refusal.value)
