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
    """How far a copy is; the total grows when the registry names more blobs."""

    blobs_done: int
    blobs_total: int
    bytes_moved: int


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What a copy did; `bytes_moved` counts blobs that had to be streamed."""

    digest: Digest
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
    before each attempt to write the tag: then all blobs known of are done.
    """
    operation = client.for_operation(*copy_scopes(source, target))
    with _Copy(operation, source, target, parallelism, on_progress) as copy:
        *children, root = manifests
        copy.put([m for m in children if isinstance(m, ImageManifest)])
        for index in children:
            if isinstance(index, ImageIndex):
                copy.put([index])
        copy.report()
        copy.put([root], tag)
    return CopyReport(
        root.digest,
        copy.blobs_mounted,
        copy.bytes_moved,
        operation.meter.requests_made,
    )


class _Copy:
    """One copy under way: the calling thread puts manifests, others provide blobs."""

    def __init__(
        self,
        client: RegistryClient,
        source: RepositoryName,
        target: RepositoryName,
        parallelism: int,
        on_progress: OnProgress | None,
    ) -> None:
        self._client = client
        self._source = source
        self._target = target
        self._on_progress = on_progress
        self._pool = ThreadPoolExecutor(parallelism)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._blobs_done = 0
        self._blobs_total = 0
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
        finished: SimpleQueue[Future[None]] = SimpleQueue()
        futures = [self._pool.submit(self._provide_one, d) for d in digests]
        self._blobs_total += len(futures)
        for future in futures:
            future.add_done_callback(finished.put)
        remaining = len(futures)
        while remaining:
            with suppress(Empty):
                finished.get(timeout=PROGRESS_SECONDS).result()
                self._blobs_done += 1
                remaining -= 1
            self.report()

    def _provide_one(self, digest: Digest) -> None:
        if self._stop.is_set():
            raise _Stopped
        names = {"source": self._source, "target": self._target}
        result = self._client.mount_blob(digest, **names)
        if result.mounted:
            with self._lock:
                self.blobs_mounted += 1
            return
        self._client.stream_blob(
            digest,
            upload_location=result.upload_location,
            on_bytes=self._count_bytes,
            **names,
        )

    def _count_bytes(self, count: int) -> None:
        if self._stop.is_set():
            raise _Stopped
        with self._lock:
            self.bytes_moved += count

    def report(self) -> None:
        """Say how far the copy is; what the caller raises then ends it."""
        if self._on_progress is not None:
            self._on_progress(
                Progress(self._blobs_done, self._blobs_total, self.bytes_moved)
            )
