"""The blob half of the registry client: mount, read, and move from place to place."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repositories.registry.errors import RegistryError
from repositories.registry.session import REDIRECTS, Request
from repositories.registry.token import Action, ResourceScope
from repositories.registry.transport import chunks, closing_unless_read

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from repositories.registry.reference import Digest, RepositoryName
    from repositories.registry.session import Session

CREATED, ACCEPTED, NOT_FOUND = 201, 202, 404
_BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class MountResult:
    """Either the blob is mounted, or the upload that the registry began instead."""

    mounted: bool
    upload_location: str = ""


class BlobClient:
    """The operations of a RegistryClient on blobs; all raise RegistryError."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def mount_blob(
        self, digest: Digest, *, source: RepositoryName, target: RepositoryName
    ) -> MountResult:
        """Ask the registry to share a blob of `source` with `target`."""
        uploads = self._path(target, "blobs/uploads/")
        answer = self._session.send(
            Request(
                "POST",
                f"{uploads}?mount={digest}&from={source}",
                copy_scopes(source, target),
                headers={"Content-Length": "0"},
            )
        )
        if answer.status == CREATED:
            return MountResult(mounted=True)
        location = answer.headers.get("Location", "")
        if answer.status != ACCEPTED or not location:
            raise RegistryError("MALFORMED", status=answer.status)
        transport = self._session.transport
        return MountResult(
            mounted=False, upload_location=transport.resolve(location, base=uploads)
        )

    def get_blob(self, name: RepositoryName, digest: Digest, max_bytes: int) -> bytes:
        """Read a small blob, such as a configuration, and check its digest."""
        response = self._session.open_blob(self._blob_request(name, digest))
        content = self._session.transport.read(response, max_bytes)
        if not digest.matches(content):
            raise RegistryError("DIGEST_MISMATCH")
        return content

    def iter_blob(
        self, name: RepositoryName, digest: Digest
    ) -> Generator[bytes, None, None]:
        """Read a blob of any size piece by piece; raises RegistryError.

        The last piece only comes when the whole has the digest. Whoever stops before
        the end closes the iterator, and with it the connection.
        """
        blob = self._session.open_blob(self._blob_request(name, digest))
        with closing_unless_read(blob):
            yield from VerifiedContent(chunks(blob), digest, lambda _size: None)

    def stream_blob(
        self,
        digest: Digest,
        *,
        source: RepositoryName,
        target: RepositoryName,
        upload_location: str,
        on_bytes: Callable[[int], None],
    ) -> int:
        """Move a blob through this process in constant memory; returns its bytes.

        `on_bytes` gets the size of each piece and may raise to give up. When anything
        fails the upload is cancelled; content that is not `digest` is never completed.
        """
        uploads = self._path(target, "blobs/uploads/")
        location = self._session.transport.resolve(upload_location, base=uploads)
        scopes = copy_scopes(source, target)
        try:
            return self._upload(digest, source, location, scopes, on_bytes)
        except BaseException:
            self._cancel(location, target)
            raise

    def blob_exists(self, name: RepositoryName, digest: Digest) -> bool:
        """Tell whether the repository holds the blob."""
        path = self._path(name, f"blobs/{digest}")
        try:
            self._session.send(Request("HEAD", path, pull_scope(name)))
        except RegistryError as error:
            if error.status in REDIRECTS:  # it lies in object storage
                return True
            if error.status == NOT_FOUND:
                return False
            raise
        return True

    def _upload(
        self,
        digest: Digest,
        source: RepositoryName,
        location: str,
        scopes: tuple[ResourceScope, ...],
        on_bytes: Callable[[int], None],
    ) -> int:
        """Send the blob as the body of the one PUT that completes the upload."""
        blob = self._session.open_blob(
            Request("GET", self._path(source, f"blobs/{digest}"), scopes)
        )
        with closing_unless_read(blob):
            content = VerifiedContent(chunks(blob), digest, on_bytes)
            headers = {"Content-Type": _BINARY, **_length(blob.headers)}
            path = f"{location}{'&' if '?' in location else '?'}digest={digest}"
            self._session.send(Request("PUT", path, scopes, headers, iter(content)))
        return content.size

    def _cancel(self, location: str, target: RepositoryName) -> None:
        """Ask the registry to drop an upload; if it will not, it expires there.

        Distribution wants the right to delete for it, which no copy's token holds.
        """
        request = Request("DELETE", location, delete_scope(target))
        with suppress(RegistryError):
            self._session.unbound().send(request)

    def _blob_request(self, name: RepositoryName, digest: Digest) -> Request:
        return Request("GET", self._path(name, f"blobs/{digest}"), pull_scope(name))

    def _path(self, name: RepositoryName, rest: str) -> str:
        return self._session.transport.path(f"/v2/{name}/{rest}")


def _length(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the length to announce; without one, the upload is chunked."""
    length = headers.get("Content-Length", "")
    return {"Content-Length": length} if length.isascii() and length.isdigit() else {}


class VerifiedContent:
    """Passes content on, but its last piece only if the whole has the digest."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        digest: Digest,
        on_bytes: Callable[[int], None],
    ) -> None:
        self._chunks = chunks
        self._digest = digest
        self._on_bytes = on_bytes
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        hasher = self._digest.hasher()
        held = b""
        for chunk in self._chunks:
            if held:
                yield held
            held = chunk
            hasher.update(chunk)
            self.size += len(chunk)
            self._on_bytes(len(chunk))
        if hasher.hexdigest() != self._digest.hex:
            raise RegistryError("DIGEST_MISMATCH")
        yield held


def pull_scope(name: RepositoryName) -> tuple[ResourceScope, ...]:
    """Return the scope of reading a repository."""
    return (ResourceScope.repository(name, Action.PULL),)


def push_scope(name: RepositoryName) -> tuple[ResourceScope, ...]:
    """Return the scope of writing to a repository; registries want pull with it."""
    return (ResourceScope.repository(name, Action.PULL, Action.PUSH),)


def delete_scope(name: RepositoryName) -> tuple[ResourceScope, ...]:
    """Return the scope of deleting manifests, or uploads under way."""
    return (ResourceScope.repository(name, Action.PULL, Action.PUSH, Action.DELETE),)


def copy_scopes(
    source: RepositoryName, target: RepositoryName
) -> tuple[ResourceScope, ...]:
    """Return what a mount needs in one token; within one repository just its push."""
    if source == target:
        return push_scope(target)
    return pull_scope(source) + push_scope(target)
