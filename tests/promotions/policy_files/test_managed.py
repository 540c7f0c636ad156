"""What a file owns is changed in the file; people may stop it all the same."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404

from accounts.models import AuditEvent, User
from promotions.models import PromotionPolicy
from promotions.services import policies
from tests.promotions.policy_files.conftest import STABLE, Desk, a_file, policy


@pytest.fixture
def managed(ada) -> PromotionPolicy:
    ada.apply(a_file(STABLE))
    return policy()


def test_it_is_neither_changed_nor_deleted_elsewhere(ada, managed):
    change = {"tag_template": "%n-x"}
    for work in (
        lambda: policies.update(actor=ada.actor, policy=managed, changes=change),
        lambda: policies.delete(actor=ada.actor, policy=managed),
        lambda: policies.retract(actor=ada.actor, policy=managed),
    ):
        with pytest.raises(PermissionDenied, match="The file “team” owns"):
            work()
    assert policy().shown_version.number == 1


def test_who_loaded_it_before_the_file_took_it_does_not_change_it(ada):
    ada.apply(a_file(STABLE))
    before = policy()
    policies.release(actor=ada.actor, policy=before)
    ada.apply(a_file(STABLE))
    change = {"tag_template": "%n-x"}
    with pytest.raises(ValidationError, match="meanwhile"):
        policies.update(actor=ada.actor, policy=before, changes=change)
    with pytest.raises(PermissionDenied):
        policies.delete(actor=ada.actor, policy=before)


def test_it_is_switched_off_and_on(ada, managed):
    policies.update(actor=ada.actor, policy=managed, changes={}, enabled=False)
    assert not policy().enabled
    policies.update(actor=ada.actor, policy=policy(), changes={}, enabled=True)
    assert policy().enabled


def test_released_it_is_changed_again_and_the_file_takes_it_back(ada, managed):
    policies.release(actor=ada.actor, policy=managed)
    released = policy()
    assert (released.managed_by, released.managed_at, released.key) == (
        "",
        None,
        "stable",
    )
    change = {"tag_template": "%n-x"}
    policies.update(actor=ada.actor, policy=released, changes=change)
    assert AuditEvent.objects.filter(action="release").count() == 1
    ada.apply(a_file(STABLE))
    assert policy().shown_version.tag_template == "%n"


def test_who_administers_the_target_alone_does_not_release_it(ada, managed):
    quentin = Desk(User.objects.get(username="quentin"))
    with pytest.raises(Http404):
        policies.release(actor=quentin.actor, policy=managed)
    assert policy().managed_by == "team"


def test_the_database_holds_keys_unique_and_marks_whole(ada, managed):
    other = {**STABLE, "key": "other"}
    ada.apply(a_file(STABLE, other))
    for columns in (
        {"key": "stable"},
        {"managed_by": ""},
        {"managed_at": None},
        {"key": ""},
    ):
        rows = PromotionPolicy.objects.filter(pk=policy("other").pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**columns)


def test_the_key_of_a_deleted_policy_is_free_again(ada, managed):
    ada.apply(a_file(), prune=True)
    ada.apply(a_file(STABLE))
    assert PromotionPolicy.objects.filter(key="stable").count() == 2


@pytest.mark.parametrize("editors", ["administrators", "own-namespace"])
def test_who_may_not_change_a_policy_takes_it_into_no_file(
    ada, root, settings, editors
):
    """Not even unchanged, or switched off: people could not change it any more."""
    root.apply(a_file(STABLE))
    policies.release(actor=root.actor, policy=policy())
    settings.POLICY_EDITORS = editors
    for entry in (STABLE, {**STABLE, "enabled": False}):
        assert ada.step(a_file(entry)).refusal
        with pytest.raises(ValidationError):
            ada.apply(a_file(entry))
    assert (policy().managed_by, policy().enabled) == ("", True)


def test_who_may_not_change_a_policy_prunes_none(ada, root, settings):
    root.apply(a_file(STABLE))
    settings.POLICY_EDITORS = "administrators"
    with pytest.raises(ValidationError):
        ada.apply(a_file(), prune=True)
    assert policy().managed_by == "team"
