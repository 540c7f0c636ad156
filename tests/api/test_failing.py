"""`GET /promotions/failing`: what is promoted and would not be today."""

from __future__ import annotations

import pytest
from django.utils import timezone

from promotions.models import Watch
from tests.api import factories
from tests.promoted import arrive

URL = "/api/v0/promotions/failing"


@pytest.fixture
def failing(world):
    """Two tags in qa that fail, and one in dev that does not."""
    return [_watch(world, name) for name in ("v1", "v2")]


def _watch(world, name: str) -> Watch:
    tag = factories.push(world.website, name)
    promotion = factories.promotion(tag, world.target, name, world.people.ada)
    arrive(promotion, world.target, f"r-{name}")
    return Watch.objects.create(
        promotion=promotion,
        failing_since=timezone.now(),
        reviewed_at=timezone.now(),
        outcomes=[{"sentence": f"{name} is a secret"}],
        told=["critical vulnerabilities: 1 (CVE-2026-9), wanted ≤ 0"],
    )


def test_who_sees_both_ends_is_told_all(world, failing):
    shown = world.client("ada").get(URL).json()[0]
    promotion = failing[0].promotion
    assert shown == {
        "id": str(failing[0].uuid),
        "promotionID": str(promotion.uuid),
        "promotionPolicyID": "",
        "policyVersion": None,
        "sourceRepository": "dev/website",
        "sourceTag": "v1",
        "targetRepository": "qa/website",
        "targetTag": "r-v1",
        "digest": promotion.manifest.digest,
        "failingSince": shown["failingSince"],
        "reviewedAt": shown["reviewedAt"],
        "fails": ["v1 is a secret"],
    }
    assert shown["failingSince"].endswith("Z")


def test_who_sees_the_target_only_learns_nothing_of_the_source(world, failing):
    answer = world.client("quinn").get(URL)
    shown = answer.json()[0]
    assert (shown["sourceRepository"], shown["sourceTag"]) == (None, None)
    assert shown["fails"] == failing[0].told
    for word in ("dev", "secret", '"v1"'):
        assert word not in answer.content.decode()


@pytest.mark.parametrize("who", ["olga", "drew", "eve"])
def test_who_does_not_see_the_target_is_told_nothing(world, failing, who):
    assert world.client(who).get(URL).json() == []


def test_nobody_is_asked_to_sign_in(world):
    assert world.client("").get(URL).status_code == 401


def test_it_is_paged_counted_and_filtered(world, failing):
    client = world.client("quentin")
    first = client.get(f"{URL}?pageSize=1&count=true")
    assert first["X-Resource-Count"] == "2"
    second = client.get(f"{URL}?pageSize=1&pageStart={first['X-Next-Page-Start']}")
    names = [page.json()[0]["targetTag"] for page in (first, second)]
    assert names == ["r-v1", "r-v2"]
    assert "X-Next-Page-Start" not in second
    assert len(client.get(f"{URL}?namespace=qa").json()) == 2
    assert client.get(f"{URL}?namespace=dev").json() == []


def test_a_tag_that_moved_on_is_left_out(world, failing):
    factories.push(world.target, "r-v1")
    (shown,) = world.client("quentin").get(URL).json()
    assert shown["targetTag"] == "r-v2"
