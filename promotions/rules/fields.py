"""What a rule can look at: the fields, and what a form says about each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from promotions.rules.facts import EvidenceKind
from promotions.rules.operators import (
    NUMERIC_OPERATORS,
    ORDER_OPERATORS,
    TEXT_OPERATORS,
    TIME_OPERATORS,
    Operator,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class Section(StrEnum):
    """Fields that belong together, in the order in which a form groups them."""

    TAG = "Tag"
    CONTENTS = "Contents"
    VULNERABILITIES = "Vulnerabilities"
    TIME = "Time"
    ORIGIN = "Origin"


class Field(StrEnum):
    """What a rule looks at; the values are the names of MSR's API where it has one."""

    TAG = "tag"
    SEMVER = "semver"
    COMPONENT_NAME = "component.name"
    COMPONENT_PURL = "component.purl"
    LICENSE_NAME = "license.name"
    LABEL = "label"
    PLATFORM = "platform"
    SIZE = "size"
    ARTIFACT_TYPE = "artifact_type"
    SBOM = "sbom"
    VULNERABILITY_ALL = "vulnerability_all"
    VULNERABILITY_CRITICAL = "vulnerability_critical"
    VULNERABILITY_MAJOR = "vulnerability_major"
    VULNERABILITY_MINOR = "vulnerability_minor"
    VULNERABILITY_CVSS3_CRITICAL = "vulnerability_cvss3_critical"
    VULNERABILITY_CVSS3_HIGH = "vulnerability_cvss3_high"
    VULNERABILITY_CVSS3_MEDIUM = "vulnerability_cvss3_medium"
    VULNERABILITY_CVSS3_LOW = "vulnerability_cvss3_low"
    VULNERABILITY_FIXABLE = "vulnerability_fixable"
    VULNERABILITY_ID = "vulnerability.id"
    SCAN_AGE = "scan_age"
    UPDATED_AT = "updated_at"
    UPDATED_AT_DURATION = "updated_at_duration"
    PUSHED_BY = "pushed_by"
    SIGNATURE = "signature"
    SIGNATURE_PRESENT = "signature_present"

    @classmethod
    def of(cls, section: Section) -> tuple[Field, ...]:
        """Return the fields that a form shows together."""
        return tuple(field for field in cls if field.section is section)

    @property
    def label(self) -> str:
        """The field in words, as a sentence about an image begins."""
        return _TRAITS[self].label

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The operators that fit this field, in the order a form offers them."""
        return _TRAITS[self].operators

    @property
    def section(self) -> Section:
        """Where a form shows the field."""
        return _TRAITS[self].section

    @property
    def hint(self) -> str:
        """What to write as the value, in one line."""
        return _TRAITS[self].hint

    @property
    def example(self) -> str:
        """A value that some operator of the field accepts."""
        return _TRAITS[self].example

    @property
    def needs(self) -> EvidenceKind | None:
        """The evidence that answers the field; None when the push alone does."""
        return _TRAITS[self].needs

    @property
    def is_ordered(self) -> bool:
        """Whether values are compared by size; else as texts."""
        return self.operators[0] is Operator.GREATER_THAN_OR_EQUALS

    @property
    def is_count(self) -> bool:
        """Whether the field counts vulnerabilities."""
        return _TRAITS[self].operators is NUMERIC_OPERATORS and self is not Field.SEMVER


class _Traits(NamedTuple):
    label: str
    section: Section
    operators: tuple[Operator, ...]
    hint: str
    example: str
    needs: EvidenceKind | None = None


_EQUALS = (Operator.EQUALS,)
_WITHOUT_ENDS = tuple(one for one in TEXT_OPERATORS if one is not Operator.ENDS_WITH)
_NAMES = (Operator.ONE_OF, Operator.NOT_ONE_OF, Operator.EQUALS)
_NAMES_OR_PATTERN = (*_NAMES, Operator.MATCHES)
_KINDS = (
    Operator.EQUALS,
    Operator.STARTS_WITH,
    Operator.ONE_OF,
    Operator.NOT_ONE_OF,
    Operator.MATCHES,
)


def _count(what: str, hint: str) -> _Traits:
    return _Traits(
        f"{what}vulnerabilities",
        Section.VULNERABILITIES,
        NUMERIC_OPERATORS,
        f"A whole number: {hint}.",
        "0",
        EvidenceKind.VULNERABILITIES,
    )


_TRAITS: Mapping[Field, _Traits] = {
    Field.TAG: _Traits(
        "tag", Section.TAG, TEXT_OPERATORS, "The tag or a part of it.", "-stable"
    ),
    Field.SEMVER: _Traits(
        "version in the tag",
        Section.TAG,
        NUMERIC_OPERATORS,
        "A semantic version; a tag that is none does not match.",
        "1.4.0",
    ),
    Field.COMPONENT_NAME: _Traits(
        "component",
        Section.CONTENTS,
        TEXT_OPERATORS,
        "The name of a package that a scanner found; Maven's also without the group.",
        "log4j-core",
        EvidenceKind.COMPONENTS,
    ),
    Field.COMPONENT_PURL: _Traits(
        "package URL",
        Section.CONTENTS,
        _WITHOUT_ENDS,
        "The package URL of a component, or a part of it.",
        "pkg:npm/left-pad@1.3.0",
        EvidenceKind.COMPONENTS,
    ),
    Field.LICENSE_NAME: _Traits(
        "license",
        Section.CONTENTS,
        _NAMES_OR_PATTERN,
        "An SPDX identifier, or the name that a scanner found.",
        "AGPL-3.0-only",
        EvidenceKind.LICENSES,
    ),
    Field.LABEL: _Traits(
        "label",
        Section.CONTENTS,
        _WITHOUT_ENDS,
        "A label of the image, written key=value.",
        "org.opencontainers.image.vendor=Example",
        EvidenceKind.CONFIG,
    ),
    Field.PLATFORM: _Traits(
        "platform",
        Section.CONTENTS,
        _KINDS,
        "A platform the image runs on.",
        "linux/arm64",
        EvidenceKind.CONFIG,
    ),
    Field.SIZE: _Traits(
        "size",
        Section.CONTENTS,
        ORDER_OPERATORS,
        "Bytes, or a number with kB, MB, GB, KiB, MiB or GiB.",
        "500MB",
    ),
    Field.ARTIFACT_TYPE: _Traits(
        "type of artifact",
        Section.CONTENTS,
        _KINDS,
        "The media type of what is no container image; only then it can match.",
        "application/vnd.cncf.helm.config.v1+json",
    ),
    Field.SBOM: _Traits(
        "attached SBOM",
        Section.CONTENTS,
        _EQUALS,
        "true or false.",
        "true",
        EvidenceKind.ATTACHMENTS,
    ),
    Field.VULNERABILITY_ALL: _count("", "every finding, those without a score too"),
    Field.VULNERABILITY_CRITICAL: _count("critical ", "CVSS score 7.0 or more"),
    Field.VULNERABILITY_MAJOR: _count("major ", "CVSS score 4.0 to 6.9"),
    Field.VULNERABILITY_MINOR: _count("minor ", "CVSS score 0.1 to 3.9"),
    Field.VULNERABILITY_CVSS3_CRITICAL: _count(
        "CVSS 3 critical ", "CVSS 3 score 9.0 or more"
    ),
    Field.VULNERABILITY_CVSS3_HIGH: _count("CVSS 3 high ", "CVSS 3 score 7.0 to 8.9"),
    Field.VULNERABILITY_CVSS3_MEDIUM: _count(
        "CVSS 3 medium ", "CVSS 3 score 4.0 to 6.9"
    ),
    Field.VULNERABILITY_CVSS3_LOW: _count("CVSS 3 low ", "CVSS 3 score 0.1 to 3.9"),
    Field.VULNERABILITY_FIXABLE: _count("fixable ", "findings with a fixed version"),
    Field.VULNERABILITY_ID: _Traits(
        "vulnerability",
        Section.VULNERABILITIES,
        _NAMES_OR_PATTERN,
        "The id or an alias of a vulnerability.",
        "CVE-2021-44228",
        EvidenceKind.VULNERABILITIES,
    ),
    Field.SCAN_AGE: _Traits(
        "age of the scan",
        Section.VULNERABILITIES,
        ORDER_OPERATORS,
        "A duration, such as 12h or 7d.",
        "24h",
        EvidenceKind.VULNERABILITIES,
    ),
    Field.UPDATED_AT: _Traits(
        "time of the push",
        Section.TIME,
        TIME_OPERATORS,
        "A time as in RFC 3339, or a date, which begins at midnight UTC.",
        "2026-01-31T12:00:00Z",
    ),
    Field.UPDATED_AT_DURATION: _Traits(
        "time since the push",
        Section.TIME,
        TIME_OPERATORS,
        "A duration: before means pushed longer ago, after means since then.",
        "24h",
    ),
    Field.PUSHED_BY: _Traits(
        "pusher",
        Section.ORIGIN,
        TEXT_OPERATORS,
        "The name of who pushed the tag.",
        "release-robot",
    ),
    Field.SIGNATURE: _Traits(
        "verified signature",
        Section.ORIGIN,
        _NAMES,
        "The name of a key: qa/release, or release for one of the registry.",
        "qa/release",
        EvidenceKind.SIGNATURES,
    ),
    Field.SIGNATURE_PRESENT: _Traits(
        "attached signature",
        Section.ORIGIN,
        _EQUALS,
        "true or false; signature asks for a verified one.",
        "true",
        EvidenceKind.ATTACHMENTS,
    ),
}
