"""Records of advisory databases, as tests need them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from repositories.scanning.advisories import Advisory, advisory

if TYPE_CHECKING:
    from pathlib import Path

MODIFIED = "2026-01-02T03:04:05Z"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"  # 9.8


def record(
    identifier: str = "PYSEC-2026-1",
    *events: dict[str, str],
    package: str = "django",
    ecosystem: str = "PyPI",
    versions: tuple[str, ...] = (),
    **values: Any,
) -> dict[str, Any]:
    """A record with one range of one package; without events it has none."""
    affected: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": package}}
    if events:
        affected["ranges"] = [{"type": "ECOSYSTEM", "events": list(events)}]
    if versions:
        affected["versions"] = list(versions)
    known = {"id": identifier, "modified": MODIFIED, "affected": [affected]}
    return known | values


def before(version: str) -> tuple[dict[str, str], dict[str, str]]:
    """The events of a range with everything before a version."""
    return {"introduced": "0"}, {"fixed": version}


def read(*args: Any, **values: Any) -> Advisory:
    return advisory(record(*args, **values))


def write(folder: Path, *records: dict[str, Any]) -> Path:
    """Write each record into a file of its own; return the folder."""
    folder.mkdir(exist_ok=True)
    for one in records:
        (folder / f"{one['id']}.json").write_text(json.dumps(one))
    return folder
