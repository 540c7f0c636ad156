"""Comparing both sides, and switching on what was on there."""

from __future__ import annotations

import json

import pytest
from django.core.management.base import CommandError

from accounts.access import Action, Actor
from accounts.models import User
from accounts.permissions import check
from accounts.services import access_tokens
from promotions.models import (
    Evaluation,
    ImportedObject,
    PromotionPolicy,
    Standing,
)
from promotions.services import policies
from promotions.services.evaluate import evaluate_move
from repositories.models import Repository, Tag
from repositories.permissions import open_to_docker
from tests.factories import make_manifest, make_repository, make_tag
from tests.importing.fake_msr import policy, rule

pytestmark = pytest.mark.django_db
STABLE = policy("p", "dev/app", "qa/app", rule("tag", "ew", "-stable"))


def the_policy() -> PromotionPolicy:
    return PromotionPolicy.objects.kept().with_consents().get()


def app() -> Repository:
    return Repository.objects.named("dev/app").get()


@pytest.fixture
def imported(msr, import_msr):
    """One policy, from dev/app to qa/app, that was on there."""
    msr.policies = [STABLE]
    import_msr()
    return msr


def switched_on(import_msr, namespace: str = "dev", **options) -> str:
    said: str = import_msr(phase="switch-on", namespace=[namespace], **options)
    return said


def test_both_sides_are_compared(imported, import_msr, tmp_path) -> None:
    same, moved = (make_manifest(repository=app()) for _ in range(2))
    make_tag(repository=app(), name="1-stable", manifest=same)
    make_tag(repository=app(), name="2", manifest=moved)
    make_tag(repository=app(), name="mine", manifest=moved)
    imported.tags["dev/app"] = [
        {"name": "1-stable", "digest": same.digest},
        {"name": "2", "digest": same.digest},
        {"name": "3", "manifest": {"digest": same.digest}},
    ]
    file = tmp_path / "compared.json"

    said = import_msr("--report", str(file), phase="compare", namespace=["dev"])

    found = json.loads(file.read_text())
    rows = {row["name"]: row for row in found["repositories"]}
    assert rows["dev/app"] == {
        "name": "dev/app",
        "same": 1,
        "different": ["2"],
        "only_there": ["3"],
        "only_here": ["mine"],
        "problem": "",
    }
    (compared,) = found["policies"]
    assert compared["was_enabled"] is True
    assert (compared["effects"]["promoted"], compared["effects"]["stays"]) == (1, 2)
    assert "policy dev/app → qa/app (on there): 1 promoted, 2 stays" in said
    assert not Evaluation.objects.exists()


def test_comparing_says_what_is_gone(imported, import_msr, tmp_path) -> None:
    imported.instead["/api/v0/repositories/dev/app/tags"] = lambda handler: (
        handler.reply(404)
    )
    said = import_msr(phase="compare")
    assert "It is not there any more." in said


def test_comparing_needs_a_structure(import_msr) -> None:
    with pytest.raises(CommandError, match="run the phase structure"):
        import_msr(phase="compare")


def test_switching_on_agrees_for_both_ends_and_says_so(imported, import_msr) -> None:
    before = make_tag(repository=app(), name="1-stable")

    said = switched_on(import_msr)

    found = the_policy()
    assert (found.enabled, found.standing) == (True, Standing.RUNNING)
    assert found.apply_wanted_at is None
    consents = found.shown_version.consents.order_by("side")
    assert [(one.side, str(one.decided_by)) for one in consents] == [
        ("source", "root"),
        ("target", "root"),
    ]
    assert all(imported.url in one.comment for one in consents)
    assert "1 switched on, 0 left off." in said
    evaluate_move(move_id=before.current_move_id)
    after = make_tag(repository=app(), name="2-stable")
    assert evaluate_move(move_id=after.current_move_id)


def test_tags_that_exist_are_looked_at_when_asked_for(imported, import_msr) -> None:
    switched_on(import_msr, apply=True)
    assert the_policy().apply_wanted_at is not None


def test_only_one_namespace_is_switched_on(imported, import_msr) -> None:
    assert "0 switched on" in switched_on(import_msr, "qa")
    assert not the_policy().enabled
    with pytest.raises(CommandError, match="--namespace"):
        import_msr(phase="switch-on")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"enabled": False}, "0 switched on, 0 left off"),
        ({"rules": [rule("tag", "resembles", "x")]}, "off: Rule 1"),
        ({"rules": [rule("component.name", "noo", "nowhere")]}, "off: No scan here"),
        ({"targetRepository": "other/app"}, "off: Its target other/app"),
    ],
)
def test_what_was_off_or_not_understood_stays_off(
    msr, import_msr, values, said
) -> None:
    msr.policies = [{**STABLE, **values}]
    import_msr()
    assert said in switched_on(import_msr)
    assert not PromotionPolicy.objects.live().exists()


def test_what_somebody_switched_off_since_stays_off(imported, import_msr, root) -> None:
    switched_on(import_msr)
    policies.switch(actor=root, policy=the_policy(), enabled=False)
    import_msr()
    switched_on(import_msr)
    assert not the_policy().enabled


def test_what_somebody_declined_or_changed_stays_off(
    imported, import_msr, root
) -> None:
    version = the_policy().shown_version
    policies.decline(actor=root, version=version, side="target")
    assert "Somebody answered for the target" in switched_on(import_msr)
    changes = {"rules": [rule("tag", "eq", "1")]}
    policies.update(actor=root, policy=the_policy(), changes=changes)
    assert "It was changed here since" in switched_on(import_msr)
    assert not the_policy().enabled


def test_a_target_that_was_deleted_since_keeps_it_off(
    imported, import_msr, root
) -> None:
    Repository.objects.named("qa/app").update(deleted_at="2026-01-01T00:00:00Z")
    assert "does not exist any more" in switched_on(import_msr)
    found = the_policy()
    assert not found.enabled
    assert not found.shown_version.consents.exists()


def test_who_copies_images_may_push_until_then(imported, import_msr) -> None:
    user = User.objects.get(username="msr-import")
    assert user.namespace is None
    assert not user.has_usable_password()
    assert app().namespace.user_grants.get(user=user).level == "read_write"
    switched_on(import_msr)
    assert not app().namespace.user_grants.exists()
    import_msr()
    assert not app().namespace.user_grants.exists()


def test_the_token_of_who_copies_pushes_there_and_nowhere_else(
    imported, import_msr, root
) -> None:
    other = make_repository(name="others/app")
    user = User.objects.get(username="msr-import")
    token = access_tokens.issue(actor=root, user=user, label="copy").row
    actor = Actor(user, token=token)
    assert app() in open_to_docker(actor, Action.PUSH)
    assert other not in open_to_docker(actor, Action.PUSH)
    assert not check(actor, Action.ADMIN, app())
    switched_on(import_msr)
    assert app() not in open_to_docker(actor, Action.PUSH)


def test_switching_on_asks_nobody_there(imported, import_msr) -> None:
    asked = len(imported.asked)
    switched_on(import_msr, user=None)
    assert len(imported.asked) == asked
    assert ImportedObject.objects.get(key="p").switched_on_at is not None
    assert not Tag.objects.exists()
