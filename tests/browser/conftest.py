"""A portal of the test's own, with the cast signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from tests.pages.cast import make_cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

    from tests.pages.cast import Cast


@pytest.fixture
def cast(transactional_db) -> Cast:
    """The cast, as rows that the portal's own threads see."""
    if connection.vendor != "postgresql":
        # Only TRUNCATE empties tables that nothing may be deleted from.
        pytest.skip("needs PostgreSQL: python -m tests.stack pytest tests/browser")
    return make_cast()


@pytest.fixture
def page_as(
    context: BrowserContext, live_server: LiveServer, cast: Cast
) -> Callable[[str], Page]:
    """Return a function that gives a page on which one of the cast is signed in."""

    def sign_in(name: str) -> Page:
        client = Client()
        client.force_login(cast.people[name])
        key = client.cookies[django_settings.SESSION_COOKIE_NAME].value
        context.clear_cookies()
        context.add_cookies(
            [
                {
                    "name": django_settings.SESSION_COOKIE_NAME,
                    "value": key,
                    "url": live_server.url,
                }
            ]
        )
        return context.new_page()

    return sign_in
