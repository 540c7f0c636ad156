"""People of the demo, at their terminals: skopeo and HTTP."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.images import Image
    from tests.stack.stack import Stack

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an access token; no name means anonymous."""

    stack: Stack
    name: str = ""

    def push(self, image: Image, target: str) -> str:
        """Push to `repository:tag`; return what went wrong, "" for nothing."""
        return self._skopeo(
            "copy", "--all", *self._creds("dest"), image.reference, self._at(target)
        )

    def pull(self, source: str, folder: Any) -> str:
        """Pull `repository:tag` or `repository@digest` into a folder; as `push`."""
        return self._skopeo(
            "copy", "--all", *self._creds("src"), self._at(source), f"dir:{folder}"
        )

    def copy(self, source: str, target: str) -> str:
        """Copy from one repository to another, as `push`."""
        creds = (*self._creds("src"), *self._creds("dest"))
        return self._skopeo("copy", "--all", *creds, self._at(source), self._at(target))

    def digest(self, source: str) -> str:
        """Return the digest of `repository:tag` as the registry itself says it."""
        command = ("inspect", "--no-tags", "--format", "{{.Digest}}")
        options = (f"--creds={self.name}:{self._token}", "--tls-verify=false")
        done = self._run(*command, *options, self._at(source))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def api(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Call the API below /api/v0."""
        url = f"{self.stack.url}/api/v0{path}"
        return requests.request(method, url, auth=self._auth(), timeout=30, **kwargs)

    def get(self, path: str) -> Any:
        """Return the JSON of a GET that must succeed."""
        response = self.api("GET", path)
        assert response.status_code == 200, response.text
        return response.json()

    def tags(self, repository: str) -> list[dict[str, Any]]:
        """Return the tags of a repository as the API lists them."""
        path = f"/repositories/{repository}/tags?pageSize=1000"
        listed: list[dict[str, Any]] = self.get(path)
        return listed

    def _auth(self) -> tuple[str, str] | None:
        return (self.name, self._token) if self.name else None

    @property
    def _token(self) -> str:
        token: str = self.stack.credentials["users"][self.name]["token"]
        return token

    def _creds(self, side: str) -> tuple[str, ...]:
        insecure = f"--{side}-tls-verify=false"
        if not self.name:
            return (insecure, f"--{side}-no-creds")
        return (insecure, f"--{side}-creds={self.name}:{self._token}")

    def _at(self, name: str) -> str:
        return f"docker://{self.stack.registry_host}/{name}"

    def _skopeo(self, *arguments: str) -> str:
        done = self._run(*arguments)
        return "" if done.returncode == 0 else done.stderr or "failed"

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["skopeo", "--insecure-policy", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def wait_for(condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Return what `condition` returns once it is true; fail after `patience` s."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {patience} s in vain"
        time.sleep(0.05)
    return found
