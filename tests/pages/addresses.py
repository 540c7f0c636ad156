"""The portal's pages, out of the URL map itself: a new one appears here by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.pages.cast import Cast

# What programs call, and Django's own administration: other tests walk those.
ELSEWHERE = (
    "admin/",
    "api/",
    "auth/token",
    "enzi/",
    "health",
    "readyz",
    "registry/",
)

QUERIES = {
    "repositories:vulnerability": "?id=CVE-2021-1",
    "repositories:delete_tags": "?tag=broken",
    "repositories:find": "?q=e",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One address: the view's name with its namespace, and what its URL needs."""

    name: str
    parameters: frozenset[str]

    def url(self, cast: Cast, **others: Any) -> str:
        """Return the address with the cast's objects in it, or with `others`."""
        arguments = {
            key: others.get(key) or argument(self.name, key, cast)
            for key in self.parameters
        }
        return reverse(self.name, kwargs=arguments) + QUERIES.get(self.name, "")


def portal_routes() -> list[Route]:
    """Return every address of the portal, in the order of the URL map."""
    return list(_routes(get_resolver().url_patterns))


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[Route]:
    for pattern in patterns:
        if str(pattern.pattern).startswith(ELSEWHERE):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _routes(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            yield Route(
                f"{prefix}{pattern.name}", frozenset(pattern.pattern.converters)
            )


def argument(view: str, parameter: str, cast: Cast) -> Any:
    """Return the value of an address's parameter on one page."""
    if "webhooks" in view and parameter in {"uuid", "delivery"}:
        found = cast.objects[_delivery_of(view)]
        return found.uuid if parameter == "delivery" else found.webhook.uuid
    if parameter == "uuid":
        return _uuid(view, cast)
    values = {
        "namespace": cast.source.namespace.name,
        "name": cast.source.name,
        "tag": cast.tag.name,
        "team": cast.objects["team"].name,
        "topic": "policies",
        "username": "walter",
        "robot": "ci",
        "pk": 0,
        "provider_id": "nobody",
    }
    return values[parameter]


def _delivery_of(view: str) -> str:
    """Return which of the cast's deliveries is looked at in a place."""
    prefix = view.removeprefix("repositories:").partition("webhooks")[0]
    return f"{prefix}delivery"


def _uuid(view: str, cast: Cast) -> Any:
    kinds = {
        "promotions:promotion": "promotion",
        "promotions:again": "promotion",
        "promotions:cancel": "promotion",
        "accounts:revoke_robot_token": "robot_token",
        "accounts:end_ci_trust": "trust",
        "repositories:unhide": "exception",
        "repositories:namespace_unhide": "namespace_exception",
    }
    if view in kinds:
        return cast.objects[kinds[view]].uuid
    if view.startswith("promotions:global_") or view == "promotions:admission":
        return cast.objects["global_policy"].uuid
    if view.startswith("promotions:namespace_"):
        return cast.objects["namespace_policy"].uuid
    return cast.policy.uuid
