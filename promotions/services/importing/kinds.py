"""What MSR answers, as far as an import uses it; each keeps the JSON it came as.

The shapes are those of MSR's API reference (`responses.…`, `schema.…`) and of its
identity API (`/enzi/v0`); MSR 2.3 and later send them with more or fewer fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from promotions.services.importing.fields import Fields


@dataclass(frozen=True, slots=True)
class Account:
    """A person or an organization; `is_admin` of a person is of the whole registry."""

    id: str
    name: str
    full_name: str = ""
    is_organization: bool = False
    is_admin: bool = False
    is_active: bool = True
    original: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(
            id=fields.text("id"),
            name=fields.needed("name"),
            full_name=fields.text("fullName"),
            is_organization=fields.flag("isOrg"),
            is_admin=fields.flag("isAdmin"),
            is_active=fields.flag("isActive", default=True),
            original=fields.original,
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A person in an organization or a team; `is_admin` makes an owner of the former.

    Some versions wrap the account in `member`, others answer the account itself.
    """

    name: str
    is_admin: bool = False
    original: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        wrapped = fields.inner("member")
        # In a bare account `isAdmin` is of the registry, and makes nobody an owner.
        is_admin = bool(wrapped.values) and fields.flag("isAdmin")
        account = wrapped if wrapped.values else fields
        return cls(account.needed("name"), is_admin, fields.original)


@dataclass(frozen=True, slots=True)
class Team:
    """A team of an organization."""

    id: str
    name: str
    description: str = ""
    original: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(
            id=fields.text("id"),
            name=fields.needed("name"),
            description=fields.text("description"),
            original=fields.original,
        )


@dataclass(frozen=True, slots=True)
class TeamAccess:
    """A level that a team has; MSR names the team by its id alone."""

    team_id: str
    team_name: str
    level: str
    original: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        team = fields.inner("team")
        return cls(
            team_id=team.text("id"),
            team_name=team.text("name"),
            level=fields.needed("accessLevel"),
            original=fields.original,
        )


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with its settings."""

    namespace: str
    name: str
    namespace_type: str
    visibility: str
    short_description: str
    long_description: str
    scan_on_push: bool
    immutable_tags: bool
    enable_manifest_lists: bool
    tag_limit: int
    original: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(
            namespace=fields.needed("namespace"),
            name=fields.needed("name"),
            namespace_type=fields.text("namespaceType", "organization"),
            visibility=fields.text("visibility", "private"),
            short_description=fields.text("shortDescription"),
            long_description=fields.text("longDescription"),
            scan_on_push=fields.flag("scanOnPush"),
            immutable_tags=fields.flag("immutableTags"),
            enable_manifest_lists=fields.flag("enableManifestLists", default=True),
            tag_limit=fields.number("tagLimit"),
            original=fields.original,
        )

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Policy:
    """A promotion policy. What it says is read later: it is kept whatever that is."""

    id: str
    original: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(fields.needed("id"), fields.original)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription to one type of event; `key` is a repository or a namespace."""

    id: str
    type: str
    key: str
    endpoint: str
    has_certificate: bool = False
    skip_tls_verification: bool = False
    is_inactive: bool = False
    original: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(
            id=fields.needed("id"),
            type=fields.text("type"),
            key=fields.text("key"),
            endpoint=fields.text("endpoint"),
            has_certificate=bool(fields.text("tlsCert")),
            skip_tls_verification=fields.flag("skipTLSVerification"),
            is_inactive=fields.flag("inactive"),
            original=fields.original,
        )


@dataclass(frozen=True, slots=True)
class HiddenVulnerability:
    """A vulnerability that does not count in a layer (MSR: *override*)."""

    id: str
    vulnerability: str
    layer_digest: str
    component: str = ""
    component_version: str = ""
    notes: str = ""
    original: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(
            id=fields.needed("pk"),
            vulnerability=fields.needed("cve"),
            layer_digest=fields.text("digest"),
            component=fields.text("component"),
            component_version=fields.text("componentVersion"),
            notes=fields.text("notes"),
            original=fields.original,
        )


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and the digest it points to."""

    name: str
    digest: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        digest = fields.text("digest") or fields.inner("manifest").text("digest")
        return cls(fields.needed("name"), digest)
