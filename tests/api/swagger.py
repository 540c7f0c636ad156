"""Checks an answer against a definition of MSR's published Swagger 2.0 file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[3] / "shared" / "reference" / "dtr-2.7-swagger.json"
TYPES: dict[str, Any] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


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
    expected = TYPES[schema.get("type", "object")]
    assert isinstance(value, expected), f"{where}: {value!r} is no {expected}"
    assert "enum" not in schema or value in schema["enum"], f"{where}: {value!r}"
    for key in schema.get("required", ()):
        assert key in value, f"{where} lacks {key}"
    if isinstance(value, dict):
        _check_object(schema, value, where)
    if isinstance(value, list):
        for number, one in enumerate(value):
            check(schema["items"], one, f"{where}[{number}]")


def _check_object(schema: dict[str, Any], value: dict[str, Any], where: str) -> None:
    named = schema.get("properties", {})
    for key in value.keys() & named.keys():
        check(named[key], value[key], f"{where}.{key}")
    if others := schema.get("additionalProperties"):
        for key in value.keys() - named.keys():
            check(others, value[key], f"{where}.{key}")
