"""One id leads from a call to its answer, its log, and what workers did for it."""

from __future__ import annotations

import io
import json
import logging
import queue
from typing import Any
from uuid import UUID

import pytest
import structlog
from celery.contrib.testing.worker import start_worker
from celery.signals import before_task_publish
from django.test import Client

from accounts.authentication import BasicAuthentication
from msr.celery import app
from msr.problems.handlers import server_error
from repositories.tasks import sweep_scans

pytestmark = pytest.mark.django_db
HEADER = "X-Request-Id"


@pytest.fixture(autouse=True)
def _nothing_bound():
    yield
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/login/",
        "/nowhere",
        "/api/v0/repositories",
        "/registry/notifications",
        "/healthz",
    ],
)
def test_every_answer_has_an_id_of_its_own(client, path):
    ids = [client.get(path)[HEADER] for _ in range(2)]
    assert len({UUID(one) for one in ids}) == 2


def test_the_id_of_the_client_is_taken(client):
    assert client.get("/healthz", headers={HEADER: "ci-42.7_x"})[HEADER] == "ci-42.7_x"


@pytest.mark.parametrize(
    "sent", ["", "x" * 65, "a b", "a\nb", "a<script>", "é", '"', "a\r\nSet-Cookie: b"]
)
def test_what_is_no_plain_word_is_replaced(client, sent):
    taken = client.get("/healthz", HTTP_X_REQUEST_ID=sent)[HEADER]
    assert str(UUID(taken)) == taken


@pytest.fixture
def written(monkeypatch) -> io.StringIO:
    """What the log's own handler writes."""
    (console,) = (
        one
        for one in logging.getLogger().handlers
        if isinstance(one.formatter, structlog.stdlib.ProcessorFormatter)
    )
    stream = io.StringIO()
    monkeypatch.setattr(console, "stream", stream)
    return stream


def test_every_line_of_the_log_has_the_id(client, written):
    client.get("/api/v0/repositories", headers={HEADER: "of-this-call"})
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert {line["logger"] for line in lines} > {"django.request"}
    assert {line["request_id"] for line in lines} == {"of-this-call"}


def test_the_next_request_of_a_thread_has_nothing_of_the_last(client, written):
    client.get("/healthz", headers={HEADER: "the-first"})
    structlog.contextvars.bind_contextvars(left_over="by the first")
    written.truncate(0)
    client.get("/healthz", headers={HEADER: "the-second"})
    assert "the-second" in written.getvalue()
    assert "first" not in written.getvalue()


def test_what_broke_is_found_in_the_log_by_the_id(monkeypatch):
    client = Client(raise_request_exception=False)

    def breaks(*_args: Any, **_named: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(BasicAuthentication, "authenticate", breaks)
    answer = client.get("/api/v0/repositories", headers={HEADER: "broke-here"})
    assert answer.status_code == 500
    assert "broke-here" in answer.json()["errors"][0]["message"]


def test_the_page_of_a_crash_names_it_too(rf):
    request = rf.get("/", headers={HEADER: "broke-here"})
    assert "broke-here" in server_error(request).content.decode()


def published() -> list[dict[str, Any]]:
    """Send a task and return what went along with it."""
    sent: list[dict[str, Any]] = []

    def keep(headers: dict[str, Any], **_named: Any) -> None:
        sent.append(headers["__django_structlog__"])

    before_task_publish.connect(keep)
    sweep_scans.delay()
    before_task_publish.disconnect(keep)
    return sent


def test_a_task_takes_the_id_along_and_not_who_asked():
    structlog.contextvars.bind_contextvars(
        request_id="of-this-call", ip="192.0.2.1", user_id=7
    )
    assert published() == [{"request_id": "of-this-call"}]


def test_the_lines_of_a_worker_have_the_id(monkeypatch):
    seen: queue.Queue[dict[str, Any]] = queue.Queue()

    def work() -> None:
        seen.put(structlog.contextvars.get_contextvars())

    monkeypatch.setattr(app.tasks[sweep_scans.name], "run", work)
    with start_worker(app, perform_ping_check=False, pool="solo"):
        structlog.contextvars.bind_contextvars(request_id="of-this-call")
        sweep_scans.delay()
        assert seen.get(timeout=30)["request_id"] == "of-this-call"
