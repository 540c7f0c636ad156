"""Reports in the shape in which Trivy writes them, for the image they are of."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repositories.models import Manifest


def trivy(
    image: Manifest | None = None,
    *,
    packages: Mapping[str, str] | None = None,
    vulnerabilities: Mapping[str, float | None] | None = None,
) -> dict[str, Any]:
    """Packages with their licenses, all version 1.0; vulnerabilities in the first."""
    listed = packages or {"openssl": "Apache-2.0"}
    first = next(iter(listed))
    return {
        "SchemaVersion": 2,
        "Trivy": {"Version": "0.60.0"},
        "ArtifactName": "an image",
        "ArtifactType": "container_image",
        "Metadata": {"RepoDigests": [f"x/y@{image.digest}"] if image else []},
        "Results": [
            {
                "Target": "an image (debian 12.5)",
                "Class": "os-pkgs",
                "Type": "debian",
                "Packages": [_package(*pair) for pair in listed.items()],
                "Vulnerabilities": [
                    _vulnerability(first, name, score)
                    for name, score in (vulnerabilities or {}).items()
                ],
            }
        ],
    }


def body(report: dict[str, Any]) -> io.BytesIO:
    return io.BytesIO(json.dumps(report).encode())


def _package(name: str, license_name: str) -> dict[str, Any]:
    purl = f"pkg:deb/debian/{name}@1.0?distro=debian-12.5"
    return {
        "Name": name,
        "Version": "1.0",
        "Identifier": {"PURL": purl},
        "Licenses": [license_name] if license_name else [],
    }


def _vulnerability(package: str, name: str, score: float | None) -> dict[str, Any]:
    purl = f"pkg:deb/debian/{package}@1.0?distro=debian-12.5"
    return {
        "VulnerabilityID": name,
        "PkgName": package,
        "PkgIdentifier": {"PURL": purl},
        "InstalledVersion": "1.0",
        "FixedVersion": "1.1",
        "Severity": "UNKNOWN" if score is None else "HIGH",
        **({} if score is None else {"CVSS": {"nvd": {"V3Score": score}}}),
    }
