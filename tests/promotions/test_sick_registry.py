"""Promotions towards a registry that is down, refuses, or lies."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.services import promote
from promotions.services.evaluate import evaluate_move
from repositories.models import Tag
from tests.conftest import forget_registry
from tests.factories import make_policy, make_repository, make_tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live_registry import LiveRegistry

pytestmark = pytest.mark.django_db


@pytest.fixture
def run_against(registry: LiveRegistry, settings) -> Callable[[str], Promotion]:
    """Run one promotion against the registry at a URL."""
    settings.REGISTRY_READ_TIMEOUT = 0.5
    source, target = make_repository(name="dev/a"), make_repository(name="qa/a")
    make_policy(source=source, target=target)
    move = make_tag(repository=source, name="1.0").current_move
    (promotion_id,) = evaluate_move(move_id=move.pk)

    def run(url: str) -> Promotion:
        settings.REGISTRY_URL = url
        forget_registry()
        promote.run(promotion_id=promotion_id)
        return Promotion.objects.get(pk=promotion_id)

    return run


def answering(status: int, body: bytes = b"", **headers: str) -> Callable[[Any], None]:
    return lambda handler: handler.reply(status, body, **headers)


def hanging(handler: Any) -> None:
    """Answer nothing until the test is over."""
    handler.server.released.wait(30)


def is_nothing_written() -> bool:
    return not Tag.objects.filter(repository__namespace__name="qa").exists()


def test_a_registry_that_is_down_is_tried_again(run_against) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        promotion = run_against(f"http://127.0.0.1:{nobody.getsockname()[1]}")

    assert (promotion.state, promotion.error_code) == (State.PENDING, "CONNECTION")
    assert promotion.due_at is not None
    assert promotion.due_at > timezone.now()
    assert is_nothing_written()


def test_a_busy_registry_says_when_to_come_back(run_against, make_server) -> None:
    server = make_server(answering(429, Retry_After="120"))
    before = timezone.now()

    promotion = run_against(server.url)

    assert promotion.state == State.PENDING
    assert promotion.due_at is not None
    assert 110 < (promotion.due_at - before).total_seconds() < 130


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_registry_in_trouble_is_tried_again(
    status: int, run_against, make_server
) -> None:
    promotion = run_against(make_server(answering(status)).url)

    assert promotion.state == State.PENDING
    assert promotion.reason


def test_a_registry_that_answers_nothing_is_tried_again(
    run_against, make_server
) -> None:
    server = make_server(hanging)

    promotion = run_against(server.url)

    assert (promotion.state, promotion.error_code) == (State.PENDING, "TIMEOUT")


def test_after_so_many_attempts_it_fails_with_code_and_sentence(
    run_against, make_server, settings
) -> None:
    settings.PROMOTION_ATTEMPTS = 1

    promotion = run_against(make_server(answering(500)).url)

    assert promotion.state == State.FAILED
    assert promotion.error_code
    assert "registry" in promotion.reason


def test_a_refusal_fails_at_once(run_against, make_server) -> None:
    body = b'{"errors":[{"code":"DENIED","message":"no"}]}'

    promotion = run_against(make_server(answering(403, body)).url)

    assert (promotion.state, promotion.error_code) == (State.FAILED, "DENIED")
    assert is_nothing_written()


def test_garbage_fails_at_once(run_against, make_server) -> None:
    promotion = run_against(make_server(answering(400, b"<html>garbage")).url)

    assert promotion.state == State.FAILED
    assert promotion.reason
    assert is_nothing_written()


def test_another_digest_fails_and_writes_no_tag(run_against, make_server) -> None:
    digest = f"sha256:{'0' * 64}"
    server = make_server(answering(201, Docker_Content_Digest=digest))

    promotion = run_against(server.url)

    assert (promotion.state, promotion.error_code) == (State.FAILED, "DIGEST_MISMATCH")
    assert is_nothing_written()


def test_a_redirect_elsewhere_is_not_followed(run_against, make_server) -> None:
    elsewhere = make_server(answering(201))
    server = make_server(answering(307, Location=f"{elsewhere.url}/v2/"))

    promotion = run_against(server.url)

    assert (promotion.state, promotion.error_code) == (State.FAILED, "REDIRECT")
    assert elsewhere.seen == []
