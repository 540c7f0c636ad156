"""The registry client: distribution-spec's API over one pooled, bounded transport."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from repositories.registry import json_document
from repositories.registry.blobs import (
    NOT_FOUND,
    BlobClient,
    delete_scope,
    pull_scope,
    push_scope,
)
from repositories.registry.errors import RegistryError
from repositories.registry.manifest import (
    MAX_MANIFEST_BYTES,
    Descriptor,
    ImageIndex,
    ImageManifest,
    InvalidManifest,
    parse_manifest,
)
from repositories.registry.media_types import MANIFEST_TYPES
from repositories.registry.reference import (
    Digest,
    InvalidReference,
    Reference,
    RepositoryName,
    TagName,
)
from repositories.registry.session import Meter, Request, Session, TokenSource
from repositories.registry.token import ResourceScope
from repositories.registry.transport import Limits, Transport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_LIST_BYTES = 32 * 1024 * 1024  # of one page: 2.8 lists all tags in one
MAX_PAGES = 10_000
MAX_LISTED = 2_000_000  # names of one listing
PAGE_SIZE = 1000  # distribution's own maximum for the catalog

_ACCEPT = {"Accept": ", ".join(MANIFEST_TYPES)}
_CONTENT_DIGEST = "Docker-Content-Digest"
_NEXT_LINK = re.compile(r'<([^<>]{1,4096})>\s*;\s*rel="?next"?', re.IGNORECASE)


class RegistryClient(BlobClient):
    """Speaks to one registry; thread-safe, made once per process, after forking.

    Every method raises RegistryError and nothing else. Tokens come from
    `token_source`, which gets the scopes wanted and returns "" for none. It is asked
    before each request and should remember a token until shortly before it expires.
    """

    def __init__(
        self,
        base_url: str,
        token_source: TokenSource,
        *,
        connect_timeout: float = 3.0,
        read_timeout: float = 30.0,
        pool_size: int = 16,
        ca_file: str | None = None,
    ) -> None:
        """Take times in seconds; `ca_file` None means the system's authorities."""
        limits = Limits(connect_timeout, read_timeout, pool_size)
        transport = Transport(base_url, limits, ca_file=ca_file)
        super().__init__(Session(transport, token_source))

    @property
    def meter(self) -> Meter:
        """Counts what this client sent; one from `for_operation` counts alone."""
        return self._session.meter

    def for_operation(self, *scopes: ResourceScope) -> RegistryClient:
        """Return a client on the same connections, with one token and a new meter."""
        return self._speaking(
            Session(self._session.transport, self._session.token_source, scopes)
        )

    def with_tokens(self, token_source: TokenSource) -> RegistryClient:
        """Return a client on the same connections that speaks for somebody else."""
        return self._speaking(Session(self._session.transport, token_source))

    @classmethod
    def _speaking(cls, session: Session) -> RegistryClient:
        client = cls.__new__(cls)
        BlobClient.__init__(client, session)
        return client

    def close(self) -> None:
        """Close the idle connections."""
        self._session.transport.close()

    def ping(self) -> str:
        """Check that the registry is there and accepts our tokens.

        Returns the version of the API that it names, "" where it names none.
        """
        path = self._session.transport.path("/v2/")
        answer = self._session.send(Request("GET", path, ()))
        return answer.headers.get("Docker-Distribution-Api-Version", "")[:100]

    def head_manifest(
        self, name: RepositoryName, reference: Reference
    ) -> Descriptor | None:
        """Describe a manifest; None when the registry does not hold it."""
        path = self._manifest_path(name, reference)
        try:
            answer = self._session.send(
                Request("HEAD", path, pull_scope(name), headers=_ACCEPT)
            )
        except RegistryError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        digest = _content_digest(answer.headers)
        if digest is None:
            manifest = self.get_manifest(name, reference)
            return Descriptor(manifest.media_type, manifest.digest, manifest.size)
        _require_digest(digest, reference)
        length = answer.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise RegistryError("MALFORMED", "The registry states no size.")
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        return Descriptor(media_type, digest, int(length[:18]))

    def get_manifest(
        self, name: RepositoryName, reference: Reference
    ) -> ImageManifest | ImageIndex:
        """Read a manifest and check its digest; what we refuse to read is MALFORMED."""
        answer = self._session.send(
            Request(
                "GET",
                self._manifest_path(name, reference),
                pull_scope(name),
                headers=_ACCEPT,
                max_bytes=MAX_MANIFEST_BYTES,
            )
        )
        for expected in (reference, _content_digest(answer.headers)):
            if isinstance(expected, Digest) and not expected.matches(answer.body):
                raise RegistryError("DIGEST_MISMATCH")
        try:
            return parse_manifest(answer.body, answer.headers.get("Content-Type", ""))
        except InvalidManifest as error:
            raise RegistryError("MALFORMED", str(error)) from error

    def put_manifest(
        self, name: RepositoryName, reference: Reference, raw: bytes, media_type: str
    ) -> Digest:
        """Store a manifest under a tag or its digest, and return its digest.

        A registry that lacks blobs raises MANIFEST_BLOB_UNKNOWN with them in `missing`.
        """
        if isinstance(reference, Digest) and not reference.matches(raw):
            raise RegistryError("DIGEST_MISMATCH")
        answer = self._session.send(
            Request(
                "PUT",
                self._manifest_path(name, reference),
                push_scope(name),
                headers={"Content-Type": media_type},
                body=raw,
            )
        )
        stored = _content_digest(answer.headers) or Digest.of(raw)
        if not stored.matches(raw):
            raise RegistryError(
                "DIGEST_MISMATCH", "The registry stored something else than was sent."
            )
        return stored

    def delete_manifest(self, name: RepositoryName, digest: Digest) -> None:
        """Delete a manifest, and on distribution every tag that points to it."""
        self._delete(name, digest)

    def delete_tag(self, name: RepositoryName, tag: TagName) -> None:
        """Delete a tag alone; UNSUPPORTED where the registry cannot (2.8)."""
        try:
            self._delete(name, tag)
        except RegistryError as error:
            if error.status in {400, 405}:
                raise RegistryError(
                    "UNSUPPORTED",
                    "This registry cannot delete a tag without its manifest.",
                    status=error.status,
                ) from error
            raise

    def iter_tags(self, name: RepositoryName) -> Iterator[str]:
        """List a repository's tags, unchecked; NAME_UNKNOWN when it has none."""
        return self._listed(f"/v2/{name}/tags/list", "tags", pull_scope(name))

    def iter_repositories(self) -> Iterator[str]:
        """List the paths of all repositories, unchecked."""
        scopes = (ResourceScope.catalog(),)
        return self._listed("/v2/_catalog", "repositories", scopes)

    def _delete(self, name: RepositoryName, reference: Reference) -> None:
        path = self._manifest_path(name, reference)
        self._session.send(Request("DELETE", path, delete_scope(name)))

    def _manifest_path(self, name: RepositoryName, reference: Reference) -> str:
        return self._path(name, f"manifests/{reference}")

    def _listed(
        self, path: str, key: str, scopes: tuple[ResourceScope, ...]
    ) -> Iterator[str]:
        """Follow the pages of a listing, if the registry pages it at all."""
        own_path = self._session.transport.path(path)
        url, listed = f"{own_path}?n={PAGE_SIZE}", 0
        for _ in range(MAX_PAGES):
            answer = self._session.send(
                Request("GET", url, scopes, max_bytes=MAX_LIST_BYTES)
            )
            names = _names(answer.body, key)
            listed += len(names)
            if listed > MAX_LISTED:
                break
            yield from names
            following = self._next_page(answer.headers, own_path)
            if not following:
                return
            if following == url or not names:
                raise RegistryError("MALFORMED", "The registry's listing has no end.")
            url = following
        raise RegistryError("TOO_LARGE", "The registry's listing is too long.")

    def _next_page(self, headers: Mapping[str, str], path: str) -> str:
        """Return where the listing continues, "" at its end."""
        link = _NEXT_LINK.search(headers.get("Link", "")[:8192])
        if link is None:
            return ""
        following = self._session.transport.resolve(link[1], base=path)
        if following.partition("?")[0] != path:
            raise RegistryError("REDIRECT", "The registry's listing leads elsewhere.")
        return following


def _content_digest(headers: Mapping[str, str]) -> Digest | None:
    text = headers.get(_CONTENT_DIGEST)
    if text is None:
        return None
    try:
        return Digest.parse(text)
    except InvalidReference as error:
        raise RegistryError("MALFORMED", f"The registry's answer: {error}") from error


def _require_digest(digest: Digest, reference: Reference) -> None:
    if isinstance(reference, Digest) and digest != reference:
        raise RegistryError("DIGEST_MISMATCH")


def _names(body: bytes, key: str) -> list[str]:
    try:
        page: Any = json_document.load(body)
    except json_document.InvalidDocument as error:
        raise RegistryError("MALFORMED") from error
    if not isinstance(page, dict) or key not in page:
        raise RegistryError("MALFORMED", f"The registry's answer lists no {key}.")
    names = page[key] or []
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise RegistryError("MALFORMED", f"The registry's answer lists no {key}.")
    return names
