"""Exported, wiped and applied, policies are what they were and decide alike."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Namespace
from promotions.models import PolicyVersion, PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies, policy_files
from promotions.services.evaluate import decide
from promotions.services.policies.draft import CHOSEN
from promotions.services.policy_files import Action, Scope
from promotions.services.policy_files.shape import FIELDS
from repositories.models import Repository, TagMove
from tests.factories import (
    make_manifest,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
    tag_rule,
)
from tests.promotions.drafts import drafts
from tests.promotions.policy_files.conftest import DEV, STABLE, a_file

EVERYTHING = Scope(("dev", "qa"), is_global=True)
COUNT = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
LICENSE = {"field": "license.name", "operator": "noo", "values": ["GPL-3.0-only"]}


def named(name: str) -> Repository:
    return Repository.objects.named(name).get()


@pytest.fixture
def every_kind(root: Any) -> None:
    """A policy of each scope, one with every choice other than its default."""
    source, target = named("dev/website"), named("qa/website")
    make_policy(source=source, target=target, rules=[tag_rule("ew", "-stable")])
    make_policy(
        source=source,
        target=target,
        tag_template="%{1}-x",
        enabled=False,
        rules=[{"any": [COUNT, LICENSE]}, tag_rule("matches", r"^v(\d+)")],
        zone="Asia/Kathmandu",
        on_moved_tag="every_push",
        on_conflict="keep_both",
        unscored="ignore",
        unlicensed="ignore",
        allow_unscannable=True,
        origins=["ci: nightly", "0815"],
        exceptions_of="target",
        allow_public_target=True,
        allow_cycle=True,
    )
    make_policy(source=source, target=target, tag_template="fixed")
    for namespace, pattern in (("dev", "dev/**"), ("", "d*/a*")):
        draft = policies.Draft(
            source=RepositoryPattern(pattern),
            namespace=Namespace.objects.filter(name=namespace).first(),
            target="qa/{repository}",
            tag_template="%n-{}".format(namespace or "all"),
            rules=[LICENSE],
        )
        policies.create(actor=root.actor, draft=draft)


def content_of(policy: PromotionPolicy) -> dict[str, Any]:
    version = policy.shown_version
    chosen = {name: getattr(version, name) for name in (*CHOSEN, "allow_cycle")}
    more = {"enabled": policy.enabled, "scope": policy.scope, "key": policy.key}
    return {**chosen, **more, "source": version.source, "target": version.target}


def contents() -> list[dict[str, Any]]:
    kept = PromotionPolicy.objects.kept()
    return sorted(map(content_of, kept), key=lambda one: str(one["key"]))


def wipe(desk: Any) -> None:
    for policy in PromotionPolicy.objects.kept():
        policies.release(actor=desk.actor, policy=policy)
        policies.delete(actor=desk.actor, policy=policy)


def moves() -> list[TagMove]:
    """Pushes of images with and without scans, of which some are clean."""
    source = named("dev/website")
    for number, tag in enumerate(["1-stable", "v2", "v3-stable", "latest"]):
        image = make_manifest(repository=source, content=tag)
        if number:
            scores = {"CVE-1": 9.8} if number == 1 else {"CVE-2": None}
            make_scan(
                manifest=image,
                vulnerabilities=scores,
                components={"zlib": "Zlib" if number > 2 else "GPL-3.0-only"},
            )
        make_tag(repository=source, name=tag, manifest=image)
    return list(TagMove.objects.order_by("pk"))


def verdicts(found: list[TagMove]) -> dict[tuple[str, int], Any]:
    versions = PolicyVersion.objects.filter(policy__deleted_at=None)
    rows = list(versions.select_related("policy").order_by("pk"))
    return {
        (one.version.policy.key, move.pk): (
            one.explained().result,
            one.explained().groups,
            [outcome.sentence for outcome in one.explained().outcomes],
        )
        for move in found
        for one in decide(rows, move)
    }


def test_wiped_and_applied_policies_are_what_they_were(root, every_kind):
    content, before = root.export(EVERYTHING), contents()
    assert len(before) == 5
    wipe(root)
    root.apply(content)
    assert contents() == before
    assert root.export(EVERYTHING) == content


def test_wiped_and_applied_policies_decide_alike(root, every_kind):
    found = moves()
    content = root.export(EVERYTHING)
    before = verdicts(found)
    assert {result for result, *_ in before.values()} == {
        "matched",
        "not_matched",
        "waiting",
    }
    wipe(root)
    assert verdicts(found) == {}
    root.apply(content)
    assert verdicts(found) == before


def test_what_is_there_is_taken_over_and_exported_alike(root, every_kind):
    content = root.export(EVERYTHING)
    versions = PolicyVersion.objects.count()
    steps = root.apply(content).plan.steps
    assert {one.action for one in steps} == {Action.UPDATE}
    assert PolicyVersion.objects.count() == versions
    assert root.export(EVERYTHING) == content


def test_keys_are_made_of_what_a_policy_does_and_stay(root, every_kind):
    root.export(EVERYTHING)
    keys = set(PromotionPolicy.objects.values_list("key", flat=True))
    assert {"website-to-qa-website", "all-to-qa-repository"} <= keys
    assert len(keys) == 5
    policy = PromotionPolicy.objects.kept().get(key="website-to-qa-website")
    policies.update(actor=root.actor, policy=policy, changes={"target": "qa/app"})
    assert "key: website-to-qa-website\n" in root.export(EVERYTHING)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=drafts(), origins=st.lists(st.text(max_size=20), max_size=3))
def test_any_draft_survives(content, origins, root):
    origins = [one.replace("\0", "").strip() or "x" for one in origins]
    origins = [one.encode(errors="replace").decode() for one in origins]
    draft = policies.Draft(
        source=named("dev/app"), target="qa/app", **content, origins=origins
    )
    made = policies.create(actor=root.actor, draft=draft)
    exported = root.export(DEV)
    wanted = content_of(PromotionPolicy.objects.get(pk=made.pk))
    wipe(root)
    root.apply(exported)
    assert contents() == [wanted]
    wipe(root)


def test_a_file_can_say_all_that_a_version_holds():
    given = {"policy", "number", "source_repository", "source_pattern", "created_by"}
    given |= {"target_namespace", "target_name", "target_pattern"}
    given |= {"initial_evaluation", "was_proposed", "id", "uuid", "created_at"}
    columns = {one.name for one in PolicyVersion._meta.concrete_fields}
    assert columns - given == set(FIELDS.values())


def test_what_no_file_could_hold_is_not_exported(root, every_kind, monkeypatch):
    path = "promotions.services.policy_files.exporting.MAX_POLICIES"
    monkeypatch.setattr(path, 4)
    with pytest.raises(ValidationError, match="export fewer namespaces"):
        root.export(EVERYTHING)
    assert root.export(Scope((), is_global=True))


# --- Who may export what ------------------------------------------------------------


def test_only_who_administers_a_namespace_exports_it(olga, ada):
    with pytest.raises(Http404):
        olga.export(Scope(("qa",)))
    with pytest.raises(PermissionDenied):
        ada.export(EVERYTHING)


def test_everything_is_what_somebody_administers(olga, root, every_kind):
    assert policy_files.everything(olga.actor) == Scope(("dev",))
    assert policy_files.everything(root.actor) == Scope(("dev",), is_global=True)


def test_whither_a_policy_goes_is_not_exported_to_who_may_not_know(olga, ada):
    make_policy(source=named("dev/website"), target=named("qa/website"))
    content = olga.export()
    assert "qa" not in content
    assert "hidden from you: 1" in content
    assert "qa/website" in ada.export()


def test_who_does_not_speak_for_the_target_gets_a_file_that_proposes(olga, ada):
    public = make_repository(name="qa/open", visibility="public")
    make_policy(source=named("dev/website"), target=public, allow_public_target=True)
    assert "propose: true" in olga.export()
    assert "propose" not in ada.export()


def test_an_export_costs_no_more_for_more_policies(ada):
    counts = []
    for number in (2, 9):
        names = range(number)
        made = [{**STABLE, "key": f"k{n}", "tagTemplate": f"%n-{n}"} for n in names]
        ada.apply(a_file(*made))
        with CaptureQueriesContext(connection) as asked:
            exported = ada.export()
        assert exported.count("tagTemplate") == number
        assert "propose" not in exported
        counts.append(len(asked))
    assert counts[0] == counts[1]
