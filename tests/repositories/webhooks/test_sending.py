"""Deliveries: signed, repeated, and no receiver's failure is another's."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts.access import AccessLevel, Actor
from accounts.models import AuditEvent
from repositories import tasks
from repositories.models import DeliveryState, Webhook, WebhookDelivery
from repositories.services import webhooks
from repositories.services.webhooks import calling, sending
from tests.factories import grant, make_repository, make_tag, make_user

if TYPE_CHECKING:
    from repositories.models import Repository
    from tests.hostile_registry import Seen


def push(repository: Repository, tag: str = "1.0") -> None:
    make_tag(repository=repository, name=tag, pushed_by="dana")


def send(webhook: Webhook) -> bool:
    return webhooks.send_next(webhook_id=webhook.pk)


def only() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def rest_is_over(webhook: Webhook) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(rests_until=None)
    WebhookDelivery.objects.filter(webhook=webhook).update(due_at=None)


def is_signed(seen: Seen, secret: str) -> bool:
    """What a receiver does: recompute, and compare with each signature."""
    at, *signatures = seen.headers["X-Msr-Signature"].split(",")
    signed = at.removeprefix("t=").encode() + b"." + seen.content
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert abs(int(at.removeprefix("t=")) - time.time()) < 60
    return any(hmac.compare_digest(f"v1={wanted}", one) for one in signatures)


def test_a_push_arrives_in_msrs_envelope(receive, subscribe, website):
    server = receive()
    webhook = subscribe(server)
    push(website)
    assert not send(webhook)
    (seen,) = server.seen
    body = json.loads(seen.content)
    assert (body["type"], body["location"]) == (
        "TAG_PUSH",
        "/repositories/dev/website/tags/1.0",
    )
    assert body["contents"] | {"digest": "", "pushedAt": ""} == {
        "namespace": "dev",
        "repository": "website",
        "tag": "1.0",
        "digest": "",
        "imageName": "localhost:5000/dev/website:1.0",
        "os": "linux",
        "architecture": "amd64",
        "author": "dana",
        "pushedAt": "",
    }
    row = only()
    assert (row.state, row.status, row.attempts) == (DeliveryState.DELIVERED, 204, 1)
    assert json.loads(row.request_body) == body
    assert Webhook.objects.get().last_success_at is not None


def test_the_receiver_can_verify_with_either_secret(receive, subscribe, website):
    server = receive()
    webhook = subscribe(server)
    first = webhook.secret
    actor = Actor(webhook.author)
    second = webhooks.rotate_secret(actor=actor, webhook=webhook)
    push(website)
    send(webhook)
    (seen,) = server.seen
    assert is_signed(seen, first)
    assert is_signed(seen, second)
    assert not is_signed(seen, "another secret")
    third = webhooks.rotate_secret(actor=actor, webhook=webhook, keep_previous=False)
    push(website)
    send(webhook)
    assert is_signed(server.seen[1], third)
    assert not is_signed(server.seen[1], second)


def test_a_changed_body_or_time_is_noticed(receive, subscribe, website):
    server = receive()
    webhook = subscribe(server)
    push(website)
    send(webhook)
    (seen,) = server.seen
    assert is_signed(seen, webhook.secret)
    seen.content = seen.content.replace(b"1.0", b"2.0")
    assert not is_signed(seen, webhook.secret)


def test_a_receiver_that_fails_is_tried_again_later(receive, subscribe, website):
    server = receive(lambda handler: handler.reply(500, b"broken"))
    webhook = subscribe(server)
    push(website)
    assert not send(webhook)
    row = only()
    assert (row.state, row.status, row.response_body) == ("pending", 500, "broken")
    assert row.error == "The receiver answered 500."
    assert row.due_at
    assert row.due_at > timezone.now() + timedelta(seconds=20)
    send(webhook)  # it rests
    assert len(server.seen) == 1
    rest_is_over(webhook)
    server.answering = lambda handler: handler.reply(200)
    send(webhook)
    assert only().state == DeliveryState.DELIVERED
    assert Webhook.objects.get().failures == 0
    first, second = (seen.headers["X-Msr-Delivery"] for seen in server.seen)
    assert first == second == str(row.uuid)


def test_the_waits_grow_over_about_a_day():
    waits = [sending._delay(attempt) for attempt in range(1, 30)]
    assert 20 < waits[0] < 40
    assert max(waits) <= 3600 * 1.25
    assert timedelta(hours=16) < timedelta(seconds=sum(waits)) < timedelta(hours=32)


def test_a_receiver_may_say_when_to_come_back(receive, subscribe, website):
    server = receive(lambda handler: handler.reply(503, b"", Retry_After="900"))
    webhook = subscribe(server)
    push(website)
    send(webhook)
    due_at = only().due_at
    assert due_at
    wait = due_at - timezone.now()
    assert timedelta(seconds=880) < wait < timedelta(seconds=901)


def test_a_webhook_whose_receiver_always_fails_pauses(
    receive, subscribe, website, settings
):
    settings.WEBHOOK_ATTEMPTS = 3
    server = receive(lambda handler: handler.reply(500))
    webhook = subscribe(server)
    push(website)
    for _ in range(5):
        rest_is_over(webhook)
        send(webhook)
    assert len(server.seen) == 3
    assert only().state == DeliveryState.FAILED
    webhook.refresh_from_db()
    assert webhook.pause == Webhook.Pause.FAILURES
    assert Webhook.objects.stopped_for(Actor(webhook.author)).get() == webhook
    assert AuditEvent.objects.filter(action="pause", actor="system").exists()
    push(website, "2.0")
    assert WebhookDelivery.objects.count() == 1  # what happens meanwhile is not kept


def test_what_one_event_breaks_lets_the_others_pass(receive, subscribe, website):
    def answer(handler: Any) -> None:
        handler.reply(500 if b":bad" in handler.content else 200)

    server = receive(answer)
    webhook = subscribe(server)
    push(website, "bad")
    push(website, "good")
    send(webhook)
    rest_is_over(webhook)
    send(webhook)
    states = dict(
        WebhookDelivery.objects.values_list("payload__contents__tag", "state")
    )
    assert states == {"bad": "pending", "good": "delivered"}


def test_a_receiver_that_hangs_or_drips_is_left_in_time(
    receive, subscribe, website, settings
):
    settings.WEBHOOK_TIMEOUT = 0.3

    def hang(handler: Any) -> None:
        handler.server.released.wait(20)

    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not handler.server.released.wait(0.05):
            handler.wfile.write(b"x")

    for answering in (hang, drip):
        webhook = subscribe(receive(answering))
        push(website, answering.__name__)
        began = time.monotonic()
        send(webhook)
        assert time.monotonic() - began < 5
        row = webhook.deliveries.get()
        assert (row.state, row.status) == ("pending", None)
        assert row.error == "No proper answer came from this address."
        assert row.detail == "The answer did not come in time."
        webhooks.delete(actor=Actor(webhook.author), webhook=webhook)


def test_a_receiver_that_answers_50_megabytes_is_not_read(receive, subscribe, website):
    def flood(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
        for _ in range(800):
            handler.wfile.write(b"x" * 65536)

    webhook = subscribe(receive(flood))
    push(website)
    send(webhook)
    row = only()
    assert row.detail == "The answer is larger than allowed."
    assert row.response_body == ""


def test_a_redirect_is_a_failure_and_leads_nowhere(receive, subscribe, website):
    inside = receive()
    door = receive(lambda handler: handler.reply(302, b"", Location=inside.url))
    webhook = subscribe(door)
    push(website)
    send(webhook)
    assert only().error == "The receiver answered 302."
    assert inside.seen == []


def test_of_receivers_that_fail_one_is_tried_at_a_time(
    receive, subscribe, website, author
):
    """Those that work are never behind those that do not, and tenants apart."""
    dead, also_dead, unknown, alive = (subscribe(receive()) for _ in range(4))
    elsewhere = make_repository(name="qa/website")
    grant(to=author, on=elsewhere, level=AccessLevel.ADMIN)
    others = subscribe(receive(), scope=elsewhere)
    doubtful = (dead.pk, also_dead.pk, others.pk)
    Webhook.objects.filter(pk__in=doubtful).update(failures=2)
    Webhook.objects.filter(pk=alive.pk).update(last_success_at=timezone.now())
    push(website)
    push(elsewhere)
    until = timezone.now() + timedelta(seconds=9)
    lease = {"lease_token": dead.uuid, "leased_until": until}
    dead.deliveries.update(state="sending", **lease)
    for webhook in (also_dead, unknown, alive, others):
        send(webhook)
    found = {hook.deliveries.get().state for hook in (also_dead, unknown)}
    assert found == {DeliveryState.PENDING}
    assert alive.deliveries.get().state == DeliveryState.DELIVERED
    assert others.deliveries.get().state == DeliveryState.DELIVERED


def test_a_slow_receiver_counts_as_doubtful_until_it_is_quick_again(
    receive, subscribe, website, settings
):
    """Else a tenant occupies every worker with receivers that answer just in time."""
    settings.WEBHOOK_TIMEOUT = 2.0

    def slow(handler):
        time.sleep(0.6)  # as receivers do that take their time: the delay is the case
        handler.reply(204)

    server = receive(slow)
    webhook, beside = subscribe(server), subscribe(receive())
    Webhook.objects.update(last_success_at=timezone.now())
    push(website)
    push(website, "2.0")
    assert not send(webhook)
    webhook.refresh_from_db()
    assert webhook.is_slow
    assert webhook.rests_until > timezone.now() - timedelta(seconds=1)
    Webhook.objects.filter(pk=beside.pk).update(is_slow=True)
    rest_is_over(webhook)
    until = timezone.now() + timedelta(seconds=9)
    first = webhook.deliveries.get(state="pending")
    lease = {"lease_token": webhook.uuid, "leased_until": until}
    webhook.deliveries.filter(pk=first.pk).update(state="sending", **lease)
    assert not send(beside)
    assert not beside.deliveries.filter(state="delivered").exists()
    webhook.deliveries.filter(pk=first.pk).update(leased_until=timezone.now())
    server.answering = lambda handler: handler.reply(204)
    assert not send(webhook)
    webhook.refresh_from_db()
    assert (webhook.is_slow, webhook.rests_until) == (False, None)
    assert send(beside)


def test_the_webhooks_of_one_namespace_do_not_fill_a_sweep(
    receive, subscribe, website, author, monkeypatch
):
    server = receive()
    many = [subscribe(server) for _ in range(3)]
    elsewhere = make_repository(name="qa/website")
    grant(to=author, on=elsewhere, level=AccessLevel.ADMIN)
    other = subscribe(server, scope=elsewhere)
    push(website)
    push(elsewhere)
    before = timezone.now() - timedelta(seconds=9)
    Webhook.objects.filter(pk__in=[many[0].pk, other.pk]).update(rests_until=before)
    woken: list[int] = []
    monkeypatch.setattr(tasks, "wake", lambda _task, key, **_: woken.append(key))
    tasks.sweep_webhooks()
    assert woken == [one.pk for one in (many[1], other, many[2], many[0])]


class Killed(BaseException):
    """Ends the worker where nothing can be written any more."""


def test_a_worker_killed_after_sending_sends_again_under_the_same_id(
    receive, subscribe, website, monkeypatch
):
    server = receive()
    webhook = subscribe(server)
    push(website)
    push(website, "2.0")

    def die(*_args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(sending, "_succeed", die)
        with pytest.raises(Killed):
            send(webhook)
    assert not send(webhook)  # it is leased
    WebhookDelivery.objects.filter(state="sending").update(leased_until=timezone.now())
    assert send(webhook)
    assert not send(webhook)
    ids = [seen.headers["X-Msr-Delivery"] for seen in server.seen]
    assert ids[0] == ids[1] != ids[2]
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_a_worker_that_comes_back_too_late_writes_nothing(
    receive, subscribe, website, monkeypatch
):
    webhook = subscribe(receive())
    push(website)

    def lose(*args: Any, **kwargs: Any) -> Any:
        WebhookDelivery.objects.update(lease_token=webhook.uuid)
        return call(*args, **kwargs)

    call = calling.call
    monkeypatch.setattr(sending, "call", lose)
    assert not send(webhook)
    assert only().state == DeliveryState.SENDING


def test_the_author_must_still_be_an_admin_when_it_is_sent(
    receive, subscribe, website, author
):
    server = receive()
    webhook = subscribe(server)
    push(website)
    author.is_active = False
    author.save()
    assert not send(webhook)
    assert server.seen == []
    webhook.refresh_from_db()
    assert webhook.pause == Webhook.Pause.AUTHOR
    assert only().state == DeliveryState.PENDING


def test_whoever_lets_it_go_on_takes_it_over(receive, subscribe, website, author):
    server = receive()
    webhook = subscribe(server)
    push(website)
    author.is_active = False
    author.save()
    send(webhook)
    root = make_user(name="root", is_superuser=True)
    webhooks.resume(actor=Actor(root), webhook=Webhook.objects.get())
    send(webhook)
    assert Webhook.objects.get().author == root
    assert only().state == DeliveryState.DELIVERED


def test_a_test_delivery_is_tried_once_and_says_nothing_of_the_webhook(
    receive, subscribe, author
):
    server = receive(lambda handler: handler.reply(404))
    webhook = subscribe(server)
    webhooks.send_sample(actor=Actor(author), webhook=webhook)
    send(webhook)
    assert json.loads(server.seen[0].content)["contents"]["test"] is True
    assert is_signed(server.seen[0], webhook.secret)
    row = only()
    assert (row.state, row.is_test) == (DeliveryState.FAILED, True)
    assert Webhook.objects.get().failures == 0


def test_what_was_sent_can_be_sent_again(receive, subscribe, website, author):
    server = receive()
    webhook = subscribe(server)
    push(website)
    send(webhook)
    webhooks.resend(actor=Actor(author), delivery=only())
    send(webhook)
    ids = {seen.headers["X-Msr-Delivery"] for seen in server.seen}
    assert (len(server.seen), len(ids)) == (2, 1)


def test_nothing_is_sent_while_it_is_paused(receive, subscribe, website, author):
    server = receive()
    webhook = subscribe(server)
    push(website)
    webhooks.pause(actor=Actor(author), webhook=webhook)
    send(webhook)
    assert server.seen == []
    with pytest.raises(ValidationError, match="paused"):
        webhooks.resend(actor=Actor(author), delivery=only())
    webhooks.resume(actor=Actor(author), webhook=webhook)
    send(webhook)
    assert len(server.seen) == 1


def test_old_deliveries_are_forgotten(receive, subscribe, website, settings):
    subscribe(receive())
    push(website)
    push(website, "2.0")
    old = timezone.now() - timedelta(days=settings.WEBHOOK_DAYS + 1)
    first = WebhookDelivery.objects.order_by("id")[0]
    WebhookDelivery.objects.filter(pk=first.pk).update(created_at=old)
    assert webhooks.forget() == 1
    assert only().pk != first.pk


def test_a_failure_tells_its_cause_to_nobody_but_administrators(
    receive, subscribe, website, settings
):
    webhook = subscribe(receive())
    settings.OUTBOUND_ALLOW = []
    push(website)
    send(webhook)
    row = only()
    assert "127.0.0.1" not in row.error
    assert "MSR_OUTBOUND_ALLOW" in row.detail


def test_the_secret_is_stored_encrypted(receive, subscribe):
    webhook = subscribe(receive())
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM repositories_webhook")
        (stored,) = cursor.fetchone()
    assert webhook.secret not in stored
