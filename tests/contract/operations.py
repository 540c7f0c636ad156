"""MSR's operations as its Swagger file lists them, and which of them are here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from django.urls import Resolver404, resolve

from msr.api.urls.unknown import NoSuchOperation
from tests.api.swagger import FILE

PLACEHOLDER = "0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f"


@dataclass(frozen=True, slots=True)
class MsrOperation:
    """One method of one address; `responses` are the Swagger's, by status."""

    name: str
    method: str
    path: str
    responses: dict[str, Any]

    def address(self, **parameters: str) -> str:
        """Return the path with its parameters in it, encoded as MSR's clients do."""
        path = self.path
        for name, value in parameters.items():
            # A repository's name may have slashes, which are sent as such or encoded.
            path = path.replace(f"{{{name}}}", quote(value, safe=":"))
        assert "{" not in path, f"{self.name} lacks a parameter: {path}"
        return path

    @property
    def is_here(self) -> bool:
        """Tell whether the product answers it, by its own map of addresses."""
        parts = [
            PLACEHOLDER if part.startswith("{") else part
            for part in self.path.split("/")
        ]
        try:
            view = getattr(resolve("/".join(parts)).func, "cls", None)
        except Resolver404:
            return False
        return view is not NoSuchOperation and hasattr(view, self.method.lower())


@cache
def operations() -> dict[str, MsrOperation]:
    """Return all of them by name; none where the Swagger file is not at hand."""
    if not FILE.exists():
        return {}
    found = json.loads(FILE.read_text(encoding="utf-8"))["paths"]
    rows = [
        MsrOperation(said["operationId"], method.upper(), path, said["responses"])
        for path, methods in found.items()
        for method, said in methods.items()
        if method != "parameters"
    ]
    return {row.name: row for row in sorted(rows, key=lambda row: row.path)}


def here() -> list[str]:
    """Return the names of those that the product has."""
    return [name for name, one in operations().items() if one.is_here]
