"""The setting that names OpenID Connect providers, read into what allauth wants."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

SETTING = "MSR_OIDC_PROVIDERS"
NEEDED = ("id", "name", "server_url", "client_id", "secret")
OPTIONAL = ("create_users", "scopes", "token_auth_method")
TOKEN_AUTH_METHODS = ("client_secret_basic", "client_secret_post")
# Where plain HTTP reaches nobody else.
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def configured(text: str) -> dict[str, Any]:
    """Return allauth's SOCIALACCOUNT_PROVIDERS for the setting's JSON list.

    Raises ImproperlyConfigured with a sentence about the first thing that is wrong.
    """
    apps = [app_of(entry) for entry in _entries(text)]
    ids = [app["provider_id"] for app in apps]
    if len(set(ids)) < len(ids):
        _refuse("names two providers with the same id; each needs its own")
    return {"openid_connect": {"APPS": apps, "OAUTH_PKCE_ENABLED": True}}


def _entries(text: str) -> list[Any]:
    try:
        entries = json.loads(text or "[]")
    except ValueError as error:
        _refuse(f"is no JSON: {error}")
    if not isinstance(entries, list):
        _refuse("must be a JSON list, one object for each provider")
    return list(entries)


def app_of(entry: Any) -> dict[str, Any]:
    """Return one provider as allauth wants it, checked."""
    _check(entry)
    options = {
        "server_url": entry["server_url"].rstrip("/"),
        "create_users": entry.get("create_users", False),
        "token_auth_method": entry.get("token_auth_method"),
        "scope": entry.get("scopes", ["openid", "profile", "email"]),
    }
    return {
        "provider_id": entry["id"],
        "name": entry["name"],
        "client_id": entry["client_id"],
        "secret": entry["secret"],
        "settings": options,
    }


def _check(entry: Any) -> None:
    if not isinstance(entry, dict):
        _refuse(f"holds {entry!r} where an object with {', '.join(NEEDED)} should be")
    for name in NEEDED:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            _refuse(f"has a provider without {name}; it must be a text")
    if unknown := sorted(set(entry) - {*NEEDED, *OPTIONAL}):
        _refuse(f"says {', '.join(unknown)} of {entry['id']}, which means nothing")
    if not re.fullmatch(r"[a-z0-9-]{1,40}", entry["id"]):
        _refuse("has an id that is not made of lower-case letters, digits and dashes")
    _check_address(entry)
    _check_options(entry)


def _check_address(entry: dict[str, Any]) -> None:
    try:
        url = urlsplit(entry["server_url"])
    except ValueError:
        url = urlsplit("")
    secure = url.scheme == "https" or url.hostname in LOOPBACK
    if not (url.scheme in ("http", "https") and url.hostname and secure):
        _refuse(f"has a server_url of {entry['id']} that does not begin with https://")
    if "/.well-known/" in url.path:
        _refuse(
            f"has a server_url of {entry['id']} with /.well-known/ in it; give the"
            " issuer alone"
        )


def _check_options(entry: dict[str, Any]) -> None:
    if not isinstance(entry.get("create_users", False), bool):
        _refuse(f"must say true or false for create_users of {entry['id']}")
    if entry.get("token_auth_method", TOKEN_AUTH_METHODS[0]) not in TOKEN_AUTH_METHODS:
        _refuse(f"knows {' and '.join(TOKEN_AUTH_METHODS)} as token_auth_method")
    scopes = entry.get("scopes", ["openid"])
    if not isinstance(scopes, list) or "openid" not in scopes:
        _refuse(f"must list scopes of {entry['id']}, openid among them")


def _refuse(reason: str) -> NoReturn:
    message = f"{SETTING} {reason}."
    raise ImproperlyConfigured(message)
