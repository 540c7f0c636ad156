"""What somebody from outside wrote is shown as text, on every page."""

from __future__ import annotations

import pytest
from justhtml import JustHTML

from tests.pages.addresses import portal_routes
from tests.pages.hostile import TEXT, write_harm
from tests.pages.needs import NEEDS


@pytest.mark.parametrize("persona", ["admin", "dana", "rita"])
def test_hostile_texts_are_text(cast, browser_of, persona):
    write_harm(cast)
    client, wrong, shown = browser_of(persona), [], 0
    for route in portal_routes():
        if route.name not in NEEDS:
            continue
        response = client.get(route.url(cast))
        if not response.headers["Content-Type"].startswith("text/html"):
            continue
        document = JustHTML(response.text, sanitize=False)
        shown += "{{7*7}}" in response.text
        wrong += [f"{route.name}: {one}" for one in _harm(document)]
        if "49{" in response.text:
            wrong.append(f"{route.name}: the text was rendered as a template")
    assert not wrong
    assert shown > len(NEEDS) // 4  # else it was not looked at what was written


def _harm(document):
    """Return the elements and links that only the hostile text can have made."""
    elements = document.query("[harm], [onerror], img[src=x]")
    links = document.query("a[href], form[action], button[formaction]")
    addresses = [
        one.attrs.get(name) or ""
        for one in links
        for name in ("href", "action", "formaction")
    ]
    made = [str(one.name) for one in elements]
    return made + [one for one in addresses if one.lower().startswith("javascript:")]


def test_the_text_would_do_harm_where_it_is_not_escaped():
    assert _harm(JustHTML(f"<p title='{TEXT}'>{TEXT}</p>", sanitize=False))
    assert _harm(JustHTML('<a href="JavaScript:boom()">x</a>', sanitize=False))
