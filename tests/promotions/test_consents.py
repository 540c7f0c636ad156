"""Policies that two sides have to agree to: proposed, accepted, declined, withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts.access import AccessLevel, Actor
from accounts.models import AuditEvent
from accounts.permissions import RateLimited
from promotions.models import PolicyVersion, Promotion, PromotionPolicy, Standing
from promotions.services import policies
from promotions.services.evaluate import evaluate_move
from promotions.services.promote.claim import claim
from promotions.services.promote.wanted import load
from tests.factories import (
    grant,
    make_organization,
    make_policy,
    make_repository,
    make_tag,
    make_user,
    tag_rule,
)

if TYPE_CHECKING:
    from accounts.models import User
    from repositories.models import Repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana() -> User:
    """Owns dev, and nothing of qa."""
    return make_user(name="dana")


@pytest.fixture
def quinn() -> User:
    """Owns qa, and nothing of dev."""
    return make_user(name="quinn")


@pytest.fixture
def source(dana: User) -> Repository:
    make_organization(name="dev", owner=dana)
    return make_repository(name="dev/website")


@pytest.fixture
def target(quinn: User) -> Repository:
    make_organization(name="qa", owner=quinn)
    return make_repository(name="qa/website")


def draft(source: Repository, target: str = "qa/website", **values: Any) -> Any:
    return policies.Draft(source=source, target=target, tag_template="%n", **values)


def propose(user: User, wanted: policies.Draft, **values: Any) -> PromotionPolicy:
    return policies.create(actor=Actor(user), draft=wanted, propose=True, **values)


def fresh(policy: PromotionPolicy) -> PromotionPolicy:
    return PromotionPolicy.objects.get(pk=policy.pk)


def proposal_of(policy: PromotionPolicy) -> PolicyVersion:
    version = fresh(policy).proposed_version
    assert version is not None
    return version


def accept(user: User, version: PolicyVersion, **values: Any) -> PromotionPolicy:
    return policies.accept(actor=Actor(user), version=version, side="target", **values)


def promoted(source: Repository, tag: str) -> int:
    """Push; return how many promotions came of it."""
    move = make_tag(repository=source, name=tag).current_move
    return len(evaluate_move(move_id=move.pk))


def test_a_proposal_does_nothing_until_the_target_agrees(dana, quinn, source, target):
    policy = propose(dana, draft(source))
    assert policy.standing == Standing.PROPOSED
    assert promoted(source, "1.0") == 0

    accept(quinn, proposal_of(policy))

    assert fresh(policy).standing == Standing.RUNNING
    assert promoted(source, "1.1") == 1


def test_who_administers_both_sides_need_ask_nobody(dana, source, target):
    grant(to=dana, on=target, level=AccessLevel.ADMIN)
    policy = propose(dana, draft(source))
    assert policy.standing == Standing.RUNNING


@pytest.mark.parametrize("name", ["qa/website", "qa/absent", "nowhere/at-all"])
def test_a_proposal_does_not_tell_whether_its_target_exists(dana, source, target, name):
    shown = policies.shown(
        Actor(dana), [proposal_of(propose(dana, draft(source, name)))]
    )
    (ends,) = shown.values()
    assert (ends.target, ends.opens_target) == (name, False)
    with pytest.raises(Http404):
        policies.create(actor=Actor(dana), draft=draft(source, name))


def test_a_reader_of_the_source_learns_no_proposed_target(dana, source, target):
    reader = make_user()
    grant(to=reader, on=source, level=AccessLevel.READ_ONLY)
    version = proposal_of(propose(dana, draft(source)))
    assert policies.shown(Actor(reader), [version])[version.pk].target == ""


def test_whoever_is_asked_learns_from_where(dana, quinn, source, target):
    version = proposal_of(propose(dana, draft(source)))
    shown = policies.shown(Actor(quinn), [version])[version.pk]
    assert (shown.source, shown.opens_source) == ("dev/website", False)


def test_only_admins_of_the_target_answer_for_it(dana, source, target):
    version = proposal_of(propose(dana, draft(source)))
    reader = make_user()
    grant(to=reader, on=target, level=AccessLevel.READ_WRITE)
    with pytest.raises(PermissionDenied):
        accept(reader, version)
    for user in (dana, make_user()):
        with pytest.raises(Http404):
            accept(user, version)
    assert fresh(version.policy).standing == Standing.PROPOSED


def test_a_target_without_a_repository_is_answered_for_by_its_namespace(
    dana, quinn, source, target
):
    policy = propose(dana, draft(source, "qa/later"))
    accept(quinn, proposal_of(policy))
    assert fresh(policy).standing == Standing.RUNNING


def test_a_change_by_the_source_waits_while_the_old_version_runs(
    dana, quinn, source, target
):
    policy = propose(dana, draft(source, rules=[tag_rule("ew", "-stable")]))
    accept(quinn, proposal_of(policy))
    changes = {"rules": [], "tag_template": "%n-%Y"}
    with pytest.raises(Http404):
        policies.update(actor=Actor(dana), policy=fresh(policy), changes=changes)
    policies.update(
        actor=Actor(dana), policy=fresh(policy), changes=changes, propose=True
    )
    assert promoted(source, "1.0-beta") == 0
    assert promoted(source, "1.0-stable") == 1

    changed = policies.difference(fresh(policy).shown_version, proposal_of(policy))
    assert [(one.field, one.removed, one.added) for one in changed] == [
        ("criteria", ('tag ends with "-stable"',), ("every tag",)),
        ("tag_template", ("%n",), ("%n-%Y",)),
    ]
    accept(quinn, proposal_of(policy))
    assert promoted(source, "1.1-beta") == 1


def test_declining_a_change_leaves_what_runs(dana, quinn, source, target):
    policy = propose(dana, draft(source))
    accept(quinn, proposal_of(policy))
    policies.update(
        actor=Actor(dana),
        policy=fresh(policy),
        changes={"zone": "Asia/Tokyo"},
        propose=True,
    )
    version = proposal_of(policy)
    policies.decline(actor=Actor(quinn), version=version, side="target", comment="No.")
    assert fresh(policy).standing == Standing.RUNNING
    assert version.consents.get(side="target").comment == "No."
    accept(quinn, version)
    assert fresh(policy).current_version == version


def test_a_declined_proposal_says_so(dana, quinn, source, target):
    policy = propose(dana, draft(source))
    version = proposal_of(policy)
    policies.decline(actor=Actor(quinn), version=version, side="target")
    assert fresh(policy).standing == Standing.DECLINED
    assert not PromotionPolicy.objects.waiting_for(Actor(quinn)).exists()


@pytest.mark.parametrize("side", ["source", "target"])
def test_either_side_withdraws_and_agrees_again(dana, quinn, source, target, side):
    policy = propose(dana, draft(source))
    accept(quinn, proposal_of(policy))
    version, who = fresh(policy).shown_version, {"source": dana, "target": quinn}
    pending = Promotion.objects.get(pk=pushed(source, "1.0"))

    policies.withdraw(actor=Actor(who[side]), version=version, side=side)

    assert fresh(policy).standing == Standing.WITHDRAWN
    assert promoted(source, "1.1") == 0
    assert claim(load(pending.pk)) is None
    pending.refresh_from_db()
    assert (pending.state, pending.error_code) == ("skipped", "CONSENT_WITHDRAWN")
    assert who[side].username in pending.reason
    policies.accept(actor=Actor(who[side]), version=version, side=side)
    assert promoted(source, "1.2") == 1


def pushed(source: Repository, tag: str) -> int:
    move = make_tag(repository=source, name=tag).current_move
    (promotion_id,) = evaluate_move(move_id=move.pk)
    return promotion_id


def test_consent_is_bound_to_the_version_looked_at(dana, quinn, source, target):
    policy = propose(dana, draft(source))
    seen = proposal_of(policy)
    policies.update(
        actor=Actor(dana),
        policy=fresh(policy),
        changes={"tag_template": "%Y"},
        propose=True,
    )
    with pytest.raises(ValidationError, match="was changed since"):
        accept(quinn, seen)
    assert fresh(policy).standing == Standing.PROPOSED


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (policies.accept, "has agreed already"),
        (policies.decline, "withdraw the consent instead"),
    ],
)
def test_what_was_agreed_to_is_only_withdrawn(
    dana, quinn, source, target, answer, sentence
):
    policy = propose(dana, draft(source))
    accept(quinn, proposal_of(policy))
    version = fresh(policy).current_version
    with pytest.raises(ValidationError, match=sentence):
        answer(actor=Actor(quinn), version=version, side="target")


def test_save_and_apply_of_a_proposal_happens_when_it_is_accepted(
    dana, quinn, source, target
):
    policy = propose(dana, draft(source), apply=True)
    assert fresh(policy).apply_wanted_at is None
    assert accept(quinn, proposal_of(policy)).apply_wanted_at is not None


def test_a_loop_is_found_when_the_proposal_is_accepted(dana, quinn, source, target):
    make_policy(source=target, target=source)
    policy = propose(dana, draft(source))
    with pytest.raises(ValidationError, match="would loop"):
        accept(quinn, proposal_of(policy))
    assert fresh(policy).standing == Standing.PROPOSED


def test_proposals_are_rationed(dana, source, target, settings):
    settings.PROPOSALS_PER_HOUR = 2
    for number in range(2):
        propose(dana, draft(source, f"qa/website{number}"))
    with pytest.raises(RateLimited, match="2 policies within an hour"):
        propose(dana, draft(source))
    grant(to=dana, on=target, level=AccessLevel.ADMIN)
    assert propose(dana, draft(source)).standing == Standing.RUNNING


def test_a_proposal_is_taken_back(dana, quinn, source, target):
    policy = propose(dana, draft(source))
    accept(quinn, proposal_of(policy))
    running = fresh(policy).current_version
    changes = {"tag_template": "%Y"}
    policies.update(
        actor=Actor(dana), policy=fresh(policy), changes=changes, propose=True
    )
    with pytest.raises(Http404):
        policies.retract(actor=Actor(quinn), policy=fresh(policy))
    policies.retract(actor=Actor(dana), policy=fresh(policy))
    policy = fresh(policy)
    assert (policy.current_version, policy.proposed_version) == (running, None)
    assert policy.deleted_at is None


def test_taking_back_what_never_ran_deletes_it(dana, quinn, source, target):
    policy = propose(dana, draft(source))
    version = proposal_of(policy)
    policies.retract(actor=Actor(dana), policy=fresh(policy))
    assert fresh(policy).deleted_at is not None
    with pytest.raises(ValidationError, match="was deleted"):
        accept(quinn, version)


def test_the_target_is_found_by_who_can_answer(dana, quinn, source, target):
    policy = propose(dana, draft(source))
    assert list(PromotionPolicy.objects.waiting_for(Actor(quinn))) == [policy]
    assert not PromotionPolicy.objects.waiting_for(Actor(dana)).exists()
    accept(quinn, proposal_of(policy))
    assert not PromotionPolicy.objects.waiting_for(Actor(quinn)).exists()


def test_a_proposal_its_source_withdrew_from_asks_nobody(dana, quinn, source, target):
    version = proposal_of(propose(dana, draft(source)))
    policies.withdraw(actor=Actor(dana), version=version, side="source")
    assert not PromotionPolicy.objects.waiting_for(Actor(quinn)).exists()
    accept(quinn, version)
    assert fresh(version.policy).standing == Standing.PROPOSED
    policies.accept(actor=Actor(dana), version=version, side="source")
    assert fresh(version.policy).standing == Standing.RUNNING


def test_the_source_switches_its_policy_without_asking_again(
    dana, quinn, source, target
):
    policy = propose(dana, draft(source))
    accept(quinn, proposal_of(policy))
    for enabled in (False, True):
        policies.update(
            actor=Actor(dana), policy=fresh(policy), changes={}, enabled=enabled
        )
        assert fresh(policy).enabled is enabled
    policies.update(actor=Actor(quinn), policy=fresh(policy), changes={}, enabled=False)
    with pytest.raises(Http404):
        policies.update(
            actor=Actor(quinn), policy=fresh(policy), changes={}, enabled=True
        )


def test_people_who_leave_stop_nothing(dana, quinn, source, target):
    policy = propose(dana, draft(source))
    accept(quinn, proposal_of(policy))
    for user in (dana, quinn):
        user.is_active = False
        user.save()
    assert promoted(source, "1.0") == 1


def test_answers_are_recorded_for_the_targets_namespace(dana, quinn, source, target):
    policy = propose(dana, draft(source))
    accept(quinn, proposal_of(policy), comment="Fine.")
    entry = AuditEvent.objects.latest("id")
    assert (entry.actor, entry.action) == ("quinn", "accept")
    assert entry.namespace_uuid == target.namespace.uuid
    assert entry.after == {"version": 1, "side": "target", "comment": "Fine."}


def test_a_setting_keeps_proposals_to_administrators(dana, source, target, settings):
    settings.POLICY_EDITORS = "administrators"
    with pytest.raises(PermissionDenied, match="administrator"):
        propose(dana, draft(source))


def test_a_namespace_made_since_answers_for_its_name(dana, source):
    policy = propose(dana, draft(source, "later/website"))
    olga, root = make_user(), make_user(is_superuser=True)
    accept(root, proposal_of(policy))
    make_organization(name="later", owner=olga)
    assert list(
        PromotionPolicy.objects.of_target(make_repository(name="later/website"))
    )
    policies.withdraw(
        actor=Actor(olga), version=fresh(policy).shown_version, side="target"
    )
    assert fresh(policy).standing == Standing.WITHDRAWN

    second = propose(dana, draft(source, "later/other"))
    third = propose(dana, draft(source, "latest/other"))
    make_organization(name="latest")
    assert list(PromotionPolicy.objects.waiting_for(Actor(olga))) == [second]
    assert fresh(third).standing == Standing.PROPOSED
