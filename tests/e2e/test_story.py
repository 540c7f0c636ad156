"""The story of MSR's promotion page, told by people with real clients on real parts."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.people import Person, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.images import Image

pytestmark = pytest.mark.slow

SOURCE, TARGET = "dev/website", "qa/website"


def promoted_from(person: Person, tag: str) -> list[dict[str, Any]]:
    """Return the target's tags that say they were promoted from this source tag."""
    return [
        found
        for found in person.tags(TARGET)
        if found.get("promotion", {}).get("sourceTag") == tag
    ]


def promotions_of(person: Person, tag: str) -> list[dict[str, Any]]:
    """Return the promotions of a source tag that came to a good end."""
    history = person.get(f"/repositories/{SOURCE}/promotions?pageSize=1000")
    return [
        one
        for one in history
        if one["sourceTag"] == tag and one["state"] == "succeeded"
    ]


def are_promoted(person: Person, tag: str, count: int) -> bool:
    return len(promotions_of(person, tag)) == count


def verdict_on(person: Person, tag: str) -> dict[str, Any]:
    """Return the decision of the demo's only policy on what the tag points to."""
    path = f"/repositories/{SOURCE}/tags/{tag}/decisions"
    decision: dict[str, Any] = person.get(path)[0]
    return decision


def wait_until_ingested(person: Person, tag: str, digest: str) -> None:
    """Wait until the portal knows that the tag points to the digest."""

    def known() -> bool:
        found = {one["name"]: one["digest"] for one in person.tags(SOURCE)}
        return found.get(tag) == digest

    wait_for(known)


def test_a_stable_tag_reaches_qa_and_nobody_else(
    dana: Person,
    quinn: Person,
    anonymous: Person,
    new_image: Callable[..., Image],
    tmp_path: Path,
) -> None:
    image = new_image(layers=10)
    assert dana.push(image, f"{SOURCE}:1.0-stable") == ""

    (promoted,) = wait_for(lambda: promoted_from(quinn, "1.0-stable"), patience=5)
    assert re.fullmatch(r"\d{8}-\d{6}(-\d+)?", promoted["name"])
    assert promoted["digest"] == image.digest
    assert promoted["promotion"]["sourceRepository"] == SOURCE
    policies = dana.get(f"/repositories/{SOURCE}/promotionPolicies")
    assert promoted["promotion"]["promotionPolicyID"] == policies[0]["id"]

    target = f"{TARGET}:{promoted['name']}"
    assert quinn.pull(target, tmp_path / "pulled") == ""
    assert (tmp_path / "pulled" / "manifest.json").exists()
    assert dana.pull(target, tmp_path / "a") != ""
    assert quinn.pull(f"{SOURCE}:1.0-stable", tmp_path / "b") != ""
    assert quinn.push(image, f"{SOURCE}:quinn-stable") != ""
    assert quinn.push(image, f"{TARGET}:quinn") != ""
    assert anonymous.pull(target, tmp_path / "c") != ""
    assert anonymous.pull(f"{SOURCE}:1.0-stable", tmp_path / "d") != ""


def test_an_image_for_two_platforms_arrives_whole(
    dana: Person, quinn: Person, new_image: Callable[..., Image], tmp_path: Path
) -> None:
    index = new_image(architectures=("amd64", "arm64"))
    assert dana.push(index, f"{SOURCE}:2.0-stable") == ""

    (promoted,) = wait_for(lambda: promoted_from(quinn, "2.0-stable"), patience=5)
    assert promoted["digest"] == index.digest
    assert quinn.pull(f"{TARGET}:{promoted['name']}", tmp_path / "pulled") == ""


def test_a_tag_that_does_not_match_stays_and_says_why(
    dana: Person, quinn: Person, new_image: Callable[..., Image]
) -> None:
    image = new_image()
    assert dana.push(image, f"{SOURCE}:1.1-beta") == ""
    wait_until_ingested(dana, "1.1-beta", image.digest)

    decision = verdict_on(dana, "1.1-beta")
    assert decision["verdict"] == "not_matched"
    (outcome,) = decision["outcomes"]
    assert outcome["sentence"] == 'tag "1.1-beta" does not end with "stable"'
    assert promotions_of(dana, "1.1-beta") == []
    assert promoted_from(quinn, "1.1-beta") == []


def test_the_same_push_again_promotes_nothing_twice(
    dana: Person, new_image: Callable[..., Image]
) -> None:
    image = new_image()
    assert dana.push(image, f"{SOURCE}:3.0-stable") == ""
    wait_for(lambda: promotions_of(dana, "3.0-stable"))

    assert dana.push(image, f"{SOURCE}:3.0-stable") == ""
    later = new_image()
    assert dana.push(later, f"{SOURCE}:3.1-stable") == ""
    wait_for(lambda: promotions_of(dana, "3.1-stable"))

    assert len(promotions_of(dana, "3.0-stable")) == 1


def test_a_tag_moved_there_and_back_is_promoted_each_time(
    dana: Person, quinn: Person, new_image: Callable[..., Image]
) -> None:
    first, second = new_image(), new_image()
    for number, image in enumerate((first, second, first), start=1):
        assert dana.push(image, f"{SOURCE}:rolling-stable") == ""
        wait_for(partial(are_promoted, dana, "rolling-stable", number))

    digests = [found["digest"] for found in promoted_from(quinn, "rolling-stable")]
    assert sorted(digests) == sorted([first.digest, second.digest, first.digest])


def test_one_promotion_by_hand(
    admin: Person, dana: Person, quinn: Person, new_image: Callable[..., Image]
) -> None:
    image = new_image()
    assert dana.push(image, f"{SOURCE}:4.0-beta") == ""
    wait_until_ingested(dana, "4.0-beta", image.digest)
    path = f"/repositories/{SOURCE}/tags/4.0-beta/promotion"
    wish = {"targetRepository": TARGET, "targetTag": "by-hand"}

    refused = dana.api("POST", path, json=wish)
    assert refused.status_code == 404, refused.text
    granted = admin.api("POST", path, json=wish)
    assert granted.status_code == 201, granted.text

    def arrived() -> list[dict[str, Any]]:
        return [one for one in quinn.tags(TARGET) if one["name"] == "by-hand"]

    (promoted,) = wait_for(arrived)
    assert promoted["digest"] == image.digest


def test_a_chain_goes_on_by_itself(
    admin: Person, dana: Person, new_image: Callable[..., Image]
) -> None:
    """What arrives in qa/website as a release candidate goes on to qa/released."""
    made = admin.api("POST", "/repositories/qa", json={"name": "released"})
    assert made.status_code == 201, made.text
    first = {
        "enabled": True,
        "rules": [{"field": "tag", "operator": "ew", "values": ["-rc"]}],
        "targetRepository": TARGET,
        "tagTemplate": "%n",
    }
    second = {**first, "targetRepository": "qa/released", "tagTemplate": "%n-final"}
    for repository, policy in ((SOURCE, first), (TARGET, second)):
        path = f"/repositories/{repository}/promotionPolicies"
        created = admin.api("POST", path, json=policy)
        assert created.status_code == 201, created.text
    image = new_image()
    assert dana.push(image, f"{SOURCE}:5.0-rc") == ""

    (released,) = wait_for(lambda: admin.tags("qa/released"))
    assert (released["name"], released["digest"]) == ("5.0-rc-final", image.digest)
    assert released["promotion"]["sourceRepository"] == TARGET
    assert released["author"] == "dana"
