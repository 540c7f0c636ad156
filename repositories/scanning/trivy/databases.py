"""Updates of Trivy's databases: never part of a scan."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from repositories.scanning.child import ChildFailed
from repositories.scanning.trivy import running
from repositories.scanning.trivy.complaints import (
    TrivyCode,
    TrivyFailed,
    explained_download,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from repositories.scanning.child import ChildLimits
    from repositories.scanning.trivy.settings import TrivySettings

_PREFIX = ".update-"


def update_databases(
    settings: TrivySettings,
    *,
    limits: ChildLimits,
    on_beat: Callable[[], None] | None = None,
) -> None:
    """Download Trivy's databases and put them in the place of the present ones.

    Scans that run meanwhile go on with the files they opened. The limits hold for each
    of the two downloads. Raises TrivyFailed; what was there before is there still.
    """
    with _alone(settings.folder):
        mirror = [f"--db-repository={settings.mirror}"] if settings.mirror else []
        _fetch(settings, ["--download-db-only", *mirror], "db", limits, on_beat)
        if settings.java:
            mirror = (
                [f"--java-db-repository={settings.java_mirror}"]
                if settings.java_mirror
                else []
            )
            options = ["--download-java-db-only", *mirror]
            _fetch(settings, options, "java-db", limits, on_beat)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for one update, and tidy up what a killed one left."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = "An update of Trivy's databases is running. Wait for its end."
            raise TrivyFailed(TrivyCode.BUSY, text) from None
        for left in folder.glob(f"{_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _fetch(
    settings: TrivySettings,
    options: list[str],
    name: str,
    limits: ChildLimits,
    on_beat: Callable[[], None] | None,
) -> None:
    # Beside the present files, so that they can be replaced by one renaming.
    with TemporaryDirectory(
        prefix=_PREFIX, dir=settings.folder, ignore_cleanup_errors=True
    ) as made:
        folder = Path(made)
        deadline = running.trivys_own_deadline(limits)
        place = [f"--timeout={deadline}", f"--cache-dir={folder / 'cache'}"]
        arguments = ["image", "--quiet", *options, *place]
        try:
            running.run(
                settings, arguments, folder=folder, limits=limits, on_beat=on_beat
            )
        except ChildFailed as failure:
            raise explained_download(failure) from None
        _replace(folder / "cache" / name, settings.folder / name)


def _replace(new: Path, place: Path) -> None:
    """Each file at once; the one that says how new they are last."""
    files = sorted(new.glob("*"), key=lambda path: path.name == "metadata.json")
    if not files or files[-1].name != "metadata.json":
        text = "Trivy ended without a database. Check the mirror of its databases."
        raise TrivyFailed(TrivyCode.DOWNLOAD, text)
    place.mkdir(mode=0o700, exist_ok=True)
    for file in files:
        file.replace(place / file.name)
