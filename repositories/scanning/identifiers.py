"""The ids of vulnerabilities, in the one form in which they are stored and sought."""

from __future__ import annotations

import re

_GITHUB = "GHSA-"
# Where a database shows an entry; what is not quite such an id has no page.
_PAGES = (
    (re.compile(r"CVE-\d{4}-\d{4,}"), "https://nvd.nist.gov/vuln/detail/"),
    (re.compile(r"GHSA(-[0-9a-z]{4}){3}"), "https://github.com/advisories/"),
    (re.compile(r"(PYSEC|GO|RUSTSEC|MAL)-\d{4}-\d+"), "https://osv.dev/vulnerability/"),
)


def canonical(text: str) -> str:
    """Return an id as its database writes it: `CVE-2024-1`, `GHSA-jfh8-c2jp-5v3q`."""
    upper = text.strip().upper()
    if upper.startswith(_GITHUB):
        return _GITHUB + upper.removeprefix(_GITHUB).lower()
    return upper


def page_of(identifier: str) -> str:
    """Return the address at which its database tells of it; "" where none is known."""
    pages = (base for form, base in _PAGES if form.fullmatch(identifier))
    return "".join(f"{base}{identifier}" for base in pages)
