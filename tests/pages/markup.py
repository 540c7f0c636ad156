"""What is wrong with a page's HTML, by the standard's own parser and its references."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from justhtml import JustHTML

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list")
# Elements of HTML that may not stand inside one of their own kind or each other.
INTERACTIVE = ("a[href]", "button", "input", "select", "textarea", "label")
EVENTS = ("onclick", "onload", "onerror", "onchange", "onsubmit", "onfocus")


def faults(html: str) -> list[str]:
    """Return what a validator and the portal's own policy would complain about."""
    document = JustHTML(html, collect_errors=True, sanitize=False)
    parsed = [f"{one.code} in line {one.line}" for one in document.errors]
    return [*parsed, *_faults(document)]


def _faults(document: JustHTML) -> Iterator[str]:
    identifiers = Counter(_values(document, "*", "id"))
    yield from (f"#{name} twice" for name, count in identifiers.items() if count > 1)
    for attribute in REFERENCES:
        for named in _values(document, "*", attribute):
            for name in set(named.split()) - identifiers.keys():
                yield f"{attribute} names #{name}, which is not there"
    for outer in ("a", "button"):
        for inner in INTERACTIVE:
            if document.query(f"{outer} {inner}"):
                yield f"{inner} inside {outer}"
    yield from _without_token(document)
    yield from _against_policy(document)


def _without_token(document: JustHTML) -> Iterator[str]:
    """Forms that the portal would refuse, as forged."""
    for form in document.query("form[method=post]"):
        if not form.query("input[name=csrfmiddlewaretoken]"):
            yield f"a form without its token, to {(form.attrs or {}).get('action')}"


def _against_policy(document: JustHTML) -> Iterator[str]:
    """What the content security policy would keep from working."""
    for name in ("style", *EVENTS):
        yield from (f"attribute {name}" for _ in _values(document, "*", name))
    yield from ("a style element" for _ in document.query("style"))
    yield from ("a script inside" for _ in document.query("script:not([src])"))
    loaded = _values(document, "script", "src") + _values(document, "link", "href")
    for address in loaded:
        if address.startswith(("http", "//")):
            yield f"something from elsewhere: {address}"


def _values(document: JustHTML, elements: str, attribute: str) -> list[str]:
    found = document.query(f"{elements}[{attribute}]")
    return [(one.attrs or {}).get(attribute) or "" for one in found]
