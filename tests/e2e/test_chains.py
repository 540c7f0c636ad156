"""Policies in a row, from one organization to the next, and policies in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.e2e.backstage import is_at_rest, make_repositories, promotions
from tests.e2e.people import Person, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.images import Image
    from tests.stack.stack import Stack

pytestmark = pytest.mark.slow

CANDIDATES = [{"field": "tag", "operator": "ew", "values": ["-rc"]}]


@pytest.fixture
def stages(stack: Stack) -> tuple[str, str, str]:
    """The repositories of three organizations: Dana's, Quinn's and the admin's."""
    mark = uuid4().hex[:8]
    names = f"dev-{mark}/shop", f"qa-{mark}/shop", f"prod-{mark}/shop"
    owners = dict(zip(names, ("dana", "quinn", "admin"), strict=True))
    make_repositories(stack, owners)
    return names


def add_policy(person: Person, source: str, target: str, **values: Any) -> Any:
    """Ask for a policy; return the answer."""
    wish = {"targetRepository": target, "tagTemplate": "%n", "rules": [], **values}
    path = f"/repositories/{source}/promotionPolicies?initialEvaluation=false"
    return person.api("POST", path, json=wish)


def test_an_image_goes_from_dev_over_qa_to_prod_and_each_hop_is_known(
    stack: Stack,
    admin: Person,
    dana: Person,
    new_image: Callable[..., Image],
    stages: tuple[str, str, str],
    tmp_path: Path,
) -> None:
    dev, qa, prod = stages
    into_qa = add_policy(admin, dev, qa, rules=CANDIDATES)
    into_prod = add_policy(admin, qa, prod, rules=CANDIDATES, tagTemplate="%n-final")
    image = new_image(architectures=("amd64", "arm64"))
    assert dana.push(image, f"{dev}:1.0-rc") == ""

    (last,) = wait_for(lambda: admin.tags(prod))
    (first,) = admin.tags(qa)
    assert (first["name"], last["name"]) == ("1.0-rc", "1.0-rc-final")
    for tag, source, policy in ((first, dev, into_qa), (last, qa, into_prod)):
        assert tag["digest"] == image.digest
        assert tag["author"] == "dana"
        assert tag["promotion"]["sourceRepository"] == source
        assert tag["promotion"]["sourceTag"] == "1.0-rc"
        assert tag["promotion"]["promotionPolicyID"] == policy.json()["id"]
    assert admin.pull(f"{prod}:1.0-rc-final", tmp_path / "pulled") == ""
    assert dana.api("GET", f"/repositories/{prod}/tags").status_code == 404

    wait_for(lambda: is_at_rest(stack))
    hops = [promotions(stack, repository) for repository in stages]
    assert [[one["state"] for one in rows] for rows in hops] == [
        ["succeeded"],
        ["succeeded"],
        [],
    ]


def test_policies_that_would_loop_are_refused_and_the_path_is_named(
    admin: Person, stages: tuple[str, str, str]
) -> None:
    dev, qa, prod = stages
    assert add_policy(admin, dev, qa).status_code == 201
    assert add_policy(admin, qa, prod).status_code == 201

    refused = add_policy(admin, prod, dev)

    assert refused.status_code == 400
    (error,) = refused.json()["errors"]
    assert error["code"] == "INVALID_PROMOTION_POLICY"
    assert f"{prod} → {dev} → {qa} → {prod}" in error["message"]
    assert admin.get(f"/repositories/{prod}/promotionPolicies") == []
    other_tags = add_policy(admin, prod, dev, tagTemplate="back", rules=CANDIDATES)
    assert other_tags.status_code == 400, "what comes back would go to qa again"
