"""What the registry is answered: it would repeat for ever what is not 2xx."""

from __future__ import annotations

import hashlib
import io
import json
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from celery import current_app
from django.db import DataError, OperationalError, connection

from repositories.models import Registry, RegistryEvent
from repositories.services import inbox
from repositories.services import registry as registry_service
from repositories.tasks import process_event
from tests.repositories.events import DIGEST, envelope, make_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

State = RegistryEvent.State
URL = "/registry/notifications"
SECRET = "the secret of these tests"
MEDIA_TYPE = "application/vnd.docker.distribution.events.v1+json"


@pytest.fixture(autouse=True)
def known_secret(db: None, settings) -> None:
    rotate(settings, SECRET)


def rotate(settings: Any, secret: str) -> None:
    settings.NOTIFICATION_SECRET = secret
    registry_service.configure()


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the events for which a worker was woken up."""
    found: list[str] = []

    def apply_async(args: tuple[str], **_options: Any) -> None:
        found.extend(args)

    monkeypatch.setattr(process_event, "apply_async", apply_async)
    return found


@pytest.fixture
def send(client: Client, woken: list[str]) -> Callable[..., int]:
    """Post a body; return the status."""

    def post(body: bytes, secret: str = SECRET, header: str | None = None) -> int:
        given = f"Bearer {secret}" if header is None else header
        headers = {"Authorization": given}
        answer = client.post(URL, body, content_type=MEDIA_TYPE, headers=headers)
        return answer.status_code

    return post


def poison() -> RegistryEvent:
    return RegistryEvent.objects.get(state=State.POISON)


def reconcile_is_wanted() -> bool:
    return Registry.objects.filter(reconcile_wanted_at__isnull=False).exists()


def test_a_push_is_stored_and_a_worker_woken(send, woken) -> None:
    event = make_event()

    assert send(envelope(event)) == 202

    stored = RegistryEvent.objects.get()
    assert (stored.event_id, stored.state) == (event["id"], State.PENDING)
    assert (stored.repository, stored.tag) == ("dev/website", "1.0")
    assert stored.payload["digest"] == DIGEST
    assert stored.payload["raw"]["request"]["useragent"] == "docker/29"
    assert woken == [event["id"]]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {SECRET}",
        SECRET,
        "Bearer é\x80",
    ],
)
def test_without_the_secret_nothing_is_stored(send, header: str) -> None:
    assert send(envelope(make_event()), header=header) == 401
    assert send(b"garbage", header=header) == 401
    assert not RegistryEvent.objects.exists()
    assert not reconcile_is_wanted()


def test_where_no_secret_is_set_none_is_right(send, settings) -> None:
    rotate(settings, "")
    rotate(settings, "")
    Registry.objects.update(previous_secret_hash="")

    assert send(envelope(make_event()), secret="") == 401
    assert send(envelope(make_event()), secret="anything") == 401


def test_during_a_rotation_both_secrets_are_right(send, settings) -> None:
    rotate(settings, "second")
    assert send(envelope(make_event()), secret=SECRET) == 202
    assert send(envelope(make_event()), secret="second") == 202

    rotate(settings, "second")
    assert send(envelope(make_event()), secret=SECRET) == 202

    rotate(settings, "third")
    assert send(envelope(make_event()), secret=SECRET) == 401
    assert send(envelope(make_event()), secret="second") == 202


def test_only_post_is_answered(client: Client) -> None:
    assert client.get(URL).status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"null",
        b"[]",
        b'{"events": {}}',
        b'{"events": [' + b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"events": 1' + b"0" * 5000 + b"}",
    ],
    ids=["empty", "text", "null", "list", "object", "deep", "bytes", "long number"],
)
def test_what_cannot_be_read_is_kept_as_poison(send, woken, body: bytes) -> None:
    assert send(body) == 202

    kept = poison()
    assert bytes(kept.body_head) == body[: inbox.POISON_HEAD_BYTES]
    assert kept.body_sha256 == hashlib.sha256(body).hexdigest()
    assert kept.error.endswith(".")
    assert reconcile_is_wanted()
    assert woken == []


def test_the_same_poison_again_is_one_row(send) -> None:
    assert send(b"garbage") == send(b"garbage") == 202
    assert RegistryEvent.objects.count() == 1


def test_a_body_over_the_cap_is_drained_and_its_head_kept(send, settings) -> None:
    agent = {"useragent": "x" * 900_000}
    body = envelope(make_event(request=agent))

    assert send(body) == 202

    kept = poison()
    assert bytes(kept.body_head) == body[: 64 * 1024]
    assert kept.body_sha256 == hashlib.sha256(body).hexdigest()
    assert str(settings.NOTIFICATION_MAX_BYTES) in kept.error
    assert reconcile_is_wanted()


def test_a_body_of_just_the_cap_is_read(send, settings) -> None:
    body = envelope(make_event())
    settings.NOTIFICATION_MAX_BYTES = len(body)
    assert send(body) == 202
    assert RegistryEvent.objects.get().state == State.PENDING

    settings.NOTIFICATION_MAX_BYTES = len(body) - 1
    assert send(body) == 202
    assert RegistryEvent.objects.filter(state=State.POISON).count() == 1


def test_a_chunked_body_is_read_though_it_states_no_length(client, woken) -> None:
    event = make_event()
    answer = client.generic(
        "POST",
        URL,
        HTTP_AUTHORIZATION=f"Bearer {SECRET}",
        HTTP_TRANSFER_ENCODING="chunked",
        **{"wsgi.input": io.BytesIO(envelope(event))},
    )
    assert answer.status_code == 202
    assert woken == [event["id"]]


@pytest.mark.parametrize(
    "changes",
    [
        {"request": {"useragent": "x" * 400_000}},
        {"target": {"tag": "a\0b"}},
        {"target": {"repository": "dev/\ud800"}},
        {"target": {"tag": "t" * 5000, "repository": "r" * 5000, "digest": "d" * 5000}},
        {"target": {"url": ["a\0", {"\ud800": "\udfff", "\0": "\\u0000"}]}},
        {"actor": {"name": "\0" * 300}},
        {"source": {"instanceID": "i\0" * 3000}},
        {"id": "i" * 255},
        {"extension": json.loads("[" * 200 + "]" * 200)},
        {"extension": 10**4000},
        {"extension": 1e308},
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"timestamp": "9999-12-31T23:59:59-14:00"},
        {"action": "a" * 400},
        {"action": "\0"},
    ],
)
def test_odd_texts_are_storable_on_every_database(send, changes) -> None:
    """PostgreSQL stores no NUL, no lone surrogate, and nothing beyond a column."""
    assert send(envelope(make_event(**changes))) == 202
    stored = RegistryEvent.objects.get()
    assert "Not storable" not in stored.error


def test_long_ids_with_the_same_beginning_are_two_events(send, woken) -> None:
    assert send(envelope(make_event(id="i" * 200), make_event(id="i" * 201))) == 202
    assert len(set(woken)) == RegistryEvent.objects.count() == 2


def test_unknown_actions_are_kept_and_done(send, woken) -> None:
    assert send(envelope(make_event(action="rename"))) == 202
    stored = RegistryEvent.objects.get()
    assert (stored.action, stored.state) == ("rename", State.DONE)
    assert woken == []


@pytest.mark.parametrize(
    "changes",
    [
        {"target": {"mediaType": "application/octet-stream", "tag": ""}},
        {"target": {"mediaType": "image/png"}},
        {"action": "pull"},
        {"action": "mount"},
        {"actor": {"name": registry_service.PORTAL_SUBJECT}},
    ],
    ids=["blob", "other content", "pull", "mount", "our own"],
)
def test_what_needs_no_work_writes_no_row(
    send, django_assert_max_num_queries, changes
) -> None:
    assert send(envelope(make_event())) == 202
    with django_assert_max_num_queries(2) as queries:
        assert send(envelope(make_event(**changes))) == 202
    assert RegistryEvent.objects.count() == 1
    assert all(query["sql"].startswith("SELECT") for query in queries)


def test_a_person_called_portal_is_heard(send) -> None:
    assert send(envelope(make_event(actor={"name": "portal"}))) == 202
    assert RegistryEvent.objects.get().state == State.PENDING


def test_the_same_event_twice_is_one_row(send, woken) -> None:
    event = make_event()
    assert send(envelope(event, event)) == send(envelope(event)) == 202
    assert RegistryEvent.objects.count() == 1
    assert set(woken) == {event["id"]}


def test_one_odd_event_does_not_spoil_the_others(send, woken) -> None:
    good = make_event()
    odd = [None, 7, "text", {}, make_event(id=""), make_event(timestamp="yesterday")]

    assert send(envelope(*odd, good)) == 202

    assert woken == [good["id"]]
    assert RegistryEvent.objects.filter(state=State.POISON).count() == len(odd)
    assert reconcile_is_wanted()


def test_what_the_database_refuses_for_its_content_is_poison(send, monkeypatch) -> None:
    def refuse(**_values: Any) -> list[str]:
        raise DataError("value too long")

    monkeypatch.setattr(inbox, "record", refuse)
    assert send(envelope(make_event())) == 202
    assert poison().error == "Not storable: value too long"


def test_only_a_database_that_is_down_is_answered_503(send, monkeypatch) -> None:
    def fail(*_args: Any, **_values: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "record", fail)
        assert send(envelope(make_event())) == 503
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        assert send(envelope(make_event())) == 503


def test_a_restarted_registry_wants_a_reconcile_but_not_its_first_start(send) -> None:
    first, second = {"instanceID": "one"}, {"instanceID": "two"}
    assert send(envelope(make_event(source=first), make_event(source=first))) == 202
    assert not reconcile_is_wanted()

    assert send(envelope(make_event(source=second))) == 202
    assert reconcile_is_wanted()

    Registry.objects.update(reconcile_wanted_at=None)
    assert send(envelope(make_event(source=first), make_event(source=second))) == 202
    assert not reconcile_is_wanted()


def test_many_events_cost_no_more_queries_than_one(send, django_assert_num_queries):
    send(envelope(make_event()))
    for number in (1, 50):
        events = [make_event() for _ in range(number)]
        with django_assert_num_queries(3):
            assert send(envelope(*events)) == 202
    assert RegistryEvent.objects.count() == 52


# --- The broker ---------------------------------------------------------------------


@pytest.fixture
def broker_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let Celery look for its broker at a port of this machine."""

    def point(port: int) -> None:
        url = f"redis://127.0.0.1:{port}/0"
        connect = current_app.connection_for_write

        def connection_for_write(**options: Any) -> Any:
            return connect(url, **options)

        monkeypatch.setattr(current_app, "connection_for_write", connection_for_write)

    return point


def answer_time(client: Client) -> float:
    begun = time.monotonic()
    events = [make_event() for _ in range(20)]
    answer = client.post(
        URL,
        envelope(*events),
        content_type=MEDIA_TYPE,
        HTTP_AUTHORIZATION=f"Bearer {SECRET}",
    )
    assert answer.status_code == 202
    return time.monotonic() - begun


def test_a_broker_that_is_down_costs_no_event_and_little_time(client, broker_at):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        broker_at(closed.getsockname()[1])
        assert answer_time(client) < 0.5
    assert RegistryEvent.objects.due().count() == 20


def test_a_broker_that_never_answers_costs_no_event_and_little_time(client, broker_at):
    """The registry gives up after a second, and would send it all again."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        broker_at(mute.getsockname()[1])
        assert answer_time(client) < 0.9
    assert RegistryEvent.objects.due().count() == 20
