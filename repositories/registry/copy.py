"""Copying images inside one registry: ask what is missing, mount that, ask again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self

from repositories.registry.blobs import copy_scopes
from repositories.registry.errors import RegistryError
from repositories.registry.manifest import ImageIndex, ImageManifest

if TYPE_CHECKING:
    from repositories.registry.client import RegistryClient
    from repositories.registry.reference import (
        Digest,
        Reference,
        RepositoryName,
        TagName,
    )

MAX_ROUNDS = 4  # a blob just mounted may be collected as garbage before the next PUT
PROGRESS_SECONDS = 1.0  # between two reports while blobs are streamed
_LACKING = frozenset({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"})

Manifest = ImageManifest | ImageIndex


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a copy is: of all blobs of the image, those known to be in the target.

    `is_before_put` says that manifests are written next, the tag perhaps among them.
    """

    blobs_done: int
    blobs_total: int
    bytes_moved: int
    is_before_put: bool = False


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What a copy did; `bytes_moved` counts blobs that had to be streamed."""

    digest: Digest
    blobs_total: int
    blobs_mounted: int
    bytes_moved: int
    requests_made: int


OnProgress = Callable[[Progress], None]


class _Stopped(Exception):
    """Raised in a worker thread after the copy has failed elsewhere."""


def copy_image(  # noqa: PLR0913 - whence, whither, what, as what, and how
    client: RegistryClient,
    *,
    source: RepositoryName,
    target: RepositoryName,
    manifests: Sequence[Manifest],
    tag: TagName,
    parallelism: int = 8,
    on_progress: OnProgress | None = None,
) -> CopyReport:
    """Copy a tree of manifests, children before parents, and tag the last one.

    Raises RegistryError, or what `on_progress` raises; then the tag is not written.
    `on_progress` is called in the calling thread, after each blob, while streaming, and
    before each attempt to write the tag.
    """
    operation = client.for_operation(*copy_scopes(source, target))
    progress = _Progress(manifests, on_progress)
    with _Copy(operation, source, target, parallelism, progress) as copy:
        *children, root = manifests
        copy.put([m for m in children if isinstance(m, ImageManifest)])
        for index in children:
            if isinstance(index, ImageIndex):
                copy.put([index])
        copy.report(is_before_put=True)
        copy.put([root], tag)
    return CopyReport(
        root.digest,
        progress.total,
        copy.blobs_mounted,
        copy.bytes_moved,
        operation.meter.requests_made,
    )


class _Progress:
    """Counts the blobs of an image that are known to be in the target."""

    def __init__(
        self, manifests: Sequence[Manifest], on_progress: OnProgress | None
    ) -> None:
        self._tell = on_progress
        self._there: set[Digest] = set()
        images = (one for one in manifests if isinstance(one, ImageManifest))
        self.total = len({blob.digest for one in images for blob in one.blobs})

    def found(self, manifest: Manifest, lacking: Iterable[Digest]) -> None:
        """Count what the registry did not ask for when it was given the manifest."""
        if isinstance(manifest, ImageManifest):
            blobs = {blob.digest for blob in manifest.blobs}
            self._there |= blobs.difference(lacking)

    def provided(self, digest: Digest) -> None:
        self._there.add(digest)

    def tell(self, bytes_moved: int, *, is_before_put: bool) -> None:
        """Say how far the copy is; what the caller raises then ends it."""
        if self._tell is not None:
            done = len(self._there)
            self._tell(Progress(done, self.total, bytes_moved, is_before_put))


class _Copy:
    """One copy under way: the calling thread puts manifests, others provide blobs."""

    def __init__(
        self,
        client: RegistryClient,
        source: RepositoryName,
        target: RepositoryName,
        parallelism: int,
        progress: _Progress,
    ) -> None:
        self._client = client
        self._source = source
        self._target = target
        self._progress = progress
        self._pool = ThreadPoolExecutor(parallelism)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.blobs_mounted = 0
        self.bytes_moved = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown(cancel_futures=True)

    def put(self, manifests: Sequence[Manifest], tag: TagName | None = None) -> None:
        """Put each by digest, or by `tag`, and provide the blobs they turn out to lack.

        Raises RegistryError when the registry still lacks some after MAX_ROUNDS.
        """
        pending = list(manifests)
        for _ in range(MAX_ROUNDS):
            lacking = self._put_each(pending, tag)
            for manifest, blobs in zip(pending, lacking, strict=True):
                self._progress.found(manifest, blobs)
            pending = [m for m, blobs in zip(pending, lacking, strict=True) if blobs]
            if not pending:
                return
            self._provide(dict.fromkeys(chain.from_iterable(lacking)))
        raise RegistryError(
            "MANIFEST_BLOB_UNKNOWN",
            "The registry lost blobs again while the image was copied; check that it "
            "does not collect garbage at the same time.",
        )

    def _put_each(
        self, manifests: Sequence[Manifest], tag: TagName | None
    ) -> list[Sequence[Digest]]:
        """Put all, several at a time; a single one costs no thread."""
        each = self._pool.map if len(manifests) > 1 else map
        return list(each(lambda m: self._put_one(m, tag or m.digest), manifests))

    def _put_one(self, manifest: Manifest, reference: Reference) -> Sequence[Digest]:
        """Put a manifest; returns the blobs it lacks, none when it was stored."""
        try:
            self._client.put_manifest(
                self._target, reference, manifest.raw, manifest.media_type
            )
        except RegistryError as error:
            if error.code not in _LACKING or isinstance(manifest, ImageIndex):
                raise
            held, missing = [b.digest for b in manifest.blobs], set(error.missing)
            return [digest for digest in held if digest in missing] or held
        return ()

    def _provide(self, digests: Iterable[Digest]) -> None:
        """Bring blobs into the target, several at a time, and report on the way."""
        finished: SimpleQueue[Future[Digest]] = SimpleQueue()
        futures = [self._pool.submit(self._provide_one, d) for d in digests]
        for future in futures:
            future.add_done_callback(finished.put)
        remaining = len(futures)
        while remaining:
            with suppress(Empty):
                digest = finished.get(timeout=PROGRESS_SECONDS).result()
                self._progress.provided(digest)
                remaining -= 1
            self.report(is_before_put=not remaining)

    def _provide_one(self, digest: Digest) -> Digest:
        if self._stop.is_set():
            raise _Stopped
        names = {"source": self._source, "target": self._target}
        result = self._client.mount_blob(digest, **names)
        if result.mounted:
            with self._lock:
                self.blobs_mounted += 1
            return digest
        self._client.stream_blob(
            digest,
            upload_location=result.upload_location,
            on_bytes=self._count_bytes,
            **names,
        )
        return digest

    def _count_bytes(self, count: int) -> None:
        if self._stop.is_set():
            raise _Stopped
        with self._lock:
            self.bytes_moved += count

    def report(self, *, is_before_put: bool) -> None:
        """Say how far the copy is; what the caller raises then ends it."""
        self._progress.tell(self.bytes_moved, is_before_put=is_before_put)
