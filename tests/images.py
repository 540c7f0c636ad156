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


def make_image(
    folder: Path,
    *,
    seed: int,
    layers: int = 3,
    layer_bytes: int = 20_000,
    architectures: tuple[str, ...] = ("amd64",),
) -> Image:
    """Write an image whose layers are random bytes of `seed`; several make an index."""
    (folder / "blobs" / "sha256").mkdir(parents=True)
    chance = random.Random(seed)
    manifests = [
        _manifest(folder, architecture, chance, layers, layer_bytes)
        for architecture in architectures
    ]
    top = manifests[0]
    if len(manifests) > 1:
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        top = {"mediaType": INDEX, **_blob(folder, _json(index))}
    named = {**top, "annotations": {"org.opencontainers.image.ref.name": "image"}}
    _write(folder / "index.json", _json({"schemaVersion": 2, "manifests": [named]}))
    _write(folder / "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
    return Image(folder, top["digest"])


def _manifest(
    folder: Path, architecture: str, chance: random.Random, layers: int, size: int
) -> dict[str, Any]:
    archives = [_archive(chance.randbytes(size)) for _ in range(layers)]
    config = {
        "architecture": architecture,
        "os": "linux",
        "created": "2026-01-02T03:04:05Z",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [_digest(one) for one in archives]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, **_blob(folder, _json(config))},
        "layers": [
            {"mediaType": LAYER, **_blob(folder, gzip.compress(one, 1, mtime=0))}
            for one in archives
        ],
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
