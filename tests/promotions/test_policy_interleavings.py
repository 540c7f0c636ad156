"""Two people on one policy: what one did not see of the other's work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError

from accounts.access import AccessLevel, Actor
from accounts.models import AuditEvent, User
from promotions.models import Promotion, PromotionPolicy, Standing
from promotions.services import apply, policies
from promotions.services.evaluate import evaluate_move
from promotions.services.promote.claim import claim
from promotions.services.promote.wanted import load
from tests.factories import (
    grant,
    make_organization,
    make_repository,
    make_tag,
    make_user,
    tag_rule,
)

if TYPE_CHECKING:
    from repositories.models import Repository

pytestmark = pytest.mark.django_db

STABLE = [tag_rule("ew", "-stable")]


@pytest.fixture
def dana() -> User:
    """Owns dev, and administers one repository of qa."""
    return make_user(name="dana")


@pytest.fixture
def quinn() -> User:
    return make_user(name="quinn")


@pytest.fixture
def source(dana: User) -> Repository:
    make_organization(name="dev", owner=dana)
    return make_repository(name="dev/website")


@pytest.fixture
def policy(dana: User, quinn: User, source: Repository) -> PromotionPolicy:
    """Agreed to by dana for both sides, and to be applied to what is there."""
    make_organization(name="qa", owner=quinn)
    target = make_repository(name="qa/website")
    grant(to=dana, on=target, level=AccessLevel.ADMIN)
    draft = policies.Draft(
        source=source, target="qa/website", tag_template="%n", rules=STABLE
    )
    made = policies.create(actor=Actor(dana), draft=draft, apply=True)
    return fresh(made)


def fresh(policy: PromotionPolicy) -> PromotionPolicy:
    return PromotionPolicy.objects.get(pk=policy.pk)


def save(user: User, policy: PromotionPolicy, **changes: object) -> None:
    policies.update(actor=Actor(user), policy=policy, changes=changes)


def test_who_saves_second_does_not_undo_the_first(dana, policy):
    also = fresh(policy)
    save(dana, policy, zone="Asia/Tokyo")
    entries = AuditEvent.objects.count()
    with pytest.raises(ValidationError, match="Somebody else changed the policy"):
        save(dana, also, tag_template="%n-x")
    assert fresh(policy).shown_version.zone == "Asia/Tokyo"
    assert AuditEvent.objects.count() == entries


def test_nothing_is_saved_to_a_policy_that_was_deleted(dana, policy):
    also = fresh(policy)
    policies.delete(actor=Actor(dana), policy=policy)
    with pytest.raises(ValidationError, match="Somebody else changed the policy"):
        save(dana, also, tag_template="%n-x")
    assert policy.versions.count() == 1


def test_what_was_to_be_applied_is_not_applied_as_something_else(dana, source, policy):
    make_tag(repository=source, name="1.0-beta")
    save(dana, policy, rules=[])
    assert fresh(policy).apply_wanted_at is None
    assert list(apply.apply(policy=fresh(policy))) == []


def test_what_was_applied_is_not_applied_again_by_an_old_page(dana, policy):
    old = fresh(policy)
    list(apply.apply(policy=policy))
    save(dana, old, rules=[])
    assert fresh(policy).apply_wanted_at is None


def test_what_was_kept_back_by_a_withdrawn_consent_is_applied_later(
    quinn, source, policy
):
    key = pushed(source)
    version = policy.shown_version
    policies.withdraw(actor=Actor(quinn), version=version, side="target")
    assert claim(load(key)) is None
    policies.accept(actor=Actor(quinn), version=version, side="target")

    (again,) = apply.apply(policy=fresh(policy))

    assert Promotion.objects.get(pk=again).generation == 2
    move_id = Promotion.objects.get(pk=again).tag_move_id
    assert evaluate_move(move_id=move_id, policy=policy) == [again]
    assert Promotion.objects.count() == 2


def test_what_was_kept_back_while_it_was_off_is_applied_later(dana, source, policy):
    key = pushed(source)
    for enabled in (False, True):
        policies.update(
            actor=Actor(dana),
            policy=fresh(policy),
            changes={},
            enabled=enabled,
            apply=enabled,
        )
        if not enabled:
            assert claim(load(key)) is None
    assert len(list(apply.apply(policy=fresh(policy)))) == 1


def pushed(source: Repository) -> int:
    move = make_tag(repository=source, name="1.0-stable").current_move
    (promotion_id,) = evaluate_move(move_id=move.pk)
    return promotion_id


def test_what_is_left_of_a_deleted_repository_is_its_namespaces(dana, source, policy):
    type(source).objects.filter(pk=source.pk).update(deleted_at=policy.created_at)
    policies.delete(actor=Actor(dana), policy=fresh(policy))
    assert fresh(policy).deleted_at is not None


def test_both_sides_may_come_back_in_any_order(dana, quinn, policy):
    version = policy.shown_version
    for side in ("source", "target"):
        policies.withdraw(actor=Actor(dana), version=version, side=side)
    for user, side in ((quinn, "target"), (dana, "source")):
        assert fresh(policy).standing == Standing.WITHDRAWN
        policies.accept(actor=Actor(user), version=version, side=side)
    assert fresh(policy).standing == Standing.RUNNING
