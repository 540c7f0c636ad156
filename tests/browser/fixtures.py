"""Debian's Chromium, with nothing unseen.

Whatever the content security policy stops, a script throws or a server breaks fails the
test that caused it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.chromium import PROGRAM, SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext

# Playwright's loop runs in the test's thread, where Django would refuse its database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> Any:
    """Debian's Chromium; as root it has no sandbox."""
    return {**browser_type_launch_args, "executable_path": PROGRAM, "args": SWITCHES}


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about; empty at the end of every test."""
    return []


@pytest.fixture
def context(context: BrowserContext, complaints: list[str]) -> Iterator[BrowserContext]:
    """A context whose pages must not complain."""
    context.set_default_timeout(10_000)
    context.on("console", lambda said: _note(complaints, said))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    assert not complaints


# htmx says so when it gives up a question because a newer one is asked. What fails has
# names of its own (htmx:sendError, htmx:responseError) and still complains.
GIVEN_UP = ("htmx:sendAbort", "htmx:afterRequest")


def _note(complaints: list[str], said: Any) -> None:
    is_given_up = said.text.startswith(GIVEN_UP)
    if said.type == "error" and "favicon" not in said.text and not is_given_up:
        complaints.append(f"{said.text} ({said.page.url if said.page else ''})")
