"""What a child may take, and how it is said that it could not finish."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_MIB = 1024 * 1024


class FailureCode(StrEnum):
    """Why a child did not finish its work."""

    MISSING = "missing"
    DEADLINE = "deadline"
    MEMORY = "memory"
    OUTPUT = "output"
    DISK = "disk"
    PROCESSES = "processes"
    CRASHED = "crashed"


class ChildFailed(Exception):
    """What went wrong, as a sentence that says what to do; secrets are masked.

    `stderr` is the start and the end of what the program wrote there, masked too.
    """

    def __init__(self, code: FailureCode, sentence: str, stderr: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Caps on one child and all it starts, together; sizes in bytes, times in seconds.

    `memory` is what the processes hold for themselves (anonymous and shared pages, not
    files mapped for reading), looked at ten times a second: a Go program reserves
    1 GB of addresses and uses 6 MB of them, so RLIMIT_AS would end it at its start.
    Against sprints between two looks RLIMIT_DATA holds each process at twice the cap.
    `output` counts standard output and standard error each. `disk` and `files` are of
    the working folder, looked at every second; `disk` is also the longest single file
    (RLIMIT_FSIZE).
    """

    deadline: float = 600
    memory: int = 2048 * _MIB
    output: int = 64 * _MIB
    disk: int = 8192 * _MIB
    files: int = 200_000
    processes: int = 64


def in_words(size: int) -> str:
    """Write a number of bytes for people: "2 GiB", "1.5 MiB", "100 bytes"."""
    for unit, name in ((1024 * _MIB, "GiB"), (_MIB, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"
