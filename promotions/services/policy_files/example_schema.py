"""What a test in a file may say of an image, as a part of the JSON Schema."""

from __future__ import annotations

from typing import Any

MAX_LISTED = 200
MAX_COUNT = 100
MAX_PLATFORMS = 4

_WORD = {"type": "string", "maxLength": 500}
_SCORE = {"type": "number", "minimum": 0, "maximum": 10}
_COUNT = {"type": "integer", "minimum": 0, "maximum": MAX_COUNT}


def _list(items: dict[str, Any], said: str) -> dict[str, Any]:
    return {
        "type": "array",
        "maxItems": MAX_LISTED,
        "items": items,
        "description": said,
    }


def _either(said: str, required: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a word, or of a mapping that says more."""
    return {
        "type": ["string", "object"],
        "maxLength": 500,
        "additionalProperties": False,
        "required": [required],
        "properties": properties,
        "description": said,
    }


def _word(said: str) -> dict[str, Any]:
    return {**_WORD, "description": said}


COUNTS = {
    "critical": {**_COUNT, "description": "CVSS 3 score 9.0 or more."},
    "high": {**_COUNT, "description": "7.0 to 8.9; MSR's critical counts it, too."},
    "medium": {**_COUNT, "description": "4.0 to 6.9, MSR's major."},
    "low": {**_COUNT, "description": "0.1 to 3.9, MSR's minor."},
    "unscored": {**_COUNT, "description": "Without any score."},
}

GIVEN: dict[str, Any] = {
    "tag": {**_WORD, "maxLength": 128, "description": "The tag that was pushed."},
    "pushedBy": _word("Who pushed it."),
    "pushedAt": _word("When, as in RFC 3339; the test itself runs at the same time."),
    "pushedAgo": _word("How long ago it was pushed when asked, such as 24h."),
    "artifactType": _word("The media type of what is no container image."),
    "size": _word('Such as "500MB".'),
    "platforms": {
        **_list(_WORD, "Such as linux/amd64; all are alike."),
        "minItems": 1,
        "maxItems": MAX_PLATFORMS,
    },
    "components": _list(
        _either(
            "A package: name, name@version, or more of it.",
            "name",
            {
                "name": _WORD,
                "version": _WORD,
                "purl": _WORD,
                "licenses": _list(_WORD, "SPDX expressions or names."),
            },
        ),
        "Packages that a scan found; left out, there was no scan.",
    ),
    "licenses": _list(_WORD, "Of packages that are not named above."),
    "counts": {
        "type": "object",
        "additionalProperties": False,
        "properties": COUNTS,
        "description": "How many vulnerabilities; left out, there was no scan.",
    },
    "vulnerabilities": _list(
        _either(
            "A vulnerability: its id, or more of it.",
            "id",
            {
                "id": _WORD,
                "aliases": _list(_WORD, "Other names of it."),
                "severity": _WORD,
                "cvss3": _SCORE,
                "cvss2": _SCORE,
                "component": _WORD,
                "version": _WORD,
                "fixedVersion": _WORD,
            },
        ),
        "Those a scan found.",
    ),
    "scanAge": _word("How old the scan is, such as 12h."),
    "labels": {
        "type": "object",
        "maxProperties": MAX_LISTED,
        "additionalProperties": _WORD,
        "description": "Labels of the image.",
    },
    "sbom": {"type": "boolean", "description": "Whether an SBOM is attached."},
    "signaturePresent": {
        "type": "boolean",
        "description": "Whether a signature is attached, verified or not.",
    },
    "signatures": _list(_WORD, "The keys whose signatures were verified."),
}
