"""Small reports of every format about one image, as tools write them."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

DIGEST = "sha256:" + "d1" * 32
CONFIG = "sha256:" + "c0" * 32
LAYER = "sha256:" + "1a" * 32
OPENSSL = "pkg:deb/debian/openssl@3.0.1-1?arch=amd64&distro=debian-12"
EXPRESS = "pkg:npm/express@4.17.1"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
VECTOR_4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"

Json = dict[str, Any]


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def trivy_vulnerability(**fields: Any) -> Json:
    return {
        "VulnerabilityID": "CVE-2024-0001",
        "VendorIDs": ["DSA-1-1"],
        "PkgID": "openssl@3.0.1-1",
        "PkgName": "openssl",
        "PkgIdentifier": {"PURL": OPENSSL},
        "InstalledVersion": "3.0.1-1",
        "FixedVersion": "3.0.2-1",
        "Layer": {"Digest": LAYER, "DiffID": "sha256:" + "0" * 64},
        "SeveritySource": "debian",
        "PrimaryURL": "https://example.test/cve-2024-0001",
        "Title": "openssl: reads too far",
        "Severity": "HIGH",
        "CVSS": {
            "redhat": {"V3Score": 5.0, "V3Vector": "CVSS:3.1/AV:L"},
            "nvd": {"V3Score": 9.8, "V3Vector": VECTOR, "V2Score": 7.5},
        },
    } | fields


def trivy(digest: str = DIGEST, **fields: Any) -> Json:
    """An image of Debian with a package of npm, scanned for all three kinds."""
    package = {
        "ID": "openssl@3.0.1-1",
        "Name": "openssl",
        "Identifier": {"PURL": OPENSSL},
        "Version": "3.0.1",
        "Release": "1",
        "Licenses": ["Apache-2.0"],
        "Layer": {"Digest": LAYER},
    }
    express = {
        "ID": "express@4.17.1",
        "Name": "express",
        "Identifier": {"PURL": EXPRESS},
        "Version": "4.17.1",
        "Licenses": ["MIT"],
        "FilePath": "app/node_modules/express/package.json",
        "Layer": {"Digest": LAYER},
    }
    return {
        "SchemaVersion": 2,
        "Trivy": {"Version": "0.55.1"},
        "CreatedAt": "2026-01-02T03:04:05.123456789+01:00",
        "ArtifactName": "registry.test/dev/website:1",
        "ArtifactType": "container_image",
        "Metadata": {
            "OS": {"Family": "debian", "Name": "12.5"},
            "ImageID": CONFIG,
            "RepoDigests": [f"registry.test/dev/website@{digest}"],
        },
        "Results": [
            {
                "Target": "registry.test/dev/website:1 (debian 12.5)",
                "Class": "os-pkgs",
                "Type": "debian",
                "Packages": [package],
                "Vulnerabilities": [trivy_vulnerability()],
            },
            {
                "Target": "Node.js",
                "Class": "lang-pkgs",
                "Type": "node-pkg",
                "Packages": [express],
            },
        ],
    } | fields


def grype_match(**fields: Any) -> Json:
    return {
        "vulnerability": {
            "id": "GHSA-aaaa-bbbb-cccc",
            "dataSource": "https://example.test/GHSA-aaaa-bbbb-cccc",
            "severity": "Medium",
            "urls": [],
            "description": "express redirects too far",
            "cvss": [],
            "fix": {"versions": ["4.17.3", "5.0.0"], "state": "fixed"},
        },
        "relatedVulnerabilities": [
            {
                "id": "CVE-2024-0002",
                "cvss": [
                    {
                        "source": "nvd@nist.gov",
                        "version": "3.1",
                        "vector": VECTOR,
                        "metrics": {"baseScore": 9.8},
                    }
                ],
            }
        ],
        "artifact": {
            "name": "express",
            "version": "4.17.1",
            "type": "npm",
            "locations": [{"path": "/app/node_modules/express/package.json"}],
            "licenses": ["MIT"],
            "purl": EXPRESS,
        },
    } | fields


def grype(digest: str = DIGEST, **fields: Any) -> Json:
    return {
        "matches": [grype_match()],
        "ignoredMatches": [grype_match()],
        "source": {
            "type": "image",
            "target": {
                "userInput": "registry.test/dev/website:1",
                "imageID": CONFIG,
                "manifestDigest": digest,
                "repoDigests": [],
                "layers": [{"digest": LAYER}],
            },
        },
        "distro": {"name": "debian", "version": "12", "idLike": []},
        "descriptor": {
            "name": "grype",
            "version": "0.80.0",
            "timestamp": "2026-01-02T03:04:05Z",
            "db": {"schemaVersion": 5, "built": "2026-01-01T00:00:00Z"},
        },
    } | fields


def harbor(digest: str = DIGEST, **fields: Any) -> Json:
    return {
        "generated_at": "2026-01-02T03:04:05Z",
        "artifact": {"repository": "dev/website", "digest": digest},
        "scanner": {"name": "Trivy", "vendor": "Aqua Security", "version": "v0.55.1"},
        "severity": "High",
        "vulnerabilities": [
            {
                "id": "CVE-2024-0001",
                "package": "openssl",
                "version": "3.0.1-1",
                "fix_version": "3.0.2-1",
                "severity": "High",
                "description": "openssl reads too far",
                "links": ["javascript:alert(1)", "https://example.test/1"],
                "layer": {"digest": LAYER},
                "preferred_cvss": {"score_v3": 9.8, "vector_v3": VECTOR},
                "vendor_attributes": {},
            }
        ],
    } | fields


def cyclonedx(digest: str = DIGEST, **fields: Any) -> Json:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": "2026-01-02T03:04:05Z",
            "tools": {"components": [{"name": "grype", "version": "0.80.0"}]},
            "component": {
                "bom-ref": "image",
                "type": "container",
                "name": "registry.test/dev/website",
                "version": digest,
                "properties": [{"name": "aquasecurity:trivy:ImageID", "value": CONFIG}],
            },
        },
        "components": [
            {
                "bom-ref": "a",
                "type": "library",
                "name": "openssl",
                "version": "3.0.1-1",
                "purl": OPENSSL,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "properties": [
                    {"name": "aquasecurity:trivy:LayerDigest", "value": LAYER}
                ],
            },
            {
                "bom-ref": "b",
                "type": "library",
                "name": "express",
                "version": "4.17.1",
                "purl": EXPRESS,
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "properties": [
                    {"name": "syft:location:0:path", "value": "/app/package.json"}
                ],
            },
        ],
        "vulnerabilities": [
            {
                "id": "CVE-2024-0001",
                "source": {"name": "debian"},
                "ratings": [
                    {
                        "source": {"name": "nvd"},
                        "score": 9.8,
                        "severity": "critical",
                        "method": "CVSSv31",
                        "vector": VECTOR,
                    },
                    {"source": {"name": "debian"}, "severity": "low"},
                    {"source": {"name": "FIRST"}, "score": 0.9, "method": "other"},
                ],
                "description": "openssl reads too far",
                "advisories": [{"url": "https://example.test/1"}],
                "affects": [{"ref": "a"}],
            }
        ],
    } | fields


def spdx(digest: str = DIGEST, **fields: Any) -> Json:
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "creationInfo": {
            "created": "2026-01-02T03:04:05Z",
            "creators": ["Organization: Anchore, Inc", "Tool: syft-1.18.1"],
        },
        "packages": [
            {
                "name": "registry.test/dev/website",
                "SPDXID": "SPDXRef-DocumentRoot-Image-website",
                "versionInfo": digest,
                "primaryPackagePurpose": "CONTAINER",
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "NOASSERTION",
            },
            {
                "name": "openssl",
                "SPDXID": "SPDXRef-Package-1",
                "versionInfo": "3.0.1-1",
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "Apache-2.0 AND LicenseRef-odd",
                "sourceInfo": "acquired package info from DPKG DB: "
                "/var/lib/dpkg/status, /usr/share/doc/openssl/copyright",
                "externalRefs": [
                    {
                        "referenceCategory": "PACKAGE-MANAGER",
                        "referenceType": "purl",
                        "referenceLocator": OPENSSL,
                    }
                ],
            },
        ],
        "hasExtractedLicensingInfos": [
            {"licenseId": "LicenseRef-odd", "name": "An odd license"}
        ],
        "files": [{"SPDXID": "SPDXRef-File-1", "fileName": "usr/bin/openssl"}],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relatedSpdxElement": "SPDXRef-DocumentRoot-Image-website",
                "relationshipType": "DESCRIBES",
            }
        ],
    } | fields


def sarif(digest: str = DIGEST, **fields: Any) -> Json:
    """A log as Trivy writes it."""
    return {
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Trivy",
                        "version": "0.55.1",
                        "rules": [
                            {
                                "id": "CVE-2024-0001",
                                "name": "OsPackageVulnerability",
                                "shortDescription": {"text": "openssl reads too far"},
                                "helpUri": "https://example.test/1",
                                "help": {"text": "Package: libssl3\nSeverity: HIGH"},
                                "properties": {
                                    "security-severity": "9.8",
                                    "tags": ["vulnerability", "security", "HIGH"],
                                },
                            }
                        ],
                    }
                },
                "properties": {
                    "imageID": CONFIG,
                    "repoDigests": [f"registry.test/dev/website@{digest}"],
                },
                "results": [
                    {
                        "ruleId": "CVE-2024-0001",
                        "ruleIndex": 0,
                        "message": {
                            "text": "Package: openssl\nInstalled Version: 3.0.1-1\n"
                            "Vulnerability CVE-2024-0001\nSeverity: HIGH\n"
                            "Fixed Version: 3.0.2-1\nLink: [x](https://example.test)"
                        },
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": "dev/website"}
                                }
                            }
                        ],
                    }
                ],
            }
        ],
    } | fields


def snapshot(digest: str = DIGEST, **fields: Any) -> Json:
    return {
        "version": 0,
        "detector": {"name": "trivy", "version": "0.55.1"},
        "metadata": {"aquasecurity:trivy:RepoDigest": f"website@{digest}"},
        "scanned": "2026-01-02T03:04:05Z",
        "manifests": {
            "package-lock.json": {
                "name": "package-lock.json",
                "file": {"source_location": "app/package-lock.json"},
                "resolved": {
                    "express": {"package_url": EXPRESS, "relationship": "direct"}
                },
            }
        },
    } | fields


def statement(predicate: Json, kind: str, digest: str = DIGEST) -> Json:
    """An in-toto statement about the image."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": kind,
        "subject": [
            {"name": "website", "digest": {"sha256": digest.partition(":")[2]}}
        ],
        "predicate": predicate,
    }


def dsse(document: Json) -> Json:
    return {
        "payloadType": "application/vnd.in-toto+json",
        "payload": b64encode(encoded(document)).decode(),
        "signatures": [{"sig": "bm90aGluZw=="}],
    }


def harbor_sbom(sbom: Json, digest: str = DIGEST) -> Json:
    media_type = "application/spdx+json"
    if sbom.get("bomFormat"):
        media_type = "application/vnd.cyclonedx+json"
    wrapper = harbor(digest)
    del wrapper["vulnerabilities"]
    return wrapper | {"media_type": media_type, "sbom": sbom}


BUILDERS = (trivy, grype, harbor, cyclonedx, spdx, sarif, snapshot)
