"""The scanner that needs nothing installed: reads layers, and matches advisories."""

from __future__ import annotations

import json
import zlib
from contextlib import closing, contextmanager
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from repositories.models import LayerInventory, ManifestLayer
from repositories.registry import (
    Digest,
    InvalidReference,
    RegistryClient,
    RegistryError,
    RepositoryName,
)
from repositories.scanning.inventory import (
    INVENTORY_VERSION,
    LayerContents,
    Limits,
    SkippedLayer,
    UnreadableLayer,
    assemble,
    read_layer,
)
from repositories.services import advisories, manifests
from repositories.services.registry import client_for
from repositories.services.scans.job import ScanFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repositories.scanning.report import Report
    from repositories.services.scans.job import Job

SUBJECT = "scan:"
FOREIGN = ("nondistributable", "foreign")  # in the media types of layers left elsewhere
NOT_HELD = "it is foreign: the registry does not hold it"


def run(job: Job) -> Report:
    """Read the image's layers, those not read before, and match what is in them.

    Raises ScanFailed with a sentence.
    """
    client = client_for(f"{SUBJECT}{job.scan.uuid}")
    with _told():
        manifests.describe(repository=job.repository, image=job.image, client=client)
        layers = ManifestLayer.objects.filter(manifest=job.image).order_by("position")
        foreign = [one for one in layers if _is_foreign(job, client, one)]
        skipped = [
            SkippedLayer(one.digest, NOT_HELD, unscannable=True) for one in foreign
        ]
        read = (
            (one.digest, _contents(job, client, one))
            for one in layers
            if one not in foreign
        )
        return advisories.complete(report=assemble(read, skipped))


def _is_foreign(job: Job, client: RegistryClient, layer: ManifestLayer) -> bool:
    """Tell whether a layer lies elsewhere; one is not, only because it is called so.

    Runtimes take from the registry what it holds.
    """
    if not any(word in layer.media_type for word in FOREIGN):
        return False
    name = RepositoryName.parse(job.repository.full_name)
    return not client.blob_exists(name, Digest.parse(layer.digest))


def _contents(job: Job, client: RegistryClient, layer: ManifestLayer) -> LayerContents:
    """Return what is in a layer, for whosever image it was read first."""
    job.beat()  # an image may have very many layers, all known
    rows = LayerInventory.objects.filter(digest=layer.digest, version=INVENTORY_VERSION)
    known = rows.first()
    if known is not None:
        return LayerContents.from_json(json.loads(zlib.decompress(known.contents)))
    contents = _read(job, client, layer)
    packed = zlib.compress(json.dumps(contents.to_json()).encode())
    LayerInventory.objects.update_or_create(
        digest=layer.digest,
        defaults={"version": INVENTORY_VERSION, "contents": packed},
    )
    return contents


def _read(job: Job, client: RegistryClient, layer: ManifestLayer) -> LayerContents:
    name = RepositoryName.parse(job.repository.full_name)
    with closing(client.iter_blob(name, Digest.parse(layer.digest))) as blob:
        try:
            pieces = _with_beat(blob, job)
            limits = Limits(layer_bytes=settings.SCAN_LAYER_BYTES)
            return read_layer(pieces, layer.media_type, limits, deadline=_deadline(job))
        except UnreadableLayer as error:
            message = f"The layer {layer.digest} cannot be read. {error}"
            raise UnreadableLayer(message) from error


def _with_beat(blob: Iterator[bytes], job: Job) -> Iterator[bytes]:
    for piece in blob:
        job.beat()
        yield piece


def _deadline(job: Job) -> float | None:
    """Return the scan's deadline in the time of the process's own clock."""
    end = job.scan.ends_by
    return monotonic() + (end - timezone.now()).total_seconds() if end else None


@contextmanager
def _told() -> Iterator[None]:
    """Say in a sentence why there is no report."""
    try:
        yield
    except (UnreadableLayer, InvalidReference) as error:
        raise ScanFailed(str(error)) from error
    except RegistryError as error:
        # What was deleted in one repository may be there in the next that is read.
        temporary = error.temporary or error.status == HTTPStatus.NOT_FOUND
        raise ScanFailed(
            error.message, temporary=temporary, retry_after=error.retry_after
        ) from error
