"""Calls of the API on real parts: found again in the logs, and counted in Redis."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
import urllib3

from tests.e2e.people import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.people import Person
    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow
ANONYMOUS_A_MINUTE = 600  # MSR_API_RATE_ANONYMOUS


def test_one_id_leads_from_a_call_to_what_the_worker_did(
    stack: Stack, admin: Person, new_image: Callable[..., Image]
) -> None:
    assert admin.push(new_image(), "dev/website:to-follow") == ""
    wait_for(lambda: "to-follow" in str(admin.tags("dev/website")))
    answer = admin.api(
        "POST",
        "/repositories/dev/website/tags/to-follow/promotion",
        json={"targetRepository": "qa/website", "targetTag": "followed"},
        headers={"X-Request-Id": "call-to-follow"},
    )
    assert answer.headers["X-Request-Id"] == "call-to-follow"
    for part in ("portal", "worker"):
        wait_for(partial(_stands_in_log, stack, part, "call-to-follow"))


def _stands_in_log(stack: Stack, part: str, text: str) -> bool:
    return text in (stack.state.logs / f"{part}.log").read_text(encoding="utf-8")


def test_the_workers_are_listed(admin: Person) -> None:
    queues = {
        queue for one in admin.get("/workers")["workers"] for queue in one["queues"]
    }
    assert queues == {"ingest", "promote", "scan", "notify", "maintenance"}


def test_a_flood_of_strangers_keeps_nobody_else_out(
    stack: Stack, admin: Person, anonymous: Person
) -> None:
    elsewhere = urllib3.PoolManager(source_address=("127.0.0.2", 0))
    address = f"{stack.url}/api/v0/repositories"
    # A new window may begin on the way.
    codes = [
        elsewhere.request("GET", address, retries=False).status
        for _ in range(2 * ANONYMOUS_A_MINUTE)
    ]
    assert codes.index(429) >= ANONYMOUS_A_MINUTE
    assert set(codes) == {401, 429}
    assert admin.api("GET", "/repositories").status_code == 200
    assert anonymous.api("GET", "/repositories").status_code == 401
