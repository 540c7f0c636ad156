"""`make screenshots`: a picture of every page, wide, narrow, dark, full and empty.

The pictures are in the folder `screenshots`, which git ignores; its `index.html` shows
them all.
"""

from __future__ import annotations

import shutil
from html import escape
from pathlib import Path

import pytest
from django.conf import settings

from tests.browser.routes import NARROW, WIDE, pages
from tests.pages.cast import LONG_NAME
from tests.pages.needs import NEEDS, Need

pytestmark = pytest.mark.slow

FOLDER = Path(settings.BASE_DIR) / "screenshots"
LOOKS = {
    "wide-light": (WIDE, "light"),
    "wide-dark": (WIDE, "dark"),
    "narrow-light": (NARROW, "light"),
    "narrow-dark": (NARROW, "dark"),
}


def _views(cast):
    """Yield a name, a person and an address for each picture."""
    for route in pages():
        name = route.name.replace(":", "-")
        yield f"{name}", "admin", route.url(cast)
        if NEEDS[route.name] == Need.ACCOUNT:
            yield f"{name}-empty", "newcomer", route.url(cast)
        elif route.parameters == {"namespace", "name"}:
            yield f"{name}-empty", "admin", route.url(cast, name=LONG_NAME)


@pytest.mark.parametrize("look", LOOKS)
def test_take_pictures(cast, page_as, live_server, look):
    size, colours = LOOKS[look]
    folder = FOLDER / look
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, person, address in _views(cast):
        page = page_as(person)
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=colours)
        page.goto(live_server.url + address)
        page.screenshot(path=folder / f"{name}.png", full_page=True)
        page.close()
    _list()


def _list():
    pictures = sorted(FOLDER.glob("*/*.png"))
    shown = (str(picture.relative_to(FOLDER)) for picture in pictures)
    items = "".join(
        f'<figure><figcaption>{escape(name)}</figcaption><img src="{name}"></figure>'
        for name in shown
    )
    (FOLDER / "index.html").write_text(f"<!DOCTYPE html><title>msr</title>{items}")
