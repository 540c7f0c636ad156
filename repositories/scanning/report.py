"""What a scanner, an uploaded report or the built-in inventory says of one image."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Kind(StrEnum):
    """Kinds of evidence; each is covered, or not, for itself."""

    COMPONENTS = "components"
    LICENSES = "licenses"
    VULNERABILITIES = "vulnerabilities"


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a kind of evidence is not complete, and what to do about it.

    Both are sentences without capital letter and full stop. `unscannable`: no further
    scan of the same kind would see more.
    """

    reason: str
    remedy: str = ""
    unscannable: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a component was seen: a path without leading slash, in a layer's blob.

    Either is "" where it is not known.
    """

    layer: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class FoundComponent:
    """A package; `purl` is as `purls.canonical` writes it.

    Each license is an SPDX expression or a name as it was found.
    """

    purl: str
    licenses: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundVulnerability:
    """A vulnerability in one component, which the report need not list otherwise.

    `id` is the CVE where one of its names is a CVE, `aliases` are the other names.
    `severity` is the scanner's word, "" if it has none. `cvss3` and `cvss2` are base
    scores, `vector` is the CVSS vector of any version, and None and "" are unknown.
    """

    id: str
    purl: str
    aliases: tuple[str, ...] = ()
    severity: str = ""
    cvss3: float | None = None
    cvss2: float | None = None
    vector: str = ""
    fixed_version: str = ""
    summary: str = ""
    link: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All that one reading of one image found.

    `coverage` names the kinds that were looked for: None where all was seen, else what
    is missing. `digests` are the manifests that the report says it is of,
    `config_digests` the images' configurations (what docker calls the image's id);
    both may be empty. `source` is the tool with its version. `advisories_at` is how
    new the known vulnerabilities were, None where the report does not say. `format` is
    what the report was written in, "" where none was read.
    """

    source: str
    components: tuple[FoundComponent, ...] = ()
    vulnerabilities: tuple[FoundVulnerability, ...] = ()
    coverage: Mapping[Kind, Gap | None] = field(default_factory=dict)
    digests: frozenset[str] = frozenset()
    config_digests: frozenset[str] = frozenset()
    distribution: str = ""
    generated_at: datetime | None = None
    advisories_at: datetime | None = None
    format: str = ""
