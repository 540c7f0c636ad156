"""Every list of another registry, page by page, as typed values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from promotions.services.importing.connection import MAX_START
from promotions.services.importing.errors import NotThere, UnusableAnswer
from promotions.services.importing.fields import Fields
from promotions.services.importing.kinds import (
    Account,
    HiddenVulnerability,
    Member,
    Policy,
    Repository,
    Tag,
    Team,
    TeamAccess,
    Webhook,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promotions.services.importing.connection import Connection, Page

PAGE = "100"
MAX_PAGES = 10_000
MAX_TOTAL = 256 * 1024 * 1024  # bytes of all answers together
MAX_ROWS = 200_000  # of one list
API = ("api", "v0")
IDENTITY = ("enzi", "v0")

R_co = TypeVar("R_co", covariant=True)


class Readable(Protocol[R_co]):
    """A kind of value that is read from an object."""

    def read(self, fields: Fields) -> R_co: ...


@dataclass(frozen=True, slots=True)
class Complaint:
    """An entry that could not be read, and why."""

    reason: str
    original: dict[str, Any] = field(repr=False)


@dataclass(slots=True)
class Source:
    """The other registry. `complaints` are about entries that were left out."""

    connection: Connection
    complaints: list[Complaint] = field(default_factory=list)
    read_bytes: int = 0

    @property
    def url(self) -> str:
        return self.connection.url

    def accounts(self) -> list[Account]:
        return self._enzi("accounts", Account, "accounts", is_optional=False)

    def members(self, organization: str) -> list[Member]:
        return self._enzi("members", Member, "accounts", organization, "members")

    def teams(self, organization: str) -> list[Team]:
        return self._enzi("teams", Team, "accounts", organization, "teams")

    def team_members(self, organization: str, team: str) -> list[Member]:
        path = ("accounts", organization, "teams", team, "members")
        return self._enzi("members", Member, *path)

    def repositories(self, namespace: str = "") -> list[Repository]:
        """Return the repositories, perhaps of one namespace, as lists show them."""
        path = ("repositories", namespace) if namespace else ("repositories",)
        return self._msr("repositories", Repository, *path, is_optional=False)

    def repository(self, namespace: str, name: str) -> Repository:
        """Return one with its long description, which lists leave out."""
        address = self.connection.address(*API, "repositories", namespace, name)
        return Repository.read(Fields.of(address, self._asked(address).value))

    def team_access(self, namespace: str, name: str) -> list[TeamAccess]:
        path = ("repositories", namespace, name, "teamAccess")
        return self._msr("teamAccessList", TeamAccess, *path)

    def namespace_team_access(self, namespace: str) -> list[TeamAccess]:
        path = ("repositoryNamespaces", namespace, "teamAccess")
        return self._msr("teamAccessList", TeamAccess, *path)

    def policies(self, namespace: str, name: str) -> list[Policy]:
        """Return the policies that promote from a repository."""
        path = ("repositories", namespace, name, "promotionPolicies")
        return self._msr("", Policy, *path, source="true")

    def namespace_policies(self, namespace: str) -> list[Policy]:
        """Return those over many repositories, which another portal has; MSR none."""
        path = ("repositoryNamespaces", namespace, "promotionPolicies")
        return self._msr("", Policy, *path)

    def global_policies(self) -> list[Policy]:
        """Return those over any namespace, which another portal has; MSR none."""
        return self._msr("", Policy, "promotionPolicies")

    def webhooks(self) -> list[Webhook]:
        return self._msr("", Webhook, "webhooks", webhookType="any")

    def hidden_vulnerabilities(self) -> list[HiddenVulnerability]:
        return self._msr("", HiddenVulnerability, "imagescan", "layeroverride")

    def tags(self, namespace: str, name: str) -> list[Tag]:
        """Return the tags; raises NotThere where the repository is gone."""
        path = ("repositories", namespace, name, "tags")
        return self._msr("", Tag, *path, is_optional=False)

    def _msr(
        self,
        key: str,
        kind: Readable[R_co],
        *path: str,
        is_optional: bool = True,
        **query: str,
    ) -> list[R_co]:
        pages = self._pages((*API, *path), {"pageSize": PAGE, **query}, "pageStart")
        return self._rows(key, kind, pages, is_optional=is_optional)

    def _enzi(
        self, key: str, kind: Readable[R_co], *path: str, is_optional: bool = True
    ) -> list[R_co]:
        pages = self._pages((*IDENTITY, *path), {"limit": PAGE}, "start")
        return self._rows(key, kind, pages, is_optional=is_optional)

    def _rows(
        self,
        key: str,
        kind: Readable[R_co],
        pages: Iterator[tuple[str, Any]],
        *,
        is_optional: bool,
    ) -> list[R_co]:
        """Read the entries of all pages; an optional list may not be there."""
        rows: list[R_co] = []
        try:
            for address, value in pages:
                entries = _entries(address, value, key)
                if len(rows) + len(entries) > MAX_ROWS:
                    message = f"{address}: the list has more than {MAX_ROWS} entries."
                    raise UnusableAnswer(message)
                rows += self._readable(address, kind, entries)
        except NotThere:
            if not is_optional:
                raise
        return rows

    def _readable(
        self, address: str, kind: Readable[R_co], entries: list[Any]
    ) -> Iterator[R_co]:
        for entry in entries:
            try:
                yield kind.read(Fields.of(address, entry))
            except UnusableAnswer as error:
                kept = Fields(address, {"entry": entry}).original
                self.complaints.append(Complaint(str(error), kept))

    def _asked(self, address: str) -> Page:
        """Ask, and count what is kept in memory until it is written."""
        page = self.connection.get(address)
        self.read_bytes += page.size
        if self.read_bytes > MAX_TOTAL:
            message = (
                f"{address}: the answers are too large together; take over some"
                " namespaces at a time."
            )
            raise UnusableAnswer(message)
        return page

    def _pages(
        self, path: tuple[str, ...], query: dict[str, str], start_name: str
    ) -> Iterator[tuple[str, Any]]:
        """Ask for page after page; raises UnusableAnswer where they go in a circle."""
        seen: set[str] = set()
        start: dict[str, str] = {}
        while True:
            address = self.connection.address(*path, **query, **start)
            page = self._asked(address)
            yield address, page.value
            following = page.next_start or _named_inside(address, page.value)
            if not following:
                return
            if following in seen or len(seen) >= MAX_PAGES:
                message = f"{address}: the pages of this list come again and again."
                raise UnusableAnswer(message)
            seen.add(following)
            start = {start_name: following}


def _entries(address: str, value: Any, key: str) -> list[Any]:
    """Return the list in an answer: the answer itself, or what stands under `key`."""
    found = value.get(key) if key and isinstance(value, dict) else value
    if found is None:
        return []  # as Go writes an empty list
    if not isinstance(found, list):
        what = f"“{key}” is no list" if key else "the answer is no list"
        message = f"{address}: {what}."
        raise UnusableAnswer(message)
    return found


def _named_inside(address: str, value: Any) -> str:
    """Return what names the next page in the body, as the identity API may do."""
    if not isinstance(value, dict):
        return ""
    return Fields.of(address, value).text("nextPageStart")[:MAX_START]
