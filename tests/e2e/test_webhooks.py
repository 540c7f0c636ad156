"""Webhooks of a whole stack: told by its own workers, and by those that come after."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.e2e.backstage import make_repositories
from tests.e2e.people import Person, wait_for
from tests.e2e.test_chains import add_policy
from tests.stack.missing import MissingProgram
from tests.stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.hostile_registry import Answering, HostileServer, Seen
    from tests.images import Image

pytestmark = pytest.mark.slow

IMPATIENT = {
    "MSR_LEASE_SECONDS": "3",
    "MSR_SWEEP_PERIOD": "1",
    "MSR_VISIBILITY_TIMEOUT": "3",
    "MSR_WEBHOOK_TIMEOUT": "3",
    "MSR_WEBHOOK_RETRY_SECONDS": "1",
}
BOUND = 40.0  # seconds until another worker has sent what a dead one left


@pytest.fixture
def dead(make_server: Callable[[Answering], HostileServer]) -> HostileServer:
    """A receiver that takes every call, and answers none."""
    return make_server(lambda handler: handler.server.released.wait(60))  # type: ignore[attr-defined]  # HostileServer's own


@pytest.fixture
def alive(make_server: Callable[[Answering], HostileServer]) -> HostileServer:
    """A receiver that works."""
    return make_server(lambda handler: handler.reply(204))  # type: ignore[attr-defined]  # likewise


@pytest.fixture
def stack(dead: HostileServer, alive: HostileServer) -> Iterator[Stack]:
    """A stack of the test's own, whose operator lets tenants call both receivers."""
    allowed = ",".join(
        f"tenant-webhook=127.0.0.1:{server.server_port}" for server in (dead, alive)
    )
    try:
        with Stack(environment={**IMPATIENT, "MSR_OUTBOUND_ALLOW": allowed}) as started:
            yield started
    except MissingProgram as missing:
        pytest.skip(str(missing))


def subscribe(person: Person, key: str, wanted: str, server: HostileServer) -> Any:
    form = {
        "type": wanted,
        "key": key,
        "endpoint": f"{server.url}/hook",
        "tlsCert": "",
        "skipTLSVerification": False,
    }
    made = person.api("POST", "/webhooks", json=form)
    assert made.status_code == 201, made.text
    return made.json()


def deliveries(server: HostileServer) -> Counter[str]:
    return Counter(seen.headers["X-Msr-Delivery"] for seen in server.seen)


def is_signed(seen: Seen, secret: str) -> bool:
    at, *signatures = seen.headers["X-Msr-Signature"].split(",")
    signed = at.removeprefix("t=").encode() + b"." + seen.content
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"v1={wanted}" in signatures


def test_pushes_and_promotions_are_told_whoever_hangs_or_dies(
    stack: Stack,
    dana: Person,
    dead: HostileServer,
    alive: HostileServer,
    new_image: Callable[..., Image],
) -> None:
    mark = uuid4().hex[:8]
    source, target = f"told-{mark}/app", f"told-{mark}/promoted"
    make_repositories(stack, {source: "dana", target: "dana"})
    assert add_policy(dana, source, target).status_code == 201
    hanging = subscribe(dana, source, "TAG_PUSH", dead)
    working = subscribe(dana, source, "PROMOTION", alive)
    image = new_image()

    assert dana.push(image, f"{source}:1.0") == ""
    wait_for(lambda: dead.seen)
    stack.kill("worker")
    dead.answering = lambda handler: handler.reply(200)  # type: ignore[attr-defined]  # HostileServer's own
    stack.start_again("worker")

    log = f"/webhooks/{hanging['id']}/deliveries"
    wait_for(lambda: dana.get(log)[0]["state"] == "delivered", BOUND)
    ((_id, times),) = deliveries(dead).items()
    assert times > 1, "the worker was killed too late"
    wait_for(lambda: alive.seen, BOUND)
    (seen,) = alive.seen
    told = json.loads(seen.content)
    assert told["contents"]["targetImage"] == f"{target}:1.0"
    assert told["contents"]["digest"] == image.digest
    assert is_signed(seen, working["secret"])
