"""Pushes that go wrong on their way, with real clients on real parts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.e2e.people import Person, wait_for
from tests.e2e.test_story import (
    SOURCE,
    are_promoted,
    promoted_from,
    promotions_of,
    wait_until_ingested,
)
from tests.images import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow

HUGE = "x" * 900_000


def token(person: Person) -> str:
    """Log in as docker does before a push."""
    answer = requests.get(
        f"{person.stack.url}/auth/token",
        params={"service": "registry", "scope": f"repository:{SOURCE}:pull,push"},
        auth=person._auth(),
        timeout=10,
    )
    found: str = answer.json()["token"]
    return found


def tag_with(person: Person, image: Image, tag: str, user_agent: str) -> None:
    """Put the manifest of a pushed image under another tag."""
    algorithm, _, name = image.digest.partition(":")
    raw = (image.folder / "blobs" / algorithm / name).read_bytes()
    answer = requests.put(
        f"http://{person.stack.registry_host}/v2/{SOURCE}/manifests/{tag}",
        data=raw,
        headers={
            "Authorization": f"Bearer {token(person)}",
            "Content-Type": MANIFEST,
            "User-Agent": user_agent,
        },
        timeout=10,
    )
    assert answer.status_code == 201, answer.text[:500]


def test_a_push_whose_notification_is_too_long_is_found_and_holds_nothing_back(
    dana: Person, quinn: Person, new_image: Callable[..., Image]
) -> None:
    """The registry would send it again for ever if it were refused."""
    odd, later = new_image(), new_image()
    assert dana.push(odd, f"{SOURCE}:odd-beta") == ""
    wait_until_ingested(dana, "odd-beta", odd.digest)

    tag_with(dana, odd, "odd-stable", HUGE)
    assert dana.push(later, f"{SOURCE}:after-odd-stable") == ""

    (promoted,) = wait_for(lambda: promoted_from(quinn, "after-odd-stable"), patience=5)
    assert promoted["digest"] == later.digest
    (found,) = wait_for(lambda: promoted_from(quinn, "odd-stable"), patience=30)
    assert found["digest"] == odd.digest


def test_a_stranger_can_report_nothing(
    stack: Stack, dana: Person, quinn: Person, new_image: Callable[..., Image]
) -> None:
    image = new_image()
    assert dana.push(image, f"{SOURCE}:reported-beta") == ""
    wait_until_ingested(dana, "reported-beta", image.digest)
    event: dict[str, Any] = {
        "id": "forged",
        "timestamp": "2026-01-01T00:00:00Z",
        "action": "push",
        "target": {"mediaType": MANIFEST, "repository": SOURCE, "tag": "forged-stable"},
    }
    event["target"]["digest"] = image.digest
    for secret in ({}, {"Authorization": "Bearer guessed"}):
        answer = requests.post(
            f"{stack.url}/registry/notifications",
            json={"events": [event]},
            headers=secret,
            timeout=10,
        )
        assert answer.status_code == 401
    assert promoted_from(quinn, "forged-stable") == []


def test_of_a_burst_of_pushes_each_is_promoted_once(
    dana: Person, quinn: Person, new_image: Callable[..., Image]
) -> None:
    tags = [f"burst-{number}-stable" for number in range(20)]
    image = new_image()
    assert dana.push(image, f"{SOURCE}:burst-beta") == ""
    for tag in tags:
        tag_with(dana, image, tag, "docker/29")

    for tag in tags:
        wait_for(partial(are_promoted, dana, tag, 1))
    assert [len(promotions_of(dana, tag)) for tag in tags] == [1] * 20
    names = [one["name"] for tag in tags for one in promoted_from(quinn, tag)]
    assert len(set(names)) == 20
