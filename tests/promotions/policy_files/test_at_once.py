"""Two who apply files at once, on a database that lets them."""

from __future__ import annotations

import pytest

from promotions.models import PromotionPolicy
from promotions.services import policy_files
from promotions.services.policy_files import Options, StalePlan
from tests.promotions.policy_files.conftest import STABLE, a_file
from tests.promotions.test_races import at_once, several_connections

__all__ = ["several_connections"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("several_connections"),
]

GLOBAL = {
    "key": "all",
    "global": True,
    "sourcePattern": "dev/**",
    "targetRepository": "qa/{repository}",
    "tagTemplate": "%n-all",
}


@pytest.mark.parametrize(
    "content", [a_file(STABLE), a_file(GLOBAL, scope={"global": True})]
)
def test_of_two_applies_of_one_plan_one_is_stale(root, content):
    made, came_out = root.plan(content), []

    def apply() -> None:
        try:
            policy_files.apply(
                actor=root.actor,
                content=content,
                options=Options(),
                expected=made.fingerprint,
            )
            came_out.append("applied")
        except StalePlan:
            came_out.append("stale")

    at_once(*[apply] * 3)

    assert sorted(came_out) == ["applied", "stale", "stale"]
    assert PromotionPolicy.objects.count() == 1


def test_two_exports_at_once_give_the_same_keys(root):
    root.apply(a_file(STABLE))
    PromotionPolicy.objects.update(
        key="",
        managed_by="",
        managed_at=None,
        managed_for=None,
        managed_enabled=None,
    )
    exported = []
    at_once(*[lambda: exported.append(root.export())] * 3)
    assert len(set(exported)) == 1
