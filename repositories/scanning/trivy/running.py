"""The command line and environment of Trivy, for 0.50 and later.

Options that every version since 0.50 knows stand on the command line, where a version
that does not know one fails instead of doing what it was asked not to. Those that came
later are given by environment, which older versions do not read: Trivy reads TRIVY_ and
the name of each of its options, and nothing else.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from repositories.scanning import child
from repositories.scanning.trivy.complaints import TrivyCode, TrivyFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from repositories.scanning.trivy.settings import TrivySettings

DATABASES = ("db", "java-db")
# Each would ask a server on the internet for something no scan of an image needs.
_NO_SURPRISES = dict.fromkeys(
    (
        "TRIVY_SKIP_CHECK_UPDATE",
        "TRIVY_SKIP_VEX_REPO_UPDATE",
        "TRIVY_SKIP_VERSION_CHECK",
        "TRIVY_DISABLE_TELEMETRY",
    ),
    "true",
)


def is_available(settings: TrivySettings) -> bool:
    """Whether there is such a program; it is not run."""
    return shutil.which(settings.program) is not None


def run(
    settings: TrivySettings,
    arguments: Sequence[str],
    *,
    folder: Path,
    limits: child.ChildLimits,
    env: Mapping[str, str] | None = None,
    on_beat: Callable[[], None] | None = None,
) -> child.Finished:
    """Run one command of Trivy; raises ChildFailed, and TrivyFailed where it is not."""
    program = shutil.which(settings.program)
    if program is None:
        text = f"There is no program {settings.program}. Install Trivy 0.50 or later."
        raise TrivyFailed(TrivyCode.MISSING, text)
    added = dict(env or {})
    secrets = [value for name, value in added.items() if name.endswith("_TOKEN")]
    return child.run(
        [program, *arguments],
        env=settings.reaching | _NO_SURPRISES | _sparing(limits) | added,
        limits=limits,
        folder=folder,
        on_beat=on_beat,
        secrets=secrets,
    )


def _sparing(limits: child.ChildLimits) -> dict[str, str]:
    """Let Go tidy up before the cap, and die with a sentence instead of its stacks."""
    return {"GOMEMLIMIT": f"{limits.memory * 9 // 10}B", "GOTRACEBACK": "none"}


def private_cache(settings: TrivySettings, folder: Path) -> Path:
    """Make a cache of this run's own that shares nothing but the databases.

    Trivy keeps what it found in a layer under the name that the image's configuration
    gives it: in a common cache an image could lie about the layers of others. Besides,
    only one process may open that cache.
    """
    cache = folder / "cache"
    cache.mkdir(mode=0o700)
    for name in DATABASES:
        known = settings.folder / name
        if known.is_dir():
            (cache / name).symlink_to(known.resolve())
    return cache


def trivys_own_deadline(limits: child.ChildLimits) -> str:
    """Trivy's `--timeout`, a little before ours: it can say what it was doing."""
    return f"{max(1, int(limits.deadline) - 2)}s"
