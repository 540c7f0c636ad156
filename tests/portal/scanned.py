"""A tag that was scanned, for what people see of it."""

from __future__ import annotations

from accounts.access import Actor
from repositories.services import exceptions

TAGS = "/r/dev/website/tags"
LAYER = "sha256:" + "a" * 64
FOUND = {"CVE-2021-1": 9.8, "CVE-2021-2": 5.0, "CVE-2021-3": 1.0, "CVE-2021-4": None}
TABS = ("vulnerabilities", "components", "layers", "scans")


def hide(actor, scope, **values):
    values = {"vulnerability": "CVE-2021-1", "reason": "not reachable", **values}
    return exceptions.hide(actor=Actor(actor), scope=scope, **values)


def names(response):
    return [one.name for one in response.context["page"].rows]


def words(text):
    return " ".join(text.split())
