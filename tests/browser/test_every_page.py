"""Every page in a browser: usable by everybody, in every width and colour."""

from __future__ import annotations

import pytest

from tests.browser.accessibility import barriers
from tests.browser.routes import NARROW, WIDE, pages
from tests.pages.hostile import write_harm

pytestmark = pytest.mark.slow

LOOKS = [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light")]


@pytest.mark.parametrize(
    ("size", "colours"), LOOKS, ids=["wide-light", "wide-dark", "narrow-light"]
)
@pytest.mark.parametrize("persona", ["admin"])
def test_no_page_has_a_barrier(cast, page_as, live_server, persona, size, colours):
    page, wrong = page_as(persona), []
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=colours)
    for route in pages():
        page.goto(live_server.url + route.url(cast))
        found = barriers(page)
        if _overflows(page):
            found.append("wider than the window")
        wrong += [f"{route.name}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


def test_hostile_texts_do_nothing(cast, page_as, live_server):
    """A script that ran would complain that there is no `boom`; see `complaints`."""
    write_harm(cast)
    page = page_as("admin")
    for route in pages():
        answer = page.goto(live_server.url + route.url(cast))
        assert answer is not None
        assert answer.ok, route.name


def _overflows(page) -> bool:
    root = "document.documentElement"
    return bool(page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))
