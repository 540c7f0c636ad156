"""`make bench`: copies against skopeo and a bare script, rules, decisions, scans.

Every round runs each contender once, one after the other, so that all of them see the
same machine; the figures are medians over the rounds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from tests.bench import rules
from tests.bench.clients import skopeo
from tests.bench.database import NAMES
from tests.images import make_image
from tests.stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 20
QUIET = {"MSR_SWEEP_PERIOD": "3600", "MSR_LOG_LEVEL": "ERROR"}
SOURCE = "dev/website"


@dataclass(slots=True)
class Series:
    """The times of one contender, in milliseconds."""

    times: list[float] = field(default_factory=list)

    def measure(self, action: Callable[[], None]) -> None:
        started = time.perf_counter()
        action()
        self.times.append((time.perf_counter() - started) * 1000)

    @property
    def median(self) -> float:
        return statistics.median(self.times)


def main() -> None:
    """Start the stack on PostgreSQL, measure, print a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with Stack(environment=QUIET) as stack, tempfile.TemporaryDirectory() as folder:
        os.environ.update(stack.env)
        os.environ["DJANGO_SETTINGS_MODULE"] = "msr.settings"
        django.setup()
        print_table(measure(stack, Path(folder), rounds), rounds)
    rules.main()
    # Others: this process holds the settings of the stack, which has stopped.
    for name in NAMES:
        subprocess.run([sys.executable, "-m", "tests.bench.database", name], check=True)


def measure(stack: Stack, folder: Path, rounds: int) -> dict[str, Series]:
    """Copy into a repository where nothing is yet, then where the blobs are."""
    from tests.bench.contenders import Contenders  # noqa: PLC0415 - needs settings

    image = make_image(folder / "image", seed=1, layers=10, layer_bytes=200_000)
    contenders = Contenders(stack, SOURCE, "bench", image.digest)
    push(stack, image.reference)
    contenders.wait_for_source()
    series = {
        f"{name} {kind}": Series()
        for kind in ("empty", "present")
        for name in ("ours", "skopeo", "bare")
    }
    for number in range(-2, rounds):  # two rounds to warm up
        for name, prepare in contenders.all().items():
            target = f"qa/{name}-{number + 2}"
            for kind in ("empty", "present"):
                action = prepare(target, kind)
                measured = series[f"{name} {kind}"] if number >= 0 else Series()
                measured.measure(action)
    return series


def push(stack: Stack, reference: str) -> None:
    """Push the image as dana."""
    token = stack.credentials["users"]["dana"]["token"]
    skopeo(
        "--dest-tls-verify=false",
        f"--dest-creds=dana:{token}",
        reference,
        f"docker://{stack.registry_host}/{SOURCE}:bench",
    )


def print_table(series: dict[str, Series], rounds: int) -> None:
    """Print medians and the three ratios that are promised."""
    print(f"\n10 layers, one registry, medians of {rounds} interleaved rounds (ms)\n")
    for name, one in series.items():
        print(f"  {name:<16} {one.median:8.1f}   min {min(one.times):8.1f}")
    rows: list[tuple[str, Any, Any, float]] = [
        ("copy, nothing there yet / skopeo", "ours empty", "skopeo empty", 0.45),
        ("copy, blobs there / skopeo", "ours present", "skopeo present", 0.15),
        ("copy / bare minimum script", "ours empty", "bare empty", 1.3),
    ]
    print("\n  what                                   ratio  promise")
    for what, ours, theirs, promise in rows:
        ratio = series[ours].median / series[theirs].median
        verdict = "kept" if ratio <= promise else "MISSED"
        print(f"  {what:<38} {ratio:5.2f}  ≤ {promise:<5} {verdict}")


if __name__ == "__main__":
    main()
