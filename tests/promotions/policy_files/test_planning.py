"""What a plan says, and what an apply does of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts.models import AuditEvent
from promotions.models import PolicyVersion, PromotionPolicy
from promotions.services import policies, policy_files
from promotions.services.policy_files import Action, Options, StalePlan, told
from repositories.models import Repository
from tests.factories import make_policy, make_repository, make_tag
from tests.promotions.policy_files.conftest import STABLE, a_file, policy

LATEST = {**STABLE, "key": "latest", "tagTemplate": "latest"}
ALL = {
    "key": "all",
    "sourcePattern": "dev/**",
    "targetRepository": "qa/{repository}",
    "tagTemplate": "%n-all",
}


def named(name: str) -> Repository:
    return Repository.objects.named(name).get()


def test_a_plan_writes_nothing(ada):
    made = ada.plan(a_file(STABLE, ALL))
    assert [(one.action, one.key) for one in made.steps] == [
        (Action.CREATE, "all"),
        (Action.CREATE, "stable"),
    ]
    assert made.objections == []
    assert [one.uuid for one in made.steps] == [None, None]
    assert not PromotionPolicy.objects.exists()
    assert not PolicyVersion.objects.exists()
    written = AuditEvent.objects.filter(object_type="promotions.PromotionPolicy")
    assert not written.exists()


def test_an_apply_makes_the_policies_and_says_who_owns_them(ada):
    applied = ada.apply(a_file(STABLE, ALL))
    made = policy("stable")
    assert (made.managed_by, made.managed_for) == ("team", ada.user)
    assert made.standing == "running"
    assert str(made) == "dev/website → qa/website"
    assert policy("all").scope == "namespace"
    assert set(applied.to_evaluate) == {made.pk, policy("all").pk}
    assert {one.uuid for one in applied.plan.steps} == {made.uuid, policy("all").uuid}


def test_without_evaluation_no_tag_that_exists_is_looked_at(ada):
    make_tag(repository=named("dev/website"), name="1-stable")
    assert ada.apply(a_file(STABLE), evaluate=False).to_evaluate == ()
    assert policy().apply_wanted_at is None


def test_the_same_file_again_changes_nothing(ada):
    ada.apply(a_file(STABLE, ALL))
    versions = PolicyVersion.objects.count()
    applied = ada.apply(a_file(STABLE, ALL))
    assert {one.action for one in applied.plan.steps} == {Action.UNCHANGED}
    assert PolicyVersion.objects.count() == versions
    assert applied.to_evaluate == ()


def test_a_change_is_shown_field_by_field_and_makes_a_version(ada):
    ada.apply(a_file(STABLE))
    changed = {**STABLE, "tagTemplate": "%n-qa", "zone": "Europe/Berlin"}
    step = ada.step(a_file(changed))
    shown = {one.field: (one.removed, one.added) for one in step.changes}
    assert shown == {
        "tag_template": (("%n",), ("%n-qa",)),
        "zone": (("UTC",), ("Europe/Berlin",)),
    }
    ada.apply(a_file(changed))
    assert policy().shown_version.number == 2
    assert policy().shown_version.tag_template == "%n-qa"


def test_what_the_file_has_no_more_stays_until_it_is_pruned(ada):
    ada.apply(a_file(STABLE, LATEST))
    without = a_file(STABLE)
    assert [one.action for one in ada.plan(without).steps] == ["kept", "unchanged"]
    ada.apply(without)
    assert policy("latest").managed_by == "team"
    ada.apply(without, prune=True)
    assert not PromotionPolicy.objects.kept().filter(key="latest").exists()


def test_pruning_deletes_no_more_than_it_may(ada):
    ada.apply(a_file(STABLE, LATEST))
    nothing = a_file()
    with pytest.raises(ValidationError, match="delete 2 policies, and at most 1"):
        ada.apply(nothing, prune=True, max_deletes=1)
    assert PromotionPolicy.objects.kept().count() == 2
    ada.apply(nothing, prune=True, max_deletes=2)
    assert PromotionPolicy.objects.kept().count() == 0


def test_pruning_leaves_what_people_and_other_files_made(ada):
    by_hand = make_policy(source=named("dev/website"), target=named("qa/website"))
    ada.apply(a_file({**STABLE, "key": "other"}, name="others"))
    ada.apply(a_file(STABLE))
    assert [one.key for one in ada.plan(a_file(), prune=True).steps] == ["stable"]
    ada.apply(a_file(), prune=True)
    kept = PromotionPolicy.objects.kept()
    assert set(kept.values_list("pk", flat=True)) == {by_hand.pk, policy("other").pk}


def test_nothing_outside_the_scope_is_touched(ada):
    back = {
        **STABLE,
        "sourceRepository": "qa/website",
        "targetRepository": "dev/app",
    }
    both = {"namespaces": ["dev", "qa"]}
    ada.apply(a_file(STABLE, back, scope=both))
    assert PromotionPolicy.objects.kept().filter(key="stable").count() == 2
    ada.apply(a_file(), prune=True)
    left = PromotionPolicy.objects.kept().get()
    assert str(left) == "qa/website → dev/app"


def test_a_policy_made_by_hand_is_taken_over_by_its_key(ada):
    made = make_policy(source=named("dev/website"), target=named("qa/website"))
    ada.export()
    made.refresh_from_db()
    entry = {**STABLE, "key": made.key, "rules": []}
    step = ada.step(a_file(entry))
    assert [one.field for one in step.changes] == ["managedBy"]
    ada.apply(a_file(entry))
    made.refresh_from_db()
    assert (made.managed_by, made.versions.count()) == ("team", 1)
    assert AuditEvent.objects.filter(action="manage", object_uuid=made.uuid).exists()


def test_a_policy_that_another_file_owns_is_refused(ada):
    ada.apply(a_file(STABLE, name="first"))
    assert "The file “first” owns" in ada.step(a_file(STABLE, name="second")).refusal


def test_a_policy_keeps_its_source(ada):
    ada.apply(a_file(STABLE))
    for change in ({"sourceRepository": "dev/app"}, {"sourcePattern": "dev/*"}):
        entry = {name: said for name, said in STABLE.items() if "source" not in name}
        step = ada.step(a_file(entry | change))
        assert "A policy keeps its source" in step.refusal


def test_one_refusal_keeps_all_from_being_applied(ada):
    wrong = {**LATEST, "targetRepository": "qa/nowhere"}
    with pytest.raises(ValidationError, match="qa/nowhere"):
        ada.apply(a_file(STABLE, wrong))
    assert not PromotionPolicy.objects.exists()


def test_policies_of_one_file_that_loop_are_refused(ada):
    back = {"sourceRepository": "qa/website", "targetRepository": "dev/website"}
    content = a_file(
        {**STABLE, "rules": []},
        {**STABLE, **back, "rules": []},
        scope={"namespaces": ["dev", "qa"]},
    )
    made = ada.plan(content)
    assert any("This would loop" in one for one in made.objections)


def test_a_policy_that_is_turned_round_needs_no_two_applies(ada):
    first = {**STABLE, "rules": [], "key": "there"}
    ends = {"sourceRepository": "qa/website", "targetRepository": "dev/website"}
    back = {**STABLE, "rules": [], **ends, "key": "back"}
    both = {"namespaces": ["dev", "qa"]}
    ada.apply(a_file(first, scope=both))
    ada.apply(a_file(back, scope=both), prune=True)
    (left,) = PromotionPolicy.objects.kept()
    assert left.key == "back"


# --- Fingerprints ------------------------------------------------------------------


def stale(desk: Any, content: str, fingerprint: str, **options: Any) -> bool:
    try:
        policy_files.apply(
            actor=desk.actor,
            content=content,
            options=Options(**options),
            expected=fingerprint,
        )
    except StalePlan:
        return True
    return False


def test_a_plan_holds_for_its_file_and_its_options(ada):
    made = ada.plan(a_file(STABLE))
    assert stale(ada, a_file(STABLE, LATEST), made.fingerprint)
    assert stale(ada, a_file(STABLE), made.fingerprint, prune=True)
    assert stale(ada, a_file(STABLE), "")
    assert not PromotionPolicy.objects.exists()
    assert not stale(ada, a_file(STABLE), made.fingerprint)


def test_a_plan_is_over_once_a_policy_in_its_scope_changed(ada):
    ada.apply(a_file(STABLE))
    made = ada.plan(a_file(STABLE, LATEST))
    policies.update(actor=ada.actor, policy=policy(), changes={}, enabled=False)
    assert stale(ada, a_file(STABLE, LATEST), made.fingerprint)


def test_a_plan_is_over_once_it_was_applied(ada):
    made = ada.plan(a_file(STABLE))
    assert not stale(ada, a_file(STABLE), made.fingerprint)
    assert stale(ada, a_file(STABLE), made.fingerprint)


def test_a_plan_holds_while_policies_elsewhere_change(ada, root):
    made = ada.plan(a_file(STABLE))
    make_policy(source=named("qa/website"), target=named("qa/app"))
    assert not stale(ada, a_file(STABLE), made.fingerprint)


# --- Drift -------------------------------------------------------------------------


def test_what_somebody_switched_off_stays_off_and_is_shown_as_drift(ada):
    ada.apply(a_file(STABLE))
    policies.update(actor=ada.actor, policy=policy(), changes={}, enabled=False)
    step = ada.step(a_file(STABLE))
    assert step.action == Action.DRIFT
    assert "Somebody switched it off" in step.notes[0]
    ada.apply(a_file({**STABLE, "tagTemplate": "%n-x"}))
    assert not policy().enabled
    ada.apply(a_file({**STABLE, "tagTemplate": "%n-x"}), restore=True)
    assert policy().enabled


def test_what_the_file_itself_switches_is_no_drift(ada):
    ada.apply(a_file(STABLE))
    step = ada.step(a_file({**STABLE, "enabled": False}))
    assert [one.field for one in step.changes] == ["enabled"]
    ada.apply(a_file({**STABLE, "enabled": False}))
    assert not policy().enabled


def test_a_consent_that_was_withdrawn_shows_as_drift(ada):
    ada.apply(a_file(STABLE))
    version = policy().shown_version
    policies.withdraw(actor=ada.actor, version=version, side="target")
    step = ada.step(a_file(STABLE))
    assert (step.action, len(step.notes)) == (Action.DRIFT, 1)


# --- Rights ------------------------------------------------------------------------


def test_who_does_not_administer_the_namespace_cannot_use_it_as_a_scope(olga, ada):
    foreign = a_file(scope={"namespaces": ["qa"]})
    absent = a_file(scope={"namespaces": ["none"]})
    sentences = []
    for content in (foreign, absent):
        with pytest.raises(Http404) as refused:
            olga.plan(content)
        sentences.append(str(refused.value).partition(": ")[2])
    assert sentences[0] == sentences[1]


def test_a_reader_of_the_namespace_is_told_what_is_missing(olga):
    make_repository(name="qa/open", visibility="public")
    with pytest.raises((PermissionDenied, Http404)):
        olga.plan(a_file(scope={"namespaces": ["qa"]}))


def test_a_global_scope_is_for_administrators(ada, root):
    entry = {**ALL, "global": True, "sourcePattern": "d*/app"}
    content = a_file(entry, scope={"global": True})
    with pytest.raises(PermissionDenied):
        ada.plan(content)
    root.apply(content)
    assert policy("all").scope == "global"
    assert root.step(content).action == Action.UNCHANGED


def test_a_loop_is_allowed_by_administrators_only(ada, root):
    content = a_file({**STABLE, "allowCycle": True})
    assert "Only an administrator" in ada.step(content).refusal
    root.apply(content)
    assert root.step(content).action == Action.UNCHANGED


def test_a_target_that_is_hidden_reads_as_one_that_is_absent(olga):
    hidden = olga.step(a_file(STABLE)).refusal
    absent = olga.step(a_file({**STABLE, "targetRepository": "qa/none"})).refusal
    assert hidden.replace("qa/website", "") == absent.replace("qa/none", "")
    assert not PromotionPolicy.objects.exists()


def test_what_is_proposed_waits_for_the_target(olga, ada):
    content = a_file({**STABLE, "propose": True})
    applied = olga.apply(content)
    assert "waits for an answer" in applied.plan.steps[0].notes[0]
    assert policy().standing == "proposed"
    step = olga.step(content)
    assert (step.action, len(step.notes)) == (Action.UNCHANGED, 1)
    version = policy().shown_version
    policies.accept(actor=ada.actor, version=version, side="target")
    assert policy().standing == "running"
    assert olga.step(content).action == Action.UNCHANGED


def test_a_proposal_that_the_file_took_back_is_taken_back(olga, ada):
    content = a_file({**STABLE, "propose": True})
    olga.apply(content)
    policies.accept(actor=ada.actor, version=policy().shown_version, side="target")
    olga.apply(a_file({**STABLE, "propose": True, "tagTemplate": "%n-x"}))
    assert policy().proposed_version is not None
    olga.apply(content)
    assert policy().proposed_version is None
    assert policy().shown_version.tag_template == "%n"
    assert policy().managed_by == "team"


def test_whither_a_policy_goes_is_not_found_out_by_guessing(olga, ada):
    ada.apply(a_file(STABLE))
    right = olga.step(a_file({**STABLE, "propose": True}))
    wrong = olga.step(a_file({**STABLE, "propose": True, "targetRepository": "qa/x"}))
    assert right.refusal == wrong.refusal
    assert "where you may not look" in right.refusal
    left = olga.step(a_file())
    assert "qa" not in left.ends


def test_a_plan_is_told_in_lines_that_do_not_steer_a_terminal(ada):
    ada.apply(a_file(STABLE))
    origins = {"origins": ["\x1b[2Jci"]}
    lines = list(told(ada.plan(a_file({**STABLE, **origins}))))
    assert any(line.startswith("~ update") for line in lines)
    assert all(line.isprintable() for line in lines)


def test_who_may_not_make_policies_here_makes_none_by_a_file(ada, root, settings):
    settings.POLICY_EDITORS = "administrators"
    assert "Only an administrator" in ada.step(a_file(STABLE)).refusal
    assert root.step(a_file(STABLE)).refusal == ""


def test_proposals_by_a_file_are_counted_as_any(olga, settings):
    settings.PROPOSALS_PER_HOUR = 1
    made = olga.plan(a_file({**STABLE, "propose": True}, {**LATEST, "propose": True}))
    assert len(made.objections) == 1
    assert "go on later" in made.objections[0]
