"""What the quickstart tells the person who started it: who may log in, what to try."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msr.quickstart.state import State

TEXT = """\

The portal  {url}  (administration: {url}/admin/)
Registry    {registry}
Logs        {logs}

{users}

Try it in another terminal. Push an image as dana, who may write to dev/website:

  skopeo copy --dest-tls-verify=false --dest-creds {dana} \\
    docker://docker.io/library/busybox:latest docker://{registry}/dev/website:1.0-stable

Its tag ends with "stable", so a moment later quinn finds it in qa/website:

  skopeo list-tags --tls-verify=false --creds {quinn} docker://{registry}/qa/website
  curl -u {quinn} {api}/repositories/qa/website/tags

With Docker: docker login -u dana {registry}, then docker tag and docker push.
Ctrl-C stops everything; the next start continues with the same data.
"""


def guide(state: State) -> str:
    """Return the text; the demo's credentials must have been written already."""
    credentials = json.loads(state.credentials.read_text(encoding="utf-8"))
    users: dict[str, dict[str, Any]] = credentials["users"]
    return TEXT.format(
        url=credentials["url"],
        registry=credentials["registry"],
        api=f"{credentials['url']}/api/v0",
        logs=state.logs,
        users=_table(users),
        dana=_login(users, "dana"),
        quinn=_login(users, "quinn"),
    )


def _table(users: dict[str, dict[str, Any]]) -> str:
    rows = [("User", "Password")]
    rows += [(name, user["password"]) for name, user in users.items()]
    return "\n".join(f"{name:<12}{password}" for name, password in rows)


def _login(users: dict[str, dict[str, Any]], name: str) -> str:
    return f"{name}:{users[name]['password']}"
