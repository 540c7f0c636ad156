"""Checks an answer against a definition of MSR's published Swagger 2.0 file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[3] / "shared" / "reference" / "dtr-2.7-swagger.json"
TYPES = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict}


@cache
def definitions() -> dict[str, Any]:
    if not FILE.exists():
        pytest.skip("MSR's Swagger file is not beside the repository")
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    definitions: dict[str, Any] = found["definitions"]
    return definitions


def assert_is(name: str, value: Any) -> None:
    """Fail unless `value` has the required keys, types and enum values."""
    check({"$ref": f"#/definitions/{name}"}, value, name)


def check(schema: dict[str, Any], value: Any, where: str) -> None:
    if "$ref" in schema:
        schema = definitions()[schema["$ref"].removeprefix("#/definitions/")]
    expected: Any = TYPES[schema.get("type", "object")]
    assert isinstance(value, expected), f"{where}: {value!r} is no {expected.__name__}"
    assert "enum" not in schema or value in schema["enum"], f"{where}: {value!r}"
    for key in schema.get("required", ()):
        assert key in value, f"{where} lacks {key}"
    for key, inner in schema.get("properties", {}).items():
        if key in value:
            check(inner, value[key], f"{where}.{key}")
    if isinstance(value, list):
        for number, one in enumerate(value):
            check(schema["items"], one, f"{where}[{number}]")
