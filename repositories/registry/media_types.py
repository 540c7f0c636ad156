"""The media types of manifests, configurations and layers (OCI image-spec, Docker)."""

from __future__ import annotations

from enum import StrEnum


class MediaType(StrEnum):
    """The media types the product knows; others travel as plain strings."""

    OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
    OCI_INDEX = "application/vnd.oci.image.index.v1+json"
    DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
    DOCKER_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
    DOCKER_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+json"
    DOCKER_SCHEMA_1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"

    OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
    OCI_EMPTY = "application/vnd.oci.empty.v1+json"
    DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"

    OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
    OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
    OCI_LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
    DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"

    OCI_FOREIGN_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar"
    OCI_FOREIGN_LAYER_GZIP = (
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
    )
    OCI_FOREIGN_LAYER_ZSTD = (
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"
    )
    DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

    @property
    def is_image(self) -> bool:
        """True for a manifest of one platform (config and layers)."""
        return self in {MediaType.OCI_MANIFEST, MediaType.DOCKER_MANIFEST}

    @property
    def is_index(self) -> bool:
        """True for a manifest that lists other manifests."""
        return self in {MediaType.OCI_INDEX, MediaType.DOCKER_MANIFEST_LIST}

    @property
    def is_schema_1(self) -> bool:
        """True for the formats before 2016, which are recognised and refused."""
        return self in {MediaType.DOCKER_SCHEMA_1, MediaType.DOCKER_SCHEMA_1_SIGNED}

    @property
    def is_foreign_layer(self) -> bool:
        """True for layers that may be stored outside the registry."""
        return self in _FOREIGN_LAYERS


_FOREIGN_LAYERS = frozenset(
    {
        MediaType.OCI_FOREIGN_LAYER,
        MediaType.OCI_FOREIGN_LAYER_GZIP,
        MediaType.OCI_FOREIGN_LAYER_ZSTD,
        MediaType.DOCKER_FOREIGN_LAYER,
    }
)

# What `Accept` asks for: without it, a registry may convert a manifest to schema 1.
MANIFEST_TYPES: tuple[MediaType, ...] = (
    MediaType.OCI_MANIFEST,
    MediaType.OCI_INDEX,
    MediaType.DOCKER_MANIFEST,
    MediaType.DOCKER_MANIFEST_LIST,
)


def known_media_type(text: str) -> MediaType | None:
    """Return the member for `text` (parameters such as charset ignored), else None."""
    try:
        return MediaType(text.partition(";")[0].strip().lower())
    except ValueError:
        return None
