"""The ids of vulnerabilities, in the one form in which they are stored and sought."""

from __future__ import annotations

_GITHUB = "GHSA-"


def canonical(text: str) -> str:
    """Return an id as its database writes it: `CVE-2024-1`, `GHSA-jfh8-c2jp-5v3q`."""
    upper = text.strip().upper()
    if upper.startswith(_GITHUB):
        return _GITHUB + upper.removeprefix(_GITHUB).lower()
    return upper
