"""What is told to whom: each type's payload, each scope, and nothing more."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.models import AccessToken, encrypted
from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.services import telling
from repositories.models import EventType, Scan, Webhook, WebhookDelivery
from repositories.scanning.report import Report
from repositories.services import manifests, repositories, tags, webhooks
from repositories.services.scans.recording import record
from repositories.services.webhooks import bodies, subscribing
from repositories.services.webhooks import telling as told
from repositories.services.webhooks.sight import seen_by_author
from repositories.services.webhooks.subscribing import set_paused
from tests import promoted
from tests.factories import (
    grant,
    make_index,
    make_manifest,
    make_repository,
    make_tag,
    make_user,
)

if TYPE_CHECKING:
    from accounts.models import User
    from repositories.models import Repository


@pytest.fixture
def server(receive):
    return receive()


def payloads() -> list[dict[str, Any]]:
    rows = WebhookDelivery.objects.order_by("id")
    return list(rows.values_list("payload", flat=True))


def by_hand(repository: Repository, target: Repository, by: User) -> Promotion:
    tag = make_tag(repository=repository, pushed_by="dana")
    return promoted.promote_by_hand(tag, target, by)


def test_a_push_that_nobody_listens_to_costs_one_query(website):
    move = make_tag(repository=website).current_move
    assert move.to_manifest  # loaded beforehand, as where it is recorded
    assert move.repository.full_name
    with CaptureQueriesContext(connection) as asked:
        told.tag_pushed(move)
    assert len(asked) == 1
    assert not WebhookDelivery.objects.exists()


def test_what_is_told_reads_no_secret(server, subscribe, website, monkeypatch):
    """Each is decrypted on loading, and a push may have a hundred listeners."""
    subscribe(server)
    move = make_tag(repository=website).current_move
    WebhookDelivery.objects.all().delete()
    monkeypatch.setattr(encrypted, "decrypt", None)
    told.tag_pushed(move)
    assert WebhookDelivery.objects.count() == 1


def test_an_event_is_written_once_however_often_it_is_told(server, subscribe, website):
    subscribe(server)
    move = make_tag(repository=website).current_move
    told.tag_pushed(move)
    assert WebhookDelivery.objects.count() == 1


def test_a_repository_a_namespace_and_everything_are_scopes(
    server, subscribe, website, author
):
    root = make_user(name="root", is_superuser=True)
    of_repository = subscribe(server)
    of_namespace = subscribe(server, scope=website.namespace)
    of_all = subscribe(server, scope=None, by=root)
    elsewhere = make_repository(name="qa/website")
    make_tag(repository=website)
    make_tag(repository=make_repository(name="dev/other"))
    make_tag(repository=elsewhere)
    counts = [hook.deliveries.count() for hook in (of_repository, of_namespace, of_all)]
    assert counts == [1, 2, 3]


def test_a_manifest_is_told_with_its_tag_and_without(server, subscribe, website):
    subscribe(server, "MANIFEST_PUSH")
    tag = make_tag(repository=website, pushed_by="dana")
    alone = make_manifest(repository=website)
    told.manifest_pushed(website, alone, author="dana", key="event-1")
    told.manifest_pushed(website, alone, author="dana", key="event-1")
    with_tag, without = (payload["contents"] for payload in payloads())
    assert with_tag["digest"] == tag.manifest.digest
    assert without == {
        "namespace": "dev",
        "repository": "website",
        "digest": alone.digest,
        "imageName": f"localhost:5000/dev/website@{alone.digest}",
        "os": "linux",
        "architecture": "amd64",
        "author": "dana",
    }


def test_deletions_are_told_once(server, subscribe, website):
    subscribe(server, "TAG_DELETE")
    subscribe(server, "MANIFEST_DELETE")
    tag = make_tag(repository=website)
    seen = tags.Sighting(
        tag=tag.name, moved_at=timezone.now(), moved_by="dana", expected_version=1
    )
    tags.record_deletion(repository=website, seen=seen)
    for _ in range(2):
        manifests.note_gone(
            repository=website, digest=tag.manifest.digest, author="dana"
        )
    of_tag, of_manifest = payloads()
    assert of_tag["type"] == "TAG_DELETE"
    assert of_tag["contents"]["digest"] == tag.manifest.digest
    assert of_tag["contents"]["author"] == "dana"
    assert "deletedAt" in of_tag["contents"]
    assert (of_manifest["type"], of_manifest["contents"]["author"]) == (
        "MANIFEST_DELETE",
        "dana",
    )


def test_the_life_of_a_repository_is_told_to_its_namespace(
    server, subscribe, website, author
):
    subscribe(server, "REPO_EVENT", scope=website.namespace)
    subscribe(server, "REPO_DELETED", scope=website.namespace)
    actor, namespace = Actor(author), website.namespace
    made = repositories.create(actor=actor, namespace=namespace, name="fresh")
    repositories.update(actor=actor, repository=made, short_description="x")
    repositories.delete(actor=actor, repository=made)
    found = [(one["type"], one["contents"]["event"]) for one in payloads()]
    assert found == [
        ("REPO_CREATED", "CREATED"),
        ("REPO_UPDATED", "UPDATED"),
        ("REPO_DELETED", "DELETED"),
        ("REPO_DELETED", "DELETED"),
    ]
    data = payloads()[1]["contents"]["data"]
    assert (data["name"], data["shortDescription"]) == ("fresh", "x")


def test_a_deleted_repository_takes_its_webhooks_along(server, subscribe, website):
    subscribe(server)
    repositories.delete(actor=SYSTEM, repository=website)
    assert not Webhook.objects.exists()


def scan_of(manifest: Any, **values: Any) -> Scan:
    return Scan(manifest=manifest, origin="built-in", **values)


def test_a_scan_is_told_for_each_tag_where_it_counts(server, subscribe, website):
    subscribe(server, "SCAN_COMPLETED", scope=website.namespace)
    manifest = make_tag(repository=website).manifest
    make_tag(repository=website, name="2.0", manifest=manifest)
    elsewhere = make_repository(name="qa/website")
    manifests.hold(repository=elsewhere, manifests=[manifest.pk])
    make_tag(repository=elsewhere, manifest=manifest)
    record(scan=scan_of(manifest), report=Report(source="x", coverage={}), lease=None)
    contents = [one["contents"] for one in payloads()]
    assert [(one["namespace"], one["tag"]) for one in contents] == [
        ("dev", "1.0"),
        ("dev", "2.0"),
    ]
    summary = contents[0]["scanSummary"]
    assert set(summary) == {
        "namespace",
        "repository",
        "tag",
        "critical",
        "major",
        "minor",
        "last_scan_status",
        "check_completed_at",
    }
    assert summary["last_scan_status"] == 6


def test_one_tenants_many_tags_hide_no_other_tenants(
    server, subscribe, website, monkeypatch
):
    monkeypatch.setattr(told, "MOST_TAGS", 3)
    root = make_user(name="root", is_superuser=True)
    elsewhere = make_repository(name="qa/website")
    manifest = make_tag(repository=elsewhere).manifest
    for name in ("2.0", "3.0", "4.0"):
        make_tag(repository=elsewhere, name=name, manifest=manifest)
    manifests.hold(repository=website, manifests=[manifest.pk])
    make_tag(repository=website, manifest=manifest)
    subscribe(server, "SCAN_COMPLETED", scope=elsewhere, by=root)
    subscribe(server, "SCAN_COMPLETED")
    record(scan=scan_of(manifest), report=Report(source="x", coverage={}), lease=None)
    told_of = [one["contents"] for one in payloads()]
    assert [(one["namespace"], one["tag"]) for one in told_of] == [
        ("qa", "1.0"),
        ("dev", "1.0"),
        ("qa", "2.0"),
    ]


def test_the_scan_of_a_platform_is_told_for_the_tag_of_its_index(
    server, subscribe, website
):
    subscribe(server, "SCAN_COMPLETED")
    index = make_index(repository=website, platforms=("linux/amd64", "linux/arm64"))
    make_tag(repository=website, manifest=index)
    child = index.children.all()[0].child
    record(scan=scan_of(child), report=Report(source="x", coverage={}), lease=None)
    assert [one["contents"]["tag"] for one in payloads()] == ["1.0"]


def test_a_scan_that_counts_elsewhere_only_is_not_told(server, subscribe, website):
    subscribe(server, "SCAN_COMPLETED")
    manifest = make_tag(repository=website).manifest
    elsewhere = make_repository(name="qa/website")
    scan = scan_of(manifest, trusted_namespace=elsewhere.namespace)
    record(scan=scan, report=Report(source="x", coverage={}), lease=None)
    assert payloads() == []


def test_a_failed_scan_is_told_with_its_error(server, subscribe, website):
    subscribe(server, "SCAN_FAILED")
    scan = scan_of(make_tag(repository=website).manifest, state=Scan.State.FAILED)
    scan.error, scan.finished_at = "No layer could be read.", timezone.now()
    scan.save()
    told.scan_ended(scan)
    (payload,) = payloads()
    assert payload["contents"]["error"] == "No layer could be read."


def test_a_promotion_fires_once(server, subscribe, website, author):
    subscribe(server, "PROMOTION")
    target = make_repository(name="qa/website")
    promotion = by_hand(website, target, author)
    for _ in range(2):
        telling.told(promotion, State.SUCCEEDED)
    (payload,) = payloads()
    contents = payload["contents"]
    assert payload["type"] == "PROMOTION"
    assert payload["location"] == "/repositories/dev/website/tags/1.0"
    assert contents["promotionID"] == str(promotion.uuid)
    assert contents["targetImage"] == "qa/website:1.0"
    assert contents["digest"] == promotion.manifest.digest
    assert contents["author"] == "olga"


def test_the_target_is_named_only_to_who_may_see_it(server, subscribe, website, author):
    subscribe(server, "PROMOTION_FAILED")
    target = make_repository(name="qa/secret")
    promotion = by_hand(website, target, author)
    reason = "The repository qa/secret refused it."
    Promotion.objects.filter(pk=promotion.pk).update(reason=reason)
    telling.told(promotion, State.FAILED)
    delivery = WebhookDelivery.objects.get()
    for written in Webhook.Format.values:
        delivery.webhook.format = written
        body = bodies.body_of(delivery, seen_by_author(delivery), written)
        assert b"secret" not in body
        assert b"qa" not in body
    grant(to=author, on=target, level=AccessLevel.READ_ONLY)
    assert seen_by_author(delivery)["contents"]["targetImage"] == "qa/secret:1.0"
    assert seen_by_author(delivery)["contents"]["reason"] == reason


def test_a_limited_token_makes_no_webhook_that_sees_more(
    server, website, author, subscribe
):
    target = make_repository(name="qa/website")
    grant(to=author, on=target, level=AccessLevel.READ_ONLY)
    token = AccessToken(
        user=author, scopes=["admin", "api", "pull"], namespace=website.namespace
    )
    draft = webhooks.Draft(type="PROMOTION", endpoint=f"{server.url}/hook")
    webhooks.create(actor=Actor(author, token), scope=website, draft=draft)
    telling.told(by_hand(website, target, author), State.SUCCEEDED)
    seen = seen_by_author(WebhookDelivery.objects.get())
    assert "targetImage" not in seen["contents"]
    with pytest.raises((Http404, PermissionDenied)):
        webhooks.create(actor=Actor(author, token), scope=target, draft=draft)


@pytest.mark.parametrize("resumes", ["olga", "root"])
def test_who_lets_it_go_on_lends_a_receiver_no_sight_of_an_administrator(
    server, subscribe, website, author, resumes
):
    root = make_user(name="root", is_superuser=True)
    webhook = subscribe(server, "PROMOTION", by=root)
    if resumes == "root":  # olga made it, and may not see it for a while
        webhook = subscribe(server, "PROMOTION")
        Webhook.objects.exclude(pk=webhook.pk).delete()
    why = Webhook.Pause.AUTHOR if resumes == "root" else Webhook.Pause.PERSON
    set_paused(actor=SYSTEM, webhook=webhook, why=why)
    by = root if resumes == "root" else author
    webhooks.resume(actor=Actor(by), webhook=webhook)
    assert webhook.author == by
    promotion = by_hand(website, make_repository(name="qa/secret"), root)
    telling.told(promotion, State.SUCCEEDED)
    seen = seen_by_author(WebhookDelivery.objects.get())
    assert "targetImage" not in seen["contents"]


# Who may subscribe


def test_of_two_equal_forms_at_once_the_second_is_refused(
    server, subscribe, monkeypatch
):
    first = subscribe(server)
    real, seen = subscribing._refuse_second, []

    def blind_at_first(request_id: Any) -> None:
        seen.append(request_id)
        if len(seen) > 1:
            real(request_id)

    monkeypatch.setattr(subscribing, "_refuse_second", blind_at_first)
    with pytest.raises(ValidationError, match="sent twice"):
        subscribe(server, request_id=first.uuid)
    assert Webhook.objects.count() == 1


def test_only_admins_subscribe(server, subscribe, website):
    reader = make_user(name="rita")
    stranger = make_user(name="stan")
    grant(to=reader, on=website, level=AccessLevel.READ_WRITE)
    with pytest.raises(PermissionDenied):
        subscribe(server, by=reader)
    with pytest.raises(Http404):
        subscribe(server, by=stranger)
    with pytest.raises(PermissionDenied):
        subscribe(server, scope=None)


@pytest.mark.parametrize(
    ("wanted", "draft"),
    [
        ("REPO_CREATED", {}),
        ("NO_SUCH_TYPE", {}),
        ("TAG_PUSH", {"format": "xml"}),
        ("TAG_PUSH", {"ca_certificate": "nothing"}),
    ],
)
def test_what_makes_no_sense_is_refused(server, subscribe, wanted, draft):
    with pytest.raises(ValidationError):
        subscribe(server, wanted, **draft)


def test_an_address_that_is_not_public_is_refused_without_detail(
    server, author, website
):
    draft = webhooks.Draft(type="TAG_PUSH", endpoint="http://10.0.0.1/hook")
    with pytest.raises(ValidationError) as refused:
        webhooks.create(actor=Actor(author), scope=website, draft=draft)
    assert "10.0.0.1" not in str(refused.value)
    assert "MSR_OUTBOUND" not in str(refused.value)


def test_types_of_msr_that_never_happen_here_are_accepted(server, subscribe):
    assert subscribe(server, "TAG_PULL").is_never_sent


# The database holds the truth


@pytest.mark.parametrize(
    "values",
    [
        {"endpoint": ""},
        {"secret": ""},
        {"pause": "person"},
        {"type": "REPO_CREATED"},
    ],
)
def test_a_webhook_that_makes_no_sense_cannot_be_stored(server, subscribe, values):
    row = subscribe(server)
    with pytest.raises(IntegrityError), transaction.atomic():
        Webhook.objects.filter(pk=row.pk).update(**values)


def test_a_webhook_has_one_scope(server, subscribe, website):
    row = subscribe(server)
    with pytest.raises(IntegrityError), transaction.atomic():
        Webhook.objects.filter(pk=row.pk).update(namespace=website.namespace)


def test_a_webhook_sends_one_thing_at_a_time(server, subscribe, website):
    subscribe(server)
    make_tag(repository=website)
    make_tag(repository=website, name="2.0")
    lease = {
        "lease_token": uuid4(),
        "leased_until": timezone.now() + timedelta(seconds=9),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookDelivery.objects.update(state="sending", **lease)
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookDelivery.objects.update(state="delivered")


# Other formats


def test_cloudevents_have_what_the_specification_wants(server, subscribe, website):
    subscribe(server, format="cloudevents")
    make_tag(repository=website)
    delivery = WebhookDelivery.objects.get()
    body = bodies.body_of(delivery, delivery.payload, "cloudevents")
    event = json.loads(body)
    assert event["specversion"] == "1.0"
    assert event["id"] == str(delivery.event_uuid)
    assert event["type"] == "msr.tag_push"
    assert event["source"] == "http://localhost:8000/api/v0"
    assert event["subject"] == "repositories/dev/website/tags/1.0"
    assert event["data"]["tag"] == "1.0"
    headers = bodies.headers_of(delivery, body, ("secret",), 1)
    assert headers["Content-Type"].startswith("application/cloudevents+json")


def test_text_for_slack_mentions_nobody_and_marks_nothing():
    contents = {
        "namespace": "dev",
        "repository": "website",
        "tag": "1.0",
        "error": "<!channel> & <https://evil.example|click> @here *bold*\n`x`"
        + "y" * 999,
    }
    text = bodies.sentence("SCAN_FAILED", contents)
    assert text.startswith(
        "The scan of *dev/website:1.0* failed: &lt;!channel&gt; &amp;"
    )
    for mark in ("<", ">", "@here", "*bold*", "`", "\n"):
        assert mark not in text
    assert len(text) < 500


@pytest.mark.parametrize("wanted", EventType.values)
def test_every_type_has_a_sentence_even_for_a_sample(wanted):
    contents = webhooks.testing.sample(wanted)["contents"]
    assert bodies.sentence(wanted, contents).endswith((".", "see"))


def test_the_types_that_are_sent_are_those_with_a_sentence():
    rows = [Webhook(type=value) for value in EventType.values]
    sent = {row.type for row in rows if not row.is_never_sent} - {"REPO_EVENT"}
    assert sent == set(bodies.SENTENCES)
