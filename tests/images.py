"""Images made for tests: real OCI layouts that skopeo pushes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True, slots=True)
class Image:
    """An OCI layout on disk; `digest` is that of its manifest or index."""

    folder: Path
    digest: str

    @property
    def reference(self) -> str:
        """What skopeo calls it."""
        return f"oci:{self.folder}:image"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as registries store it; `diff_id` is what the configuration calls it.

    Nobody on the way unpacks it, so that the two need not agree.
    """

    blob: bytes
    diff_id: str = "sha256:" + "0" * 64

    @property
    def digest(self) -> str:
        """What the manifest calls it."""
        return _digest(self.blob)


def make_image(
    folder: Path,
    *,
    seed: int,
    layers: int = 3,
    layer_bytes: int = 20_000,
    architectures: tuple[str, ...] = ("amd64",),
) -> Image:
    """Write an image whose layers are random bytes of `seed`; several make an index."""
    chance = random.Random(seed)
    contents = [
        [_archive(chance.randbytes(layer_bytes)) for _ in range(layers)]
        for _ in architectures
    ]
    (folder / "blobs" / "sha256").mkdir(parents=True)
    return _layout(
        folder,
        [
            _manifest(folder, architecture, [packed(one) for one in archives])
            for architecture, archives in zip(architectures, contents, strict=True)
        ],
    )


def layered(folder: Path, *layers: Layer) -> Image:
    """Write an image for one platform with these layers, the base first."""
    (folder / "blobs" / "sha256").mkdir(parents=True)
    return _layout(folder, [_manifest(folder, "amd64", layers)])


def indexed(folder: Path, **platforms: Sequence[Layer]) -> Image:
    """Write an index with an image for each architecture, by its layers."""
    (folder / "blobs" / "sha256").mkdir(parents=True)
    return _layout(folder, [_manifest(folder, *pair) for pair in platforms.items()])


def packed(archive: bytes, compresslevel: int = 1) -> Layer:
    """Compress an archive to a layer; the same archive is the same layer."""
    blob = gzip.compress(archive, compresslevel, mtime=0)
    return Layer(blob, _digest(archive))


def _layout(folder: Path, manifests: list[dict[str, Any]]) -> Image:
    top = manifests[0]
    if len(manifests) > 1:
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        top = {"mediaType": INDEX, **_blob(folder, _json(index))}
    named = {**top, "annotations": {"org.opencontainers.image.ref.name": "image"}}
    _write(folder / "index.json", _json({"schemaVersion": 2, "manifests": [named]}))
    _write(folder / "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
    return Image(folder, top["digest"])


def _manifest(
    folder: Path, architecture: str, layers: Sequence[Layer]
) -> dict[str, Any]:
    config = {
        "architecture": architecture,
        "os": "linux",
        "created": "2026-01-02T03:04:05Z",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [one.diff_id for one in layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, **_blob(folder, _json(config))},
        "layers": [{"mediaType": LAYER, **_blob(folder, one.blob)} for one in layers],
    }
    platform = {"os": "linux", "architecture": architecture}
    blob = _blob(folder, _json(manifest))
    return {"mediaType": MANIFEST, **blob, "platform": platform}


def _archive(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("file")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _blob(folder: Path, content: bytes) -> dict[str, Any]:
    digest = _digest(content)
    _write(folder / "blobs" / "sha256" / digest.removeprefix("sha256:"), content)
    return {"digest": digest, "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
