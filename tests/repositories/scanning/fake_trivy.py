"""A program that tests take for Trivy: it notes how it was called, and misbehaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from repositories.scanning import trivy
from repositories.scanning.child import ChildLimits
from repositories.scanning.trivy import ImageToScan, TrivyFailed, TrivySettings
from tests.repositories.scanning import programs

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1024 * 1024
LIMITS = ChildLimits(
    deadline=20, memory=256 * MIB, output=MIB, disk=16 * MIB, processes=8
)
DIGEST = "sha256:" + "a1" * 32
REFERENCE = f"127.0.0.1:5000/dev/website@{DIGEST}"
TOKEN = "eyJhbGciOiJFUzI1NiJ9.a-pull-token.for-one-repository"
REPORT = {"SchemaVersion": 2, "Results": []}

# Notes how it was called, then does what the test wants; arguments as Trivy reads them.
FAKE = """
import json, os, sys, time
from pathlib import Path
given = {{}}
for word in sys.argv[1:]:
    name, _, value = word.partition("=")
    given[name] = value
cache = Path(given.get("--cache-dir", "."))
call = {{"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(),
        "cache": sorted(p.name for p in cache.glob("*"))}}
with open({calls!r}, "a") as calls:
    calls.write(json.dumps(call) + "\\n")
def write_report(content):
    Path(given["--output"]).write_bytes(content)
def write_database(name, files):
    (cache / name).mkdir(parents=True)
    for file, content in files.items():
        (cache / name / file).write_text(content)
"""
GOOD = f"write_report({json.dumps(REPORT).encode()!r})"


def install(tmp_path: Path, body: str = GOOD, **given: Any) -> TrivySettings:
    """Settings whose program does what `body` says, with databases in their place."""
    databases = tmp_path / "databases"
    for name in ("bin", "work", "databases/db"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("trivy.db", "metadata.json"):
        (databases / "db" / name).write_text("old")
    fake = FAKE.format(calls=str(tmp_path / "calls.jsonl"))
    chosen = {
        "program": programs.write(tmp_path / "bin", "trivy", fake + body),
        "folder": databases,
        "work_folder": tmp_path / "work",
    }
    return TrivySettings(**{**chosen, **given})


def calls(tmp_path: Path) -> list[dict[str, Any]]:
    """What the program was called with, each time."""
    lines = (tmp_path / "calls.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def scan(settings, limits=LIMITS, on_beat=None, **given) -> bytes:
    image = ImageToScan(**{"reference": REFERENCE, "token": TOKEN, **given})
    return trivy.scan(settings, image, limits=limits, on_beat=on_beat)


def failure(settings, **given) -> TrivyFailed:
    """The failure of a scan, which never shows the token."""
    with pytest.raises(TrivyFailed) as caught:
        scan(settings, **given)
    assert TOKEN not in caught.value.sentence
    return caught.value
