"""People with one factor, two and none, and browsers for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache

from tests.factories import make_user
from tests.sign_in.browser import Browser

if TYPE_CHECKING:
    from accounts.models import User


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    cache.clear()


@pytest.fixture
def dana(db) -> User:
    return make_user(name="dana")


@pytest.fixture
def quinn(db) -> User:
    return make_user(name="quinn")


@pytest.fixture
def browser(db) -> Browser:
    return Browser()


@pytest.fixture
def signed_in(dana: User, browser: Browser) -> Browser:
    """Dana's browser, in which she has signed in and confirmed that it is she."""
    browser.sign_in("dana")
    browser.confirm()
    return browser
