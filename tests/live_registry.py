"""A real registry with token authentication, and images to push to it."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from repositories.registry import (
    Action,
    Digest,
    ImageIndex,
    ImageManifest,
    RegistryClient,
    RegistryError,
    RepositoryName,
    ResourceScope,
    TagName,
    TokenSigner,
    generate_key_and_certificate,
    parse_manifest,
)
from repositories.registry.media_types import MediaType

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 15
BINARIES = ("registry", "docker-registry")


@dataclass(frozen=True)
class LiveRegistry:
    """A registry process on loopback that trusts `signer`."""

    url: str
    signer: TokenSigner
    folder: Path

    def token(self, scopes: tuple[ResourceScope, ...]) -> str:
        now = datetime.now(UTC)
        return self.signer.sign("tests", scopes, lifetime_seconds=300, now=now).token

    @property
    def client(self) -> RegistryClient:
        """A client that may do everything."""
        return RegistryClient(self.url, self.token, read_timeout=10)

    def push(self, image: Image, name: str, tag: str) -> Digest:
        """Push a whole image as docker would."""
        repository = RepositoryName.parse(name)
        image.push(self, repository)
        manifest = image.manifest
        return self.client.put_manifest(
            repository, TagName.parse(tag), manifest.raw, manifest.media_type
        )

    def push_blob(self, name: RepositoryName, content: bytes) -> Digest:
        digest = Digest.of(content)
        scope = ResourceScope.repository(name, Action.PULL, Action.PUSH)
        headers = {"Authorization": f"Bearer {self.token((scope,))}"}
        with urllib3.PoolManager() as http:
            begun = http.request(
                "POST", f"{self.url}/v2/{name}/blobs/uploads/", headers=headers
            )
            done = http.request(
                "PUT",
                f"{begun.headers['Location']}&digest={digest}",
                body=content,
                headers=headers,
            )
        assert done.status == 201, done.data
        return digest


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configuration(port: int, root: Path, certificate: Path) -> dict[str, Any]:
    return {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {
            "filesystem": {"rootdirectory": str(root)},
            "delete": {"enabled": True},
        },
        "http": {"addr": f"127.0.0.1:{port}"},
        "auth": {
            "token": {
                "realm": "http://127.0.0.1:1/auth/token",
                "service": "test-registry",
                "issuer": "test-issuer",
                "rootcertbundle": str(certificate),
            }
        },
    }


def _wait_until_it_answers(
    client: RegistryClient, process: subprocess.Popen[bytes]
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "the registry ended on starting"
        with suppress(RegistryError):
            client.ping()
            return
        assert time.monotonic() < deadline, "the registry did not start in time"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def live_registry(tmp_path_factory):
    """Start the registry binary once per test process."""
    binary = next(filter(None, map(shutil.which, BINARIES)), None)
    if binary is None:
        pytest.skip(f"none of {', '.join(BINARIES)} is on PATH")
    folder = tmp_path_factory.mktemp("registry")
    key, certificate = generate_key_and_certificate("test registry", days=1)
    (folder / "key.pem").write_bytes(key)
    (folder / "certificate.pem").write_bytes(certificate)
    signer = TokenSigner.from_files(
        folder / "key.pem", folder / "certificate.pem", "test-issuer", "test-registry"
    )
    port = _free_port()
    registry = LiveRegistry(f"http://127.0.0.1:{port}", signer, folder)
    configuration = _configuration(port, folder / "data", folder / "certificate.pem")
    (folder / "config.yml").write_text(json.dumps(configuration))
    with ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("wb"))
        process = stack.enter_context(
            subprocess.Popen(
                [binary, "serve", folder / "config.yml"], stdout=log, stderr=log
            )
        )
        stack.callback(process.terminate)
        client = RegistryClient(registry.url, registry.token)
        stack.callback(client.close)
        _wait_until_it_answers(client, process)
        yield registry


@dataclass(frozen=True)
class Image:
    """A manifest with the content of its blobs."""

    manifest: ImageManifest
    blobs: tuple[bytes, ...]

    def push(self, registry: LiveRegistry, name: RepositoryName) -> None:
        for content in self.blobs:
            registry.push_blob(name, content)


def _make_image(seed: str, *, layers: int = 3, layer_bytes: int = 1000) -> Image:
    """Build an image whose blobs depend on `seed` alone."""
    contents = [
        gzip.compress(
            (f"{seed} {number} ".encode() * layer_bytes)[:layer_bytes], 1, mtime=0
        )
        for number in range(layers)
    ]
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "author": seed,
            "config": {},
            "rootfs": {
                "type": "layers",
                "diff_ids": [
                    f"sha256:{hashlib.sha256(gzip.decompress(c)).hexdigest()}"
                    for c in contents
                ],
            },
        }
    ).encode()
    body = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_MANIFEST,
        "config": _descriptor(MediaType.OCI_CONFIG, config),
        "layers": [_descriptor(MediaType.OCI_LAYER_GZIP, c) for c in contents],
    }
    raw = json.dumps(body).encode()
    manifest = parse_manifest(raw, MediaType.OCI_MANIFEST)
    assert isinstance(manifest, ImageManifest)
    return Image(manifest, (config, *contents))


def _descriptor(media_type: str, content: bytes, **fields: Any) -> dict[str, Any]:
    """Describe `content` as manifests do."""
    return {
        "mediaType": media_type,
        "digest": str(Digest.of(content)),
        "size": len(content),
        **fields,
    }


def _make_index(*manifests: ImageManifest) -> ImageIndex:
    architectures = ("amd64", "arm64", "riscv64")
    children = [
        _descriptor(
            child.media_type,
            child.raw,
            platform={"os": "linux", "architecture": architecture},
        )
        for child, architecture in zip(manifests, architectures, strict=False)
    ]
    body = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_INDEX,
        "manifests": children,
    }
    index = parse_manifest(json.dumps(body).encode(), MediaType.OCI_INDEX)
    assert isinstance(index, ImageIndex)
    return index


@pytest.fixture
def make_image():
    """Build an image from a seed: `make_image(seed, layers=3, layer_bytes=1000)`."""
    return _make_image


@pytest.fixture
def make_index():
    """Build an index of the given image manifests."""
    return _make_index


@pytest.fixture
def descriptor():
    """Describe content as manifests do: `descriptor(media_type, content)`."""
    return _descriptor
