"""Webhooks over the API: MSR's shapes, whose they are, and that secrets stay secret."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from accounts.access import SYSTEM, Actor, TokenScope
from accounts.models import AuditEvent
from accounts.services import access_tokens
from repositories.models import DeliveryState, EventType, Webhook, WebhookDelivery
from repositories.services import webhooks
from tests.api import factories
from tests.api.swagger import assert_is
from tests.factories import make_delivery

WEBHOOKS = "/api/v0/webhooks"
OF_WEBSITE = "/api/v0/repositories/dev/website/webhooks"


@pytest.fixture
def receiver(make_server, settings):
    """A receiver that this portal may call, for tenants and for administrators."""
    server = make_server(lambda handler: handler.reply(200, b"taken"))
    settings.OUTBOUND_ALLOW = [
        f"{purpose}=127.0.0.1:{server.server_port}"
        for purpose in ("webhook", "tenant-webhook")
    ]
    return server


@pytest.fixture
def form(receiver) -> dict[str, Any]:
    """What MSR's own scripts send."""
    return {
        "type": "TAG_PUSH",
        "key": "dev/website",
        "endpoint": f"{receiver.url}/hook",
        "tlsCert": "",
        "skipTLSVerification": False,
    }


def code(response: Any) -> str:
    found: str = response.json()["errors"][0]["code"]
    return found


def test_a_webhook_is_created_listed_paused_and_deleted_as_in_msr(world, form):
    olga = world.client("olga")
    made = olga.post(WEBHOOKS, form)
    assert made.status_code == 201
    body = made.json()
    assert_is("responses.Webhook", body)
    assert (body["key"], body["inactive"]) == ("dev/website", False)
    assert body["authorID"] == str(world.people.olga.uuid)
    for url in (WEBHOOKS, OF_WEBSITE, f"{WEBHOOKS}?webhookType=TAG_PUSH"):
        (listed,) = olga.get(url).json()
        assert_is("responses.Webhook", listed)
        assert listed["id"] == body["id"]
    assert olga.get(f"{WEBHOOKS}?webhookType=PROMOTION").json() == []
    update = {"id": body["id"], "inactive": True, "tlsCert": ""}
    update["skipTLSVerification"] = False
    (changed,) = olga.post(f"{WEBHOOKS}/update", update).json()
    assert_is("responses.Webhook", changed)
    assert changed["inactive"] is True
    (changed,) = olga.post(f"{WEBHOOKS}/update", update | {"inactive": False}).json()
    assert changed["inactive"] is False
    gone = olga.delete(f"{WEBHOOKS}/{body['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert code(olga.delete(f"{WEBHOOKS}/{body['id']}")) == "NO_SUCH_WEBHOOK"


def test_namespaces_and_everything_are_keys(world, form):
    of_namespace = world.client("olga").post(
        WEBHOOKS, form | {"key": "dev", "type": "REPO_EVENT"}
    )
    assert of_namespace.json()["key"] == "dev"
    (listed,) = world.client("olga").get("/api/v0/accounts/dev/webhooks").json()
    assert_is("responses.Webhook", listed)
    of_all = world.client("root").post(WEBHOOKS, form | {"key": ""})
    assert (of_all.status_code, of_all.json()["key"]) == (201, "")
    assert len(world.client("root").get(WEBHOOKS).json()) == 2


@pytest.mark.parametrize("wanted", EventType.values)
def test_every_type_of_msr_is_accepted(world, form, wanted):
    made = world.client("root").post(WEBHOOKS, form | {"type": wanted, "key": ""})
    assert made.status_code == 201


@pytest.mark.parametrize(
    ("who", "key", "status"),
    [
        ("dana", "dev/website", 403),
        ("drew", "dev/website", 403),
        ("quentin", "dev/website", 404),
        ("eve", "dev/website", 404),
        ("quentin", "dev", 404),
        ("dana", "dev", 403),
        ("olga", "", 403),
        ("ada", "", 403),
        ("olga", "nobody/nothing", 404),
        ("", "dev/website", 401),
    ],
)
def test_only_admins_of_the_key_subscribe(world, form, who, key, status):
    assert world.client(who).post(WEBHOOKS, form | {"key": key}).status_code == status
    assert not Webhook.objects.exists()


def test_lists_are_for_admins(world):
    for url in (OF_WEBSITE, "/api/v0/accounts/dev/webhooks"):
        statuses = [
            world.client(who).get(url).status_code
            for who in ("olga", "dana", "quentin", "")
        ]
        assert statuses == [200, 403, 404, 401]


def test_everybody_lists_their_own_only(world):
    make_delivery(author=world.people.olga, scope=world.website)
    make_delivery(author=world.people.root, scope=None)
    counts = {
        who: len(world.client(who).get(WEBHOOKS).json())
        for who in ("olga", "dana", "quentin", "ada", "root")
    }
    assert counts == {"olga": 1, "dana": 0, "quentin": 0, "ada": 1, "root": 2}


def test_a_token_needs_the_scope_and_its_namespace(world, form):
    def client(*scopes: TokenScope, namespace: Any = None) -> Any:
        issued = access_tokens.issue(
            actor=SYSTEM,
            user=world.people.ada,
            label=str(uuid4()),
            scopes=list(scopes),
            namespace=namespace,
        )
        return world.client("ada", issued.secret)

    reading = client(TokenScope.API, TokenScope.PULL)
    assert reading.post(WEBHOOKS, form).status_code == 403
    full = (TokenScope.API, TokenScope.PULL, TokenScope.ADMIN)
    elsewhere = client(*full, namespace=world.qa.namespace)
    assert elsewhere.post(WEBHOOKS, form).status_code == 404
    here = client(*full, namespace=world.dev.namespace)
    assert here.post(WEBHOOKS, form).status_code == 201
    assert Webhook.objects.get().limited_to == world.dev.namespace


def test_tls_is_always_verified(world, form):
    refused = world.client("olga").post(WEBHOOKS, form | {"skipTLSVerification": True})
    assert refused.status_code == 400
    error = refused.json()["errors"][0]
    assert "tlsCert" in error["message"]
    assert "skipTLSVerification" in error["detail"]


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://10.0.0.1/",
        "http://127.0.0.1:6379/",
        "http://169.254.169.254/",
        "ftp://example.com/",
        "nothing",
        "https://user:pass@example.com/",
    ],
)
def test_an_address_that_may_not_be_called_is_refused_alike(world, form, endpoint):
    answers = {
        world.client("olga").post(WEBHOOKS, form | {"endpoint": endpoint}).content,
        world.client("olga")
        .post(WEBHOOKS, form | {"endpoint": "http://[::1]/"})
        .content,
    }
    assert len(answers) == 1
    assert b"MSR_OUTBOUND" not in answers.pop()


# Nested ids


def test_a_delivery_is_found_under_its_own_webhook_only(world):
    one = make_delivery(author=world.people.olga, scope=world.website)
    other = make_delivery(author=world.people.olga, scope=world.private)
    foreign = make_delivery(author=world.people.quentin, scope=world.target)
    olga = world.client("olga")
    for webhook, delivery in (
        (one.webhook, other),
        (one.webhook, foreign),
        (foreign.webhook, one),
        (foreign.webhook, foreign),
    ):
        url = f"{WEBHOOKS}/{webhook.uuid}/deliveries/{delivery.uuid}"
        assert olga.get(url).status_code == 404
        assert olga.post(f"{url}/resend").status_code == 404
    url = f"{WEBHOOKS}/{one.webhook.uuid}/deliveries/{one.uuid}"
    assert olga.get(url).json()["responseBody"] == "thank you"
    assert code(olga.get(f"{WEBHOOKS}/not-an-id")) == "NO_SUCH_WEBHOOK"


def test_another_tenants_webhook_can_neither_be_updated_nor_rotated(world):
    row = make_delivery(author=world.people.quentin, scope=world.target).webhook
    olga, url = world.client("olga"), f"{WEBHOOKS}/{row.uuid}"
    update = {"id": str(row.uuid), "inactive": True}
    assert code(olga.post(f"{WEBHOOKS}/update", update)) == "NO_SUCH_WEBHOOK"
    assert code(olga.post(f"{url}/secrets", {})) == "NO_SUCH_WEBHOOK"
    assert code(olga.delete(url)) == "NO_SUCH_WEBHOOK"
    row.refresh_from_db()
    assert (row.pause, row.secret) == ("", "only-the-receiver-knows")


# Deliveries


def test_deliveries_are_paged_and_sent_again(world):
    delivery = make_delivery(author=world.people.olga, scope=world.website)
    olga = world.client("olga")
    url = f"{WEBHOOKS}/{delivery.webhook.uuid}/deliveries"
    listed = olga.get(f"{url}?count=true")
    assert listed["X-Resource-Count"] == "1"
    assert listed.json()[0]["id"] == str(delivery.uuid)
    again = olga.post(f"{url}/{delivery.uuid}/resend")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)


def test_what_a_private_address_answers_is_for_administrators(world):
    row = make_delivery(
        author=world.people.olga,
        scope=world.website,
        is_private=True,
        response_body="inside",
        detail="10.0.0.7 refused",
    )
    url = f"{WEBHOOKS}/{row.webhook.uuid}/deliveries/{row.uuid}"
    shown = world.client("olga").get(url).json()
    assert (shown["responseBody"], shown["responseWithheld"]) == ("", True)
    assert shown["detail"] == ""
    shown = world.client("root").get(url).json()
    assert (shown["responseBody"], shown["detail"]) == ("inside", "10.0.0.7 refused")


def test_another_admin_does_not_read_what_only_the_author_may_know(world):
    row = make_delivery(
        author=world.people.ada,
        scope=world.website,
        guarded={"qa/website": ["targetImage"]},
    )
    row.payload["contents"]["targetImage"] = "qa/website:1.0"
    row.request_body = json.dumps(row.payload)
    row.save()
    url = f"{WEBHOOKS}/{row.webhook.uuid}/deliveries/{row.uuid}"
    assert "qa/website" in world.client("ada").get(url).json()["requestBody"]
    shown = world.client("olga").get(url).json()
    assert "qa/website" not in json.dumps(shown)
    assert json.loads(shown["requestBody"])["contents"]["tag"] == "1.0"


# Tests


def test_a_sample_is_sent_without_a_webhook(world, form, receiver):
    del form["key"]
    answer = world.client("eve").post(f"{WEBHOOKS}/test", form)
    assert (answer.status_code, answer.json()) == (200, {"responseStatus": 200})
    (seen,) = receiver.seen
    sent = json.loads(seen.content)
    assert (sent["type"], sent["contents"]["repository"]) == ("TAG_PUSH", "bar")
    assert "X-Msr-Signature" not in seen.headers


def test_a_sample_that_is_not_taken_is_said(world, form, receiver):
    receiver.answering = lambda handler: handler.reply(500, b"secret of the inside")
    answer = world.client("eve").post(f"{WEBHOOKS}/test", form)
    assert answer.status_code == 400
    assert b"answered 500" in answer.content
    assert b"inside" not in answer.content


def test_samples_are_few(world, form, settings):
    settings.WEBHOOK_TESTS_PER_HOUR = 1
    eve = world.client("eve")
    assert eve.post(f"{WEBHOOKS}/test", form).status_code == 200
    refused = eve.post(f"{WEBHOOKS}/test", form)
    assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
    assert world.client("olga").post(f"{WEBHOOKS}/test", form).status_code == 200


def test_a_sample_does_not_go_where_only_administrators_may(world, form, settings):
    settings.OUTBOUND_ALLOW = settings.OUTBOUND_ALLOW[:1]
    assert world.client("eve").post(f"{WEBHOOKS}/test", form).status_code == 400
    assert world.client("root").post(f"{WEBHOOKS}/test", form).status_code == 200


# The secret


def test_the_secret_is_shown_once_and_stands_nowhere_else(
    world, form, receiver, caplog, capsys
):
    """A canary: no log, no audit entry and no later answer holds a secret."""
    olga = world.client("olga")
    path = "/hook/a-secret-of-the-receiver"
    sent = form | {"endpoint": receiver.url + path}
    receiver.answering = lambda handler: handler.reply(500)
    made = olga.post(WEBHOOKS, sent).json()
    url = f"{WEBHOOKS}/{made['id']}"
    rotated = olga.post(f"{url}/secrets", {})
    assert rotated.status_code == 201
    secrets = {made["secret"], rotated.json()["secret"]}
    assert len(secrets) == 2
    factories.push(world.website, "v1")
    row = Webhook.objects.get()
    webhooks.send_next(webhook_id=row.pk)
    webhooks.send_sample(actor=Actor(world.people.olga), webhook=row)
    olga.post(f"{WEBHOOKS}/test", sent)
    delivery = WebhookDelivery.objects.order_by("id")[0]
    answers = [
        olga.get(one).content.decode()
        for one in (
            WEBHOOKS,
            url,
            OF_WEBSITE,
            f"{url}/deliveries",
            f"{url}/deliveries/{delivery.uuid}",
        )
    ]
    olga.delete(url)
    entries = [
        f"{entry.object_name} {entry.before} {entry.after}"
        for entry in AuditEvent.objects.all()
    ]
    captured = capsys.readouterr()
    logs = [caplog.text, captured.out, captured.err]
    kept = "\n".join([*answers, *entries, *logs])
    assert "webhook_failed" in kept
    for secret in secrets:
        assert secret not in kept
    assert path not in "\n".join([*entries, *logs])
    assert len(entries) > 3


def test_a_secret_that_became_known_can_be_ended_at_once(world):
    row = make_delivery(author=world.people.olga, scope=world.website).webhook
    url = f"{WEBHOOKS}/{row.uuid}/secrets"
    world.client("olga").post(url, {"keepPrevious": False})
    row.refresh_from_db()
    assert len(row.secrets) == 1
    assert "only-the-receiver-knows" not in row.secrets


@pytest.mark.parametrize(
    "endpoint", ["http://[", "https://[::1", "https://olga:hunter2@hooks.example.com/"]
)
def test_a_test_of_an_odd_address_is_refused_and_tells_no_password(world, endpoint):
    trial = {"type": "TAG_PUSH", "endpoint": endpoint}
    refused = world.client("olga").post(f"{WEBHOOKS}/test", trial)
    assert refused.status_code == 400
    kept = AuditEvent.objects.get(action="test webhook").after
    assert "hunter2" not in json.dumps(kept)
