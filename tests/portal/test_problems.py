"""Errors in words: a page for people, MSR's body for programs, a sentence for htmx."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied, TooManyFieldsSent
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client, RequestFactory
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts.access import AccessLevel
from accounts.permissions import RateLimited
from msr.problems.handlers import bad_request, permission_denied, server_error
from tests.factories import grant

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.models import User

SETTINGS = "/r/dev/website/settings"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def reader(client: Client, source, stranger) -> Client:
    """Somebody who may pull `dev/website`, and no more."""
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    client.force_login(stranger)
    return client


@pytest.fixture
def _away(monkeypatch):
    """The database does not answer any more."""

    def refuse(*_args: object, **_options: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", refuse)
    monkeypatch.setattr(connection, "ensure_connection", refuse)


def test_who_lacks_a_right_reads_which_and_who_can_grant_it(reader, dana):
    answer = reader.get(SETTINGS)
    assert answer.status_code == 403
    assert "This needs the right “admin” on dev/website" in answer.text
    assert "Who can give it to you: dana." in answer.text
    assert 'href="/help/roles#refused"' in answer.text


def test_admins_by_grant_are_named_too(reader, source, quinn):
    grant(to=quinn, on=source, level=AccessLevel.ADMIN)
    assert "Who can give it to you: dana, quinn." in reader.get(SETTINGS).text


def test_a_stranger_reads_no_names(client, source, quinn):
    client.force_login(quinn)
    answer = client.get(SETTINGS)
    assert answer.status_code == 404
    assert "dana" not in answer.text
    assert "There is nothing here for you" in answer.text


def test_a_method_that_is_not_offered_has_a_page(reader):
    answer = reader.get("/logout")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST, OPTIONS"
    assert "This is not a page" in answer.text


def test_too_much_at_once_is_refused_with_the_limit(client, dana, source, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client.force_login(dana)
    form = {"short_description": "x" * 2000}
    body = "short_description=" + form["short_description"]
    answer = client.post(
        SETTINGS, body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413
    assert "1000 bytes at most" in answer.text


def test_too_many_fields_are_refused_in_words(client, dana, source, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 10
    client.force_login(dana)
    answer = client.post(SETTINGS, {f"field{n}": "" for n in range(20)})
    assert answer.status_code == 400
    assert "more fields than are read" in answer.text


def test_a_host_that_is_not_ours_is_refused(client, db):
    assert client.get("/login", headers={"Host": "evil.example"}).status_code == 400


def test_too_often_says_when_to_try_again(rf, dana):
    answer = _refused(rf, dana, RateLimited("20 an hour.", retry_after=90))
    assert answer.status_code == 429
    assert answer["Retry-After"] == "90"
    assert "20 an hour." in answer.text
    assert "Try again after <time" in answer.text


def test_a_reason_is_shown_as_text(rf, dana):
    answer = _refused(rf, dana, PermissionDenied("<script>boom()</script>"))
    assert "<script>boom()" not in answer.text


def _refused(rf: RequestFactory, user: User, error: Exception) -> HttpResponse:
    request = rf.get("/")
    request.user = user
    return permission_denied(request, error)


@pytest.mark.usefixtures("_away")
def test_without_a_database_there_is_a_page_all_the_same(client):
    client.cookies["sessionid"] = "x" * 32
    client.cookies["theme"] = "dark"
    answer = client.get("/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert "Not available just now" in answer.text
    assert 'data-theme="dark"' in answer.text
    assert "script-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.usefixtures("_away")
@pytest.mark.parametrize("cookie", ["", "x" * 32])
def test_without_a_database_programs_read_msrs_body(client, cookie):
    if cookie:
        client.cookies["sessionid"] = cookie
    basic = "Basic ZGFuYTpzZWNyZXQ="  # dana:secret
    answer = client.get("/api/v0/repositories", headers={"Authorization": basic})
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert answer.json()["errors"][0]["code"] == "SERVICE_UNAVAILABLE"


def test_a_broker_that_is_away_is_no_crash(rf):
    assert _crashed(rf, RedisConnectionError()).status_code == 503


def test_a_crash_has_a_page_that_needs_nothing(rf):
    answer = _crashed(rf, ZeroDivisionError())
    assert answer.status_code == 500
    assert "Something broke here" in answer.text
    assert "Retry-After" not in answer


def _crashed(rf: RequestFactory, error: Exception) -> HttpResponse:
    def crash() -> None:
        raise error

    try:
        crash()
    except type(error):
        return server_error(rf.get("/"))
    raise AssertionError


def test_htmx_reads_the_sentence_alone(reader):
    answer = reader.get(SETTINGS, headers=HTMX)
    assert answer.status_code == 403
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("This needs the right")


def test_programs_read_of_bad_requests_in_msrs_body(rf):
    answer = bad_request(rf.get("/auth/token"), TooManyFieldsSent())
    assert answer.status_code == 400
    assert b'"code": "INVALID_PARAMETERS"' in answer.content
