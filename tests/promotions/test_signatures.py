"""Rules on signatures: waiting for one, whose key counts, and deciding again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import Actor
from promotions import tasks
from promotions.models import Decision, Evaluation, Promotion
from promotions.services import apply, evaluate, explain, reevaluate
from repositories.models import AttachmentNotice, Manifest, SigningKey
from repositories.services import attachments, manifests, signing_keys, tags
from tests import signing
from tests.factories import (
    make_attachment,
    make_index,
    make_manifest,
    make_policy,
    make_repository,
    make_signature,
    make_signing_key,
    make_tag,
    make_user,
)

if TYPE_CHECKING:
    from promotions.models import PromotionPolicy
    from repositories.models import Repository, Tag

pytestmark = pytest.mark.django_db

WAITING, MATCHED = Decision.Verdict.WAITING, Decision.Verdict.MATCHED
TASKS = (
    "evaluate_move",
    "reevaluate_move",
    "reevaluate_attachment",
    "reevaluate_key",
)


@pytest.fixture(autouse=True)
def messages(monkeypatch) -> dict[str, bool]:
    """Let every task run at once that evaluates, and none that copies."""
    lost = dict.fromkeys(TASKS, False)

    def sending(name: str) -> Any:
        task = getattr(tasks, name)

        def send(key: int, **_options: Any) -> None:
            if not lost[name]:
                task(key)

        return send

    for name in TASKS:
        send = sending(name)
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "delay", send)
        monkeypatch.setattr(
            task, "apply_async", lambda args, send=send, **_options: send(*args)
        )
    monkeypatch.setattr(tasks.run_promotion, "delay", lambda _key: None)
    monkeypatch.setattr("repositories.tasks.transaction.on_commit", lambda send: send())
    return lost


@pytest.fixture
def source() -> Repository:
    return make_repository(name="dev/website")


@pytest.fixture
def target() -> Repository:
    return make_repository(name="qa/website")


@pytest.fixture
def release() -> signing.PrivateKey:
    """The private half of the key that rules call qa/release."""
    private = signing.new_key()
    make_repository(name="qa/any")
    make_signing_key(reference="qa/release", private=private)
    return private


def wants(*names: str, operator: str = "oo") -> list[dict[str, Any]]:
    return [{"field": "signature", "operator": operator, "values": list(names)}]


def push(source: Repository, **values: Any) -> Tag:
    return make_tag(repository=source, **values)


def verdicts(tag: Tag) -> list[str]:
    rows = Decision.objects.filter(tag_move=tag.current_move)
    return list(rows.order_by("id").values_list("verdict", flat=True))


def sentence(policy: PromotionPolicy, tag: Tag) -> str:
    assert policy.current_version is not None
    found = explain.explain(version=policy.current_version, move=tag.current_move)
    return found.outcomes[0].sentence


# --- waiting, and whose signature it is -------------------------------------------


@pytest.mark.parametrize("way", ["tag", "subject"])
def test_an_image_waits_for_its_signature_and_is_then_promoted(
    source, target, release, way
):
    make_policy(source=source, target=target, rules=wants("qa/release"))
    tag = push(source)
    waiting = Decision.objects.get()
    assert waiting.verdict == WAITING
    assert (
        'no signature by "qa/release" was verified yet'
        in (waiting.outcomes[0]["sentence"])
    )
    assert not Promotion.objects.exists()

    make_signature(repository=source, image=tag.manifest, by=release, way=way)

    decision = Decision.objects.get()
    assert (decision.verdict, decision.tag_move) == (MATCHED, tag.current_move)
    assert decision.evidence_version != waiting.evidence_version
    assert decision.outcomes[0]["seen"] == "qa/release"
    assert Promotion.objects.get().decision == decision


def test_a_signature_may_be_there_before_the_tag(source, target, release):
    make_policy(source=source, target=target, rules=wants("qa/release"))
    image = make_manifest(repository=source)
    make_signature(repository=source, image=image, by=release)
    push(source, manifest=image)
    assert Promotion.objects.exists()


def test_another_tenants_key_of_the_same_name_does_not_count(source, target, release):
    theirs = signing.new_key()
    make_signing_key(reference="dev/release", private=theirs)
    policy = make_policy(source=source, target=target, rules=wants("qa/release"))
    tag = push(source)
    make_signature(repository=source, image=tag.manifest, by=theirs)
    assert verdicts(tag) == [WAITING]
    assert "qa/release" in sentence(policy, tag)


def test_the_registrys_key_is_called_by_its_name_alone(source, target, release):
    everywhere = signing.new_key()
    make_signing_key(reference="release", private=everywhere)
    make_policy(source=source, target=target, rules=wants("release"))
    tag = push(source)
    make_signature(repository=source, image=tag.manifest, by=release)
    assert verdicts(tag) == [WAITING]
    make_signature(repository=source, image=tag.manifest, by=everywhere)
    assert verdicts(tag) == [MATCHED]


def test_a_key_nobody_registered_does_not_count(source, target):
    make_policy(source=source, target=target, rules=wants("qa/release"))
    tag = push(source)
    make_signature(repository=source, image=tag.manifest, by=signing.new_key())
    assert verdicts(tag) == [WAITING]


def test_a_signature_of_another_image_does_not_count(source, target, release):
    make_policy(source=source, target=target, rules=wants("qa/release"))
    tag, other = push(source), make_manifest(repository=source)
    made = signing.sign(release, other.digest)
    make_attachment(repository=source, image=tag.manifest, made=made)
    assert verdicts(tag) == [WAITING]


def test_a_payload_changed_after_it_was_signed_does_not_count(source, target, release):
    make_policy(source=source, target=target, rules=wants("qa/release"))
    tag = push(source)
    genuine = signing.sign(release, "sha256:" + "0" * 64)
    payload = signing.payload_of(tag.manifest.digest)
    made = signing.Signature(payload, genuine.signature)
    make_attachment(repository=source, image=tag.manifest, made=made)
    assert verdicts(tag) == [WAITING]


def test_a_signature_held_elsewhere_does_not_count(source, target, release):
    make_policy(source=source, target=target, rules=wants("qa/release"))
    other = make_repository(name="other/website")
    image = make_manifest(repository=source)
    manifests.hold(repository=other, manifests=[image.pk])
    tag = push(source, manifest=image)
    held = make_signature(repository=other, image=image, by=release)
    assert [one.repository for one in AttachmentNotice.objects.all()] == [other]
    attachments.note_change(repository=source, digest=image.digest)
    assert verdicts(tag) == [WAITING], "though it was asked again"
    manifests.hold(repository=source, manifests=[held.pk])
    attachments.note_change(repository=source, digest=image.digest)
    assert verdicts(tag) == [MATCHED]


def test_a_signature_manifest_that_is_gone_does_not_count(source, target, release):
    make_policy(source=source, target=target, rules=wants("qa/release"))
    image = make_manifest(repository=source)
    held = make_signature(repository=source, image=image, by=release)
    manifests.note_gone(repository=source, digest=held.digest)
    assert verdicts(push(source, manifest=image)) == [WAITING]


def test_an_index_is_signed_as_a_whole(source, target, release):
    make_policy(source=source, target=target, rules=wants("qa/release"))
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    child = Manifest.objects.filter(parents__index=index).first()
    assert child is not None
    tag = push(source, manifest=index)
    make_signature(repository=source, image=child, by=release)
    assert verdicts(tag) == [WAITING]
    make_signature(repository=source, image=index, by=release)
    assert verdicts(tag) == [MATCHED]


@pytest.mark.parametrize(
    ("signed", "expected"), [(False, [MATCHED]), (True, [])], ids=["not", "signed"]
)
def test_a_signature_can_be_a_veto(source, target, release, signed, expected):
    make_policy(source=source, target=target, rules=wants("qa/release", operator="noo"))
    image = make_manifest(repository=source)
    if signed:
        make_signature(repository=source, image=image, by=release)
    assert verdicts(push(source, manifest=image)) == expected


# --- keys come and go -------------------------------------------------------------


def test_a_key_registered_after_it_signed_counts(source, target):
    private = signing.new_key()
    make_policy(source=source, target=target, rules=wants("qa/release"))
    tag, unsigned = push(source, name="a"), push(source, name="b")
    make_signature(repository=source, image=tag.manifest, by=private)
    assert verdicts(tag) == [WAITING]
    before = Evaluation.objects.filter(tag_move=unsigned.current_move).count()

    make_signing_key(reference="qa/release", private=private)

    assert verdicts(tag) == [MATCHED]
    rows = Evaluation.objects.filter(tag_move=unsigned.current_move)
    assert rows.count() == before, "what it did not sign is left alone"


def test_a_retired_key_counts_no_more(source, target, release):
    make_policy(source=source, target=target, rules=wants("qa/release"))
    root = Actor(make_user(is_superuser=True))
    key = SigningKey.objects.get()
    signing_keys.retire(actor=root, key=key)
    tag = push(source)
    make_signature(repository=source, image=tag.manifest, by=release)
    assert verdicts(tag) == [WAITING]
    assert not Promotion.objects.exists()


def test_a_veto_ends_with_its_key(source, target, release):
    make_policy(source=source, target=target, rules=wants("qa/release", operator="noo"))
    image = make_manifest(repository=source)
    make_signature(repository=source, image=image, by=release)
    tag = push(source, manifest=image)
    assert verdicts(tag) == []
    signing_keys.retire(
        actor=Actor(make_user(is_superuser=True)), key=SigningKey.objects.get()
    )
    assert verdicts(tag) == [MATCHED]


# --- news of attachments ----------------------------------------------------------


@pytest.mark.parametrize("field", ["signature_present", "sbom"])
def test_what_is_attached_later_is_asked_about_again(source, target, field):
    rules = [{"field": field, "operator": "eq", "values": ["true"]}]
    make_policy(source=source, target=target, rules=rules)
    tag = push(source)
    assert verdicts(tag) == []
    end = {"signature_present": "sig", "sbom": "sbom"}[field]
    name = f"{tag.manifest.digest.replace(':', '-')}.{end}"
    push(source, name=name)
    assert verdicts(tag) == [MATCHED]


def test_what_is_attached_no_more_is_asked_about_again(source, target):
    rules = [{"field": "signature_present", "operator": "eq", "values": ["false"]}]
    make_policy(source=source, target=target, rules=rules)
    image = make_manifest(repository=source)
    name = signing.tag_of(image.digest)
    push(source, name=name)
    tag = push(source, manifest=image)
    assert verdicts(tag) == []
    seen = tags.Sighting(
        tag=name,
        moved_at=timezone.now(),
        expected_version=tags.version_of(source, name),
    )
    tags.record_deletion(repository=source, seen=seen)
    assert verdicts(tag) == [MATCHED]


def test_a_lost_message_about_an_attachment_is_found_by_the_sweeper(
    source, target, release, messages
):
    make_policy(source=source, target=target, rules=wants("qa/release"))
    tag = push(source)
    messages["reevaluate_attachment"] = True
    make_signature(repository=source, image=tag.manifest, by=release)
    assert verdicts(tag) == [WAITING]
    messages["reevaluate_attachment"] = False
    tasks.sweep_decisions()
    assert verdicts(tag) == [WAITING], "a worker is given a moment"
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        tasks.sweep_decisions()
        assert verdicts(tag) == [MATCHED]
        assert reevaluate.overlooked_attachments(limit=10) == []


def test_a_lost_message_about_a_key_is_found_by_the_sweeper(source, target, messages):
    private = signing.new_key()
    make_policy(source=source, target=target, rules=wants("qa/release"))
    tag = push(source)
    make_signature(repository=source, image=tag.manifest, by=private)
    messages["reevaluate_key"] = True
    make_signing_key(reference="qa/release", private=private)
    messages["reevaluate_key"] = False
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        tasks.sweep_decisions()
        assert verdicts(tag) == [MATCHED]
        assert reevaluate.overlooked_keys(limit=10) == []


def test_news_that_comes_while_policies_are_asked_is_not_lost(source):
    attachments.note_change(repository=source, digest="sha256:0")
    stale = AttachmentNotice.objects.get()
    attachments.note_change(repository=source, digest="sha256:0")
    AttachmentNotice.objects.update(noticed_at=None)
    attachments.set_noticed(notice=stale)
    assert AttachmentNotice.objects.get().noticed_at is None


def test_what_the_first_walk_recorded_waits_for_save_and_apply(source, target, release):
    policy = make_policy(source=source, target=target, rules=wants("qa/release"))
    image = make_manifest(repository=source)
    seen = tags.Sighting(
        tag="1.0", moved_at=timezone.now(), expected_version=0, is_baseline=True
    )
    tags.record_move(repository=source, manifest=image, seen=seen)
    make_signature(repository=source, image=image, by=release)
    assert not Promotion.objects.exists()
    policy.apply_wanted_at = timezone.now()
    policy.save()
    assert list(apply.apply(policy=policy))
    assert Promotion.objects.exists()


# --- cost -------------------------------------------------------------------------


def test_the_number_of_queries_depends_on_nothing(source, target, release):
    image = make_manifest(repository=source)
    tag = push(source, manifest=image)
    make_signature(repository=source, image=image, by=signing.new_key())

    def queries() -> int:
        evaluate.evaluate_move(move_id=tag.current_move.pk)
        with CaptureQueriesContext(connection) as found:
            evaluate.evaluate_move(move_id=tag.current_move.pk)
        return len(found)

    make_policy(source=source, target=target, rules=wants("qa/release"))
    few = queries()
    for number in range(3):
        private = signing.new_key()
        make_signing_key(reference=f"qa/key{number}", private=private)
        make_signature(repository=source, image=image, by=signing.new_key())
        make_policy(source=source, target=target, rules=wants(f"qa/key{number}"))
    assert queries() == few
