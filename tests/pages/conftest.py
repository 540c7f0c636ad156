"""The cast, and browsers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.pages.cast import make_cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pages.cast import Cast


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


@pytest.fixture
def browser_of(cast) -> Callable[[str], Client]:
    """Return a function that gives a browser signed in as one of the cast."""

    def sign_in(name: str) -> Client:
        client = Client(raise_request_exception=True)
        if name != "anonymous":
            client.force_login(cast.people[name])
        return client

    return sign_in
