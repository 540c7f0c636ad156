"""The session of MSR's documentation, typed with plain curl; each answer is MSR's."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.api import swagger
from tests.e2e.people import Person, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Shell:
    """Somebody who types curl with `--user`, or with a bearer."""

    stack: Stack
    identity: tuple[str, ...]

    def curl(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and JSON, None of an empty body."""
        command = ["curl", "--silent", "--show-error", "--request", method]
        command += ["--write-out", "\n%{http_code}", *self.identity]
        if body is not None:
            json_type = "Content-Type: application/json"
            command += ["--header", json_type, "--data", json.dumps(body)]
        done = subprocess.run(
            [*command, f"{self.stack.url}{path}"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        text, _, code = done.stdout.rpartition("\n")
        return int(code), json.loads(text) if text else None

    def get(self, path: str) -> Any:
        """Return the JSON of a GET that must succeed."""
        status, found = self.curl("GET", path)
        assert status == 200, found
        return found


@pytest.fixture
def ada(stack: Stack) -> Shell:
    """The administrator, with name and password."""
    if shutil.which("curl") is None:
        pytest.skip("needs Debian's package curl: run make install-test")
    password = stack.credentials["users"]["admin"]["password"]
    return Shell(stack, ("--user", f"admin:{password}"))


def bearer(shell: Shell) -> Shell:
    """Fetch a bearer as MSR's scripts do, and go on with it."""
    token = shell.get("/auth/token")["token"]
    return Shell(shell.stack, ("--header", f"Authorization: Bearer {token}"))


def test_the_session_of_the_documentation(
    ada: Shell, admin: Person, new_image: Callable[..., Image]
) -> None:
    create_repositories(ada)
    policy = create_policy(bearer(ada))
    assert admin.push(new_image(), "dev/shop:1.4-stable") == ""
    wait_for(lambda: see_promotion(ada, policy))
    list_events(ada, policy)
    create_and_revoke_token(ada)


def create_repositories(ada: Shell) -> None:
    for namespace in ("dev", "qa"):
        body = {
            "name": "shop",
            "shortDescription": "The shop",
            "longDescription": "",
            "visibility": "private",
            "scanOnPush": False,
            "immutableTags": False,
            "enableManifestLists": True,
            "tagLimit": 0,
        }
        status, made = ada.curl("POST", f"/api/v0/repositories/{namespace}", body)
        assert status == 201, made
        swagger.assert_is("responses.Repository", made)


def create_policy(ada: Shell) -> str:
    body = {
        "enabled": True,
        "rules": [{"field": "tag", "operator": "ew", "values": ["-stable"]}],
        "targetRepository": "qa/shop",
        "tagTemplate": "%n",
    }
    path = "/api/v0/repositories/dev/shop/promotionPolicies?initialEvaluation=true"
    status, made = ada.curl("POST", path, body)
    assert status == 201, made
    swagger.assert_is("responses.PromotionPolicy", made)
    return str(made["id"])


def see_promotion(ada: Shell, policy: str) -> bool:
    """Tell whether the tag has come; it says then whence."""
    tags = ada.get("/api/v0/repositories/qa/shop/tags")
    for tag in tags:
        swagger.assert_is("responses.ListTag", tag)
        assert tag["name"] == "1.4-stable"
        assert tag["promotion"]["sourceRepository"] == "dev/shop"
        assert tag["promotion"]["promotionPolicyID"] == policy
    return bool(tags)


def list_events(ada: Shell, policy: str) -> None:
    def promoted() -> list[dict[str, Any]]:
        path = "/api/v0/repositories/dev/shop/events?objectType=PROMOTION"
        found = ada.get(path)
        swagger.assert_is("responses.Events", found)
        return [one for one in found["events"] if one["actor"] == policy]

    assert wait_for(promoted)[0]["repository"] == "dev/shop"


def create_and_revoke_token(ada: Shell) -> None:
    status, made = ada.curl("POST", "/api/v0/api_tokens", {"tokenLabel": "ci"})
    assert status == 200, made
    swagger.assert_is("responses.NewAPIToken", made)
    ci = Shell(ada.stack, ("--user", f"admin:{made['token']}"))
    swagger.assert_is("responses.Repositories", ci.get("/api/v0/repositories"))
    path = f"/api/v0/api_tokens/{made['hashedToken']}"
    assert ada.curl("DELETE", path)[0] == 200
    status, refused = ci.curl("GET", "/api/v0/repositories")
    assert (status, refused["errors"][0]["code"]) == (401, "NOT_AUTHENTICATED")
