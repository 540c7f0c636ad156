"""A registry that answers as MSR's API reference has it, two entries a page."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile_registry import HostileServer

USER, SECRET = "admin", "the administrator's secret"
BASIC = f"Basic {b64encode(f'{USER}:{SECRET}'.encode()).decode()}"
PAGE = 2
LAYER = "sha256:" + "1" * 64
OTHER_LAYER = "sha256:" + "2" * 64

Body = Any


def rule(of: str, operator: str, *values: str) -> dict[str, Any]:
    return {"field": of, "operator": operator, "values": list(values)}


def repository(full_name: str, **values: Any) -> dict[str, Any]:
    namespace, _, name = full_name.partition("/")
    return {
        "id": f"id-of-{full_name}",
        "namespace": namespace,
        "namespaceType": "organization",
        "name": name,
        "shortDescription": f"What {name} is",
        "longDescription": "",
        "visibility": "private",
        "scanOnPush": True,
        "immutableTags": False,
        "enableManifestLists": True,
        "tagLimit": 0,
        "pulls": 7,
        "pushes": 3,
        **values,
    }


def policy(
    key: str, source: str, target: str, *rules: dict[str, Any], **values: Any
) -> dict[str, Any]:
    return {
        "id": key,
        "enabled": True,
        "rules": list(rules),
        "sourceRepository": source,
        "targetRepository": target,
        "tagTemplate": "%n",
        "lastPromotedAt": "2026-01-01T00:00:00Z",
        **values,
    }


def account(name: str, **values: Any) -> dict[str, Any]:
    return {
        "id": f"id-of-{name}",
        "name": name,
        "fullName": name.title(),
        "isOrg": False,
        "isAdmin": False,
        "isActive": True,
        "isImported": False,
        **values,
    }


def member(name: str, *, is_admin: bool = False) -> dict[str, Any]:
    return {"member": account(name), "isAdmin": is_admin, "isPublic": False}


def access(team: str, level: str) -> dict[str, Any]:
    """As MSR answers it: the team by its id alone."""
    team_json = {"id": f"id-of-{team}", "clientUserIsMember": False}
    return {"accessLevel": level, "team": team_json}


POLICIES = [
    policy(
        "p-stable",
        "dev/website",
        "qa/website",
        rule("tag", "ew", "-stable"),
        rule("vulnerability_critical", "lte", "0"),
        tagTemplate="%Y-%m-%d-%n",
    ),
    policy(
        "p-old",  # of MSR 2.5
        "dev/website",
        "qa/website",
        rule("package.name", "oo", "debian/OpenSSL"),
        rule("license.name", "noo", "GPL-3.0"),
        rule("vulnerability_all", "lt", "100"),
        rule("vulnerability_major", "gte", "0"),
        rule("vulnerability_minor", "neq", "3"),
    ),
    policy(
        "p-cvss3",
        "dev/app",
        "qa/app",
        rule("tag", "matches", "^v[0-9]+$"),
        rule("vulnerability_cvss3_critical", "eq", "0"),
        rule("vulnerability_cvss3_high", "gt", "1"),
        rule("vulnerability_cvss3_medium", "lte", "9"),
        rule("vulnerability_cvss3_low", "lte", "9"),
        rule("updated_at", "af", "2024-01-01T00:00:00Z"),
        rule("updated_at_duration", "bf", "24h"),
        enabled=False,
    ),
    policy(
        "p-noo",
        "dev/app",
        "qa/app",
        rule("tag", "sw", "rc"),
        rule("component.name", "noo", "opensssl"),
    ),
    policy(
        "p-field",
        "dev/app",
        "qa/app",
        rule("tag", "c", "beta"),
        rule("vulnerability_kev", "lte", "0"),
    ),
    policy("p-operator", "dev/app", "qa/app", rule("tag", "resembles", "stable")),
    policy("p-value", "dev/app", "qa/app", rule("vulnerability_all", "lte", "few")),
    policy("p-none", "dev/app", "qa/app", rules=None),
    policy("p-astray", "dev/app", "elsewhere/app", rule("tag", "eq", "1")),
]


@dataclass
class FakeMSR:
    """What it holds, and which request it fails at (counted from 1; 0 is none)."""

    server: HostileServer = field(repr=False)
    accounts: list[Body] = field(
        default_factory=lambda: [
            account("dev", isOrg=True),
            account("qa", isOrg=True),
            account("olga"),
            account("dana"),
            account("quentin", isAdmin=True),
            account("idle", isActive=False),
            account("paul"),
        ]
    )
    members: dict[str, list[Body]] = field(
        default_factory=lambda: {
            "dev": [member("dana"), member("olga", is_admin=True), member("idle")],
            "qa": [member("quentin", is_admin=True)],
        }
    )
    teams: dict[str, dict[str, list[Body]]] = field(
        default_factory=lambda: {
            "dev": {"writers": [member("dana")], "readers": [member("olga")]},
            "qa": {"testers": [member("quentin")]},
        }
    )
    namespace_access: dict[str, list[Body]] = field(
        default_factory=lambda: {"dev": [access("writers", "read-write")]}
    )
    team_access: dict[str, list[Body]] = field(
        default_factory=lambda: {
            "dev/website": [access("readers", "read-only")],
            "qa/website": [access("testers", "admin")],
        }
    )
    repositories: list[Body] = field(
        default_factory=lambda: [
            repository("dev/website", immutableTags=True, tagLimit=5),
            repository("dev/app", visibility="public", longDescription="# App"),
            repository("qa/website"),
            repository("qa/app", scanOnPush=False),
            repository("paul/tool", namespaceType="user"),
        ]
    )
    policies: list[Body] = field(default_factory=lambda: list(POLICIES))
    webhooks: list[Body] = field(
        default_factory=lambda: [
            {
                "id": "w-1",
                "type": "TAG_PUSH",
                "key": "dev/website",
                "endpoint": "https://hooks.example.com/msr",
                "tlsCert": "",
                "skipTLSVerification": False,
                "authorID": "id-of-olga",
                "createdAt": "2026-01-01T00:00:00Z",
                "lastSuccessfulAt": "2026-01-02T00:00:00Z",
                "inactive": False,
            }
        ]
    )
    overrides: list[Body] = field(
        default_factory=lambda: [
            {
                "pk": "o-1",
                "digest": layer,
                "component": "openssl",
                "componentVersion": "3.0.1",
                "cve": cve,
                "notes": "not reachable",
            }
            for layer, cve in ((LAYER, "CVE-2026-1"), (OTHER_LAYER, "CVE-2026-2"))
        ]
    )
    tags: dict[str, list[Body]] = field(default_factory=dict)
    instead: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    fails_at: int = 0
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.overrides[1]["pk"] = "o-2"

    @property
    def url(self) -> str:
        return self.server.url

    def answer(self, handler: Any) -> None:
        """Answer one request."""
        parts = urlsplit(handler.path)
        self.asked.append(handler.path)
        if len(self.asked) == self.fails_at:
            handler.reply(500, b'{"errors":[{"code":"INTERNAL_ERROR"}]}')
        elif handler.headers["Authorization"] != BASIC:
            handler.reply(401)
        elif parts.path in self.instead:
            self.instead[parts.path](handler)
        else:
            found = self._found([unquote(one) for one in parts.path.split("/")[1:]])
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            reply(handler, found, query)

    def _found(self, path: list[str]) -> Body:
        match path:
            case ["enzi", "v0", "accounts"]:
                return {"accounts": self.accounts}
            case ["enzi", "v0", "accounts", name, *rest]:
                return self._of_account(name, rest)
            case ["api", "v0", *rest]:
                return self._api(rest)
        return None

    def _of_account(self, name: str, path: list[str]) -> Body:
        match path:
            case ["members"]:
                return {"members": self.members[name]}
            case ["teams"]:
                ids = [{"id": f"id-of-{one}", "name": one} for one in self.teams[name]]
                return {"teams": ids}
            case ["teams", team, "members"]:
                return {"members": self.teams[name][team.removeprefix("id-of-")]}
        return None

    def _api(self, path: list[str]) -> Body:
        plain = {"webhooks": self.webhooks, "imagescan/layeroverride": self.overrides}
        match path:
            case ["repositories", *rest] if len(rest) <= 1:
                rows = self.repositories
                found = [r for r in rows if not rest or rest == [r["namespace"]]]
                return {"repositories": [self._listed(r) for r in found]}
            case ["repositoryNamespaces", name, "teamAccess"]:
                rows = self.namespace_access.get(name, [])
                return {"namespace": name, "teamAccessList": rows}
            case ["repositories", namespace, name, *rest]:
                return self._of_repository(f"{namespace}/{name}", rest)
        return plain.get("/".join(path))

    def _of_repository(self, full_name: str, path: list[str]) -> Body:
        found = [r for r in self.repositories if named(r) == full_name]
        match path:
            case []:
                return found[0]
            case ["teamAccess"]:
                rows = self.team_access.get(full_name, [])
                return {"repository": found[0], "teamAccessList": rows}
            case ["promotionPolicies"]:
                rows = self.policies
                return [p for p in rows if p["sourceRepository"] == full_name]
            case ["tags"]:
                return self.tags.get(full_name, [])
        return None

    @staticmethod
    def _listed(found: Body) -> Body:
        return {**found, "longDescription": ""}


def named(found: Body) -> str:
    return f"{found['namespace']}/{found['name']}"


def reply(handler: Any, found: Body, query: dict[str, str]) -> None:
    """Send what was found, a page of it where the client asked for pages."""
    if found is None:
        handler.reply(404, b'{"errors":[{"code":"NOT_FOUND"}]}')
        return
    paged = "pageSize" in query or "limit" in query
    start = query.get("pageStart") or query.get("start") or "0"
    headers = {"Content_Type": "application/json"}
    if paged:
        found, following = page_of(found, int(start))
        headers |= {"X_Next_Page_Start": following} if following else {}
    handler.reply(200, json.dumps(found).encode(), **headers)


def page_of(found: Body, start: int) -> tuple[Body, str]:
    """Cut the one list of an answer."""
    if isinstance(found, list):
        return found[start : start + PAGE], following_of(found, start)
    key = next(name for name, value in found.items() if isinstance(value, list))
    rows = found[key]
    return {**found, key: rows[start : start + PAGE]}, following_of(rows, start)


def following_of(rows: list[Body], start: int) -> str:
    return str(start + PAGE) if start + PAGE < len(rows) else ""
