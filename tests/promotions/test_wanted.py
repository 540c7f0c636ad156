"""What is asked again at the last moment before the copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.access import AccessLevel
from promotions.models import (
    NamespaceAdmission,
    PolicyConsent,
    PolicyVersion,
    Promotion,
    PromotionPolicy,
)
from promotions.models.promotion import State
from repositories.models import Repository
from tests.factories import grant, make_user

if TYPE_CHECKING:
    from tests.promotions.conftest import Pipeline


@pytest.fixture
def key(pipeline: Pipeline) -> int:
    """A promotion that nobody has taken yet."""
    return pipeline.decide(pipeline.push("1.0-stable"))[0]


def refusal(pipeline: Pipeline, key: int) -> tuple[str, str]:
    """What the worker wrote down when it left the image where it is."""
    promotion = pipeline.run(key)
    assert promotion.state == State.SKIPPED
    assert pipeline.target_digest("1.0-stable") is None
    return promotion.error_code, promotion.reason


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize(
    ("answer", "verb"), [("withdrawn", "withdrew"), ("declined", "declined")]
)
def test_a_side_that_disagrees_by_now_is_named(
    pipeline: Pipeline, key: int, side: str, answer: str, verb: str
) -> None:
    consents = PolicyConsent.objects.filter(side=side)
    consents.update(answer=answer, decided_by=make_user(name="dora"))

    code, reason = refusal(pipeline, key)

    assert code == "CONSENT_WITHDRAWN"
    assert reason == f"dora {verb} the consent of its {side}."


def test_consent_to_another_version_does_not_count(
    pipeline: Pipeline, key: int
) -> None:
    PolicyConsent.objects.filter(side="target").delete()

    code, reason = refusal(pipeline, key)

    assert (code, "has not agreed" in reason) == ("CONSENT_WITHDRAWN", True)


def as_pattern(key: int, *, scope: str = "namespace", **values: object) -> None:
    """Make the policy of a promotion one about many repositories."""
    promotion = Promotion.objects.get(pk=key)
    assert promotion.policy is not None
    version = PolicyVersion.objects.create(
        policy=promotion.policy,
        number=2,
        source_pattern="dev/*",
        target_namespace=promotion.target_namespace,
        target_name=promotion.target_name,
        tag_template="%n",
        **values,
    )
    for side in PolicyConsent.Side:
        PolicyConsent.objects.create(
            policy_version=version, side=side, answer="given", decided_at=timezone.now()
        )
    Promotion.objects.update(policy_version=version)
    namespace = promotion.source_repository.namespace
    PromotionPolicy.objects.update(
        scope=scope, source_namespace=None if scope == "global" else namespace
    )


def test_a_global_policy_acts_where_an_administrator_let_it(
    pipeline: Pipeline, key: int
) -> None:
    as_pattern(key, scope="global")
    assert refusal(pipeline, key)[0] == "NOT_ADMITTED"

    NamespaceAdmission.objects.create(
        policy=pipeline.policy, namespace=pipeline.source.namespace
    )
    Promotion.objects.update(state=State.PENDING, finished_at=None)
    assert pipeline.run(key).state == State.SUCCEEDED


def test_a_pattern_makes_no_private_image_public(pipeline: Pipeline, key: int) -> None:
    as_pattern(key)
    Repository.objects.filter(pk=pipeline.target.pk).update(visibility="public")

    code, reason = refusal(pipeline, key)

    assert code == "PRIVATE_TO_PUBLIC"
    assert f"{pipeline.target} is public" in reason


@pytest.mark.parametrize("allowance", ["tick", "public source", "no pattern"])
def test_what_may_become_public_does(
    pipeline: Pipeline, key: int, allowance: str
) -> None:
    if allowance != "no pattern":
        as_pattern(key, allow_public_target=allowance == "tick")
    if allowance == "public source":
        Repository.objects.update(visibility="public")
    Repository.objects.filter(pk=pipeline.target.pk).update(visibility="public")

    assert pipeline.run(key).state == State.SUCCEEDED


def test_who_asked_a_policy_to_promote_again_needs_the_rights_then(
    pipeline: Pipeline, key: int
) -> None:
    user = make_user(name="dora")
    grant(to=user, on=pipeline.source, level=AccessLevel.READ_ONLY)
    grant(to=user, on=pipeline.target, level=AccessLevel.READ_ONLY)
    Promotion.objects.update(requested_by=user)

    code, reason = refusal(pipeline, key)

    assert (code, reason) == ("NOT_AUTHORIZED", "dora may not promote here any more.")
