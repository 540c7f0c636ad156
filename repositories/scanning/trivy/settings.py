"""How Trivy is run, and what it is run on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NETWORK = frozenset(
    {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}
)
# A host, never an option of a command line, then a repository, and always a digest.
_REFERENCE = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?"
    r"(?:/[a-z0-9][a-z0-9._-]*)+@sha256:[0-9a-f]{64}"
)
_PLATFORM = re.compile(r"[a-z0-9]+(?:/[a-z0-9._]+){0,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrivySettings:
    """Where Trivy is and how it works.

    `program` is a path or a name on PATH. `server` is the URL of a Trivy server that
    matches what is found; "" matches here, against the databases in `folder`, which is
    laid out as Trivy's own cache directory (`db`, `java-db`) and may be filled by
    hand where nothing is downloaded. Mirrors are OCI repositories; "" are Trivy's own.
    `network` may name proxies and certificates as the environment does; all else in it
    is left out. `work_folder` is where scans unpack, None the system's place.
    """

    folder: Path
    program: str = "trivy"
    server: str = ""
    server_token: str = field(default="", repr=False)
    mirror: str = ""
    java_mirror: str = ""
    java: bool = True
    network: Mapping[str, str] = field(default_factory=dict, repr=False)
    work_folder: Path | None = None

    @property
    def reaching(self) -> dict[str, str]:
        """The variables for proxies and certificates."""
        return {k: v for k, v in self.network.items() if k.upper() in _NETWORK and v}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageToScan:
    """An image in a registry: `registry/repository@sha256:...`.

    `token` is a bearer of the registry that may pull this repository. `plain_http` says
    that the registry may speak no TLS, or with any certificate. `platform` chooses from
    an index, as "linux/arm64". Raises ValueError for what is no such reference.
    """

    reference: str
    token: str = field(default="", repr=False)
    plain_http: bool = False
    platform: str = ""

    def __post_init__(self) -> None:
        if not _REFERENCE.fullmatch(self.reference):
            raise ValueError(f"Not a reference by digest: {self.reference!r}.")
        if self.platform and not _PLATFORM.fullmatch(self.platform):
            raise ValueError(f"Not a platform: {self.platform!r}.")
