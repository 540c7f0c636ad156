"""What people do with skopeo besides the story: login, mounts, first pushes."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import requests

from tests.e2e.backstage import shell
from tests.e2e.people import Person, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow


@pytest.fixture
def auth_file(tmp_path: Path) -> str:
    """Where `skopeo login` keeps credentials, instead of the tester's own file."""
    return str(tmp_path / "auth.json")


def skopeo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["skopeo", "--insecure-policy", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def login(
    stack: Stack, auth_file: str, name: str, secret: str
) -> subprocess.CompletedProcess[str]:
    options = ("--tls-verify=false", "--authfile", auth_file)
    who = ("--username", name, "--password", secret)
    return skopeo("login", *options, *who, stack.registry_host)


def docker(stack: Stack, name: str) -> str:
    return f"docker://{stack.registry_host}/{name}"


@pytest.fixture
def sandbox(stack: Stack) -> str:
    """Return the name of a new organization of Dana's in which pushing creates."""
    name = f"sandbox-{uuid4().hex[:8]}"
    code = (
        "from accounts.access import SYSTEM; from accounts.models import User;"
        "from accounts.services import organizations;"
        f"organizations.create(actor=SYSTEM, name='{name}', create_on_push=True,"
        " primary_owner=User.objects.get(username='dana'))"
    )
    shell(stack, code)
    return name


@pytest.mark.parametrize("kind", ["password", "token"])
def test_after_login_one_pushes_and_pulls(
    stack: Stack,
    new_image: Callable[..., Image],
    auth_file: str,
    tmp_path: Path,
    kind: str,
) -> None:
    secret = stack.credentials["users"]["dana"][kind]
    done = login(stack, auth_file, "dana", secret)
    assert done.returncode == 0, done.stderr
    image, place = new_image(), docker(stack, f"dev/website:login-{kind}")
    stored = ("--authfile", auth_file)
    pushed = skopeo("copy", *stored, "--dest-tls-verify=false", image.reference, place)
    assert pushed.returncode == 0, pushed.stderr
    pulled = skopeo(
        "copy", *stored, "--src-tls-verify=false", place, f"dir:{tmp_path / 'pulled'}"
    )
    assert pulled.returncode == 0, pulled.stderr


@pytest.mark.parametrize(
    ("name", "secret"), [("dana", "wrong"), ("nobody", "wrong"), ("dana", "msr_x_y")]
)
def test_login_with_wrong_credentials_fails(
    stack: Stack, auth_file: str, name: str, secret: str
) -> None:
    done = login(stack, auth_file, name, secret)
    assert done.returncode != 0
    assert "invalid username/password" in done.stderr


def test_a_first_push_creates_the_repository_where_that_is_allowed(
    dana: Person,
    quinn: Person,
    new_image: Callable[..., Image],
    sandbox: str,
    tmp_path: Path,
) -> None:
    image, name = new_image(), f"{sandbox}/team/app"
    assert quinn.push(image, f"{name}:1.0") != ""
    assert dana.push(image, f"{name}:1.0") == ""

    def found() -> Any:
        return dana.api("GET", f"/repositories/{sandbox}/team%2Fapp").ok

    wait_for(found)
    shown = dana.get(f"/repositories/{sandbox}/team%2Fapp")
    assert shown["visibility"] == "private"
    wait_for(lambda: [one["digest"] for one in dana.tags(f"{sandbox}/team%2Fapp")])
    assert dana.pull(f"{name}:1.0", tmp_path / "dana") == ""
    assert quinn.pull(f"{name}:1.0", tmp_path / "quinn") != ""


def test_a_push_creates_nothing_where_that_is_not_allowed(
    dana: Person, admin: Person, new_image: Callable[..., Image]
) -> None:
    image = new_image()
    for person in (dana, admin):
        assert person.push(image, "dev/unheard-of:1.0") != ""
        assert person.push(image, "nowhere/website:1.0") != ""
    assert admin.api("GET", "/repositories/dev/unheard-of").status_code == 404


def test_layers_are_mounted_between_ones_own_repositories(
    stack: Stack, dana: Person, new_image: Callable[..., Image], sandbox: str
) -> None:
    """One request asks for two scopes: pull here and push there."""
    image = new_image(layers=5)
    assert dana.push(image, "dev/website:mounted") == ""
    assert dana.copy("dev/website:mounted", f"{sandbox}/website:mounted") == ""

    def digests() -> list[str]:
        if not dana.api("GET", f"/repositories/{sandbox}/website").ok:
            return []
        return [one["digest"] for one in dana.tags(f"{sandbox}/website")]

    assert wait_for(digests) == [image.digest]


def test_a_name_without_a_namespace_is_refused_with_a_sentence(
    stack: Stack, dana: Person, new_image: Callable[..., Image]
) -> None:
    assert dana.push(new_image(), "website:1.0") != ""
    answer = token_request(stack, "dana", "repository:website:pull,push")
    assert answer.status_code == 403
    (error,) = answer.json()["errors"]
    assert "push to a name of two or more components" in error["message"]


def token_request(stack: Stack, name: str, scope: str) -> Any:
    secret = stack.credentials["users"][name]["password"]
    return requests.get(
        f"{stack.url}/auth/token",
        params={"scope": scope},
        auth=(name, secret),
        timeout=30,
    )
