"""Packages with chosen versions, installed as their own tools install them.

A Root is the file system of an image while it is built; each step that installs into it
can be taken as a layer. No network is used.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.images import packed

if TYPE_CHECKING:
    from tests.images import Layer

DEBIAN_12 = 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
ALPINE_3_18 = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.18.4\n'
ALMALINUX_9 = 'NAME="AlmaLinux"\nVERSION_ID="9.3"\nID="almalinux"\n'

DIST_PACKAGES = "usr/lib/python3/dist-packages"
# Works for anybody, on any system, and without a shell in the root.
DPKG = (
    *("dpkg", "--force-not-root,bad-path,depends", "--force-script-chrootless"),
    *("--no-triggers", "--log=/dev/null"),
)
RPM = ("rpm", "--nodeps", "--justdb", "--ignorearch", "--ignoreos")


def run(*command: str, **options: Any) -> None:
    """Run a tool; what it says is in the failure."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, **options
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


@dataclass
class Root:
    """The file system of an image, and what of it is in a layer already."""

    folder: Path
    _known: dict[str, tuple[int, int]] = field(default_factory=dict)

    def write(self, path: str, content: str | bytes) -> None:
        """Write a file, with the folders above it."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def layer(self) -> Layer:
        """Take what was written since the last time, and what was removed, out."""
        present = dict(self._files())
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for path, state in sorted(present.items()):
                if self._known.get(path) != state:
                    archive.add(self.folder / path, path, recursive=False)
            for path in sorted(self._known.keys() - present.keys()):
                folder, _, name = path.rpartition("/")
                archive.addfile(tarfile.TarInfo(f"{folder}/.wh.{name}".lstrip("/")))
        self._known = present
        return packed(buffer.getvalue())

    def _files(self) -> list[tuple[str, tuple[int, int]]]:
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                file = Path(folder, name)
                about = file.lstat()
                path = str(file.relative_to(self.folder))
                found.append((path, (about.st_mtime_ns, about.st_size)))
        return found


# --- Debian -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deb:
    """A package of Debian's; `copyright` is its copyright file, whole."""

    name: str
    version: str
    copyright: str
    source: str = ""

    def build(self, folder: Path) -> Path:
        """Let dpkg-deb make the package."""
        content = folder / self.name
        documents = content / "usr/share/doc" / self.name
        documents.mkdir(parents=True)
        (documents / "copyright").write_text(self.copyright)
        (content / "DEBIAN").mkdir()
        control = {
            "Package": self.name,
            "Version": self.version,
            "Architecture": "amd64",
            "Maintainer": "Somebody <somebody@example.com>",
            **({"Source": self.source} if self.source else {}),
            "Description": "made for tests",
        }
        lines = "".join(f"{name}: {value}\n" for name, value in control.items())
        (content / "DEBIAN/control").write_text(lines)
        made = folder / f"{self.name}.deb"
        run("dpkg-deb", "--build", "--root-owner-group", str(content), str(made))
        return made


def machine_readable(name: str) -> str:
    """Return a copyright file in the format that names licenses."""
    return (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
        f"Files: *\nCopyright: 2026 Somebody\nLicense: {name}\n"
    )


def install_debs(root: Root, folder: Path, *debs: Deb) -> None:
    """Let dpkg install packages; its database is in the root."""
    database = root.folder / "var/lib/dpkg"
    for name in ("info", "updates", "triggers"):
        (database / name).mkdir(parents=True, exist_ok=True)
    (database / "status").touch()
    files = [str(one.build(folder)) for one in debs]
    # Its programs are where only administrators look.
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
    environment = {**os.environ, "PATH": path}
    run(*DPKG, f"--root={root.folder}", "--install", *files, env=environment)


# --- RPM ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rpm:
    """A package of RPM's."""

    name: str
    version: str
    release: str
    license: str
    epoch: int = 0

    def build(self, folder: Path) -> Path:
        """Let rpmbuild make the package."""
        lines = {
            "Name": self.name,
            "Epoch": self.epoch,
            "Version": self.version,
            "Release": self.release,
            "Summary": "made for tests",
            "License": self.license,
        }
        text = "".join(f"{name}: {value}\n" for name, value in lines.items())
        specification = folder / f"{self.name}.spec"
        specification.write_text(f"{text}%description\nNone.\n%files\n")
        run(
            *("rpmbuild", "-bb", "--quiet", "--target", "x86_64"),
            *("--define", f"_topdir {folder}", str(specification)),
        )
        file = f"{self.name}-{self.version}-{self.release}.x86_64.rpm"
        return folder / "RPMS/x86_64" / file


def install_rpms(root: Root, folder: Path, *rpms: Rpm) -> None:
    """Let rpm enter packages into its database, in the form of SQLite."""
    files = [str(one.build(folder)) for one in rpms]
    database = root.folder / "var/lib/rpm"
    place = ("--define", f"_dbpath {database}", "--define", "_db_backend sqlite")
    run(*RPM, *place, "--install", *files)


# --- Alpine -------------------------------------------------------------------------


def install_apks(root: Root, *packages: dict[str, str]) -> None:
    """Write apk's list of what is installed, by the letters of its fields."""
    common = {"A": "x86_64", "S": "1000", "I": "4000", "T": "made for tests"}
    paragraphs = (
        "".join(f"{key}:{value}\n" for key, value in (common | one).items())
        for one in packages
    )
    root.write("lib/apk/db/installed", "\n".join(paragraphs) + "\n")


# --- Python -------------------------------------------------------------------------


def wheel(folder: Path, name: str, version: str, *headers: str) -> Path:
    """Write a wheel with one module; `headers` are more lines of its metadata."""
    stem = f"{name.replace('-', '_')}-{version}"
    lines = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *headers)
    about = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {
        f"{name.replace('-', '_').lower()}.py": f"VERSION = {version!r}\n",
        f"{stem}.dist-info/METADATA": "\n".join(lines) + "\n\nMade for tests.\n",
        f"{stem}.dist-info/WHEEL": about,
    }
    files[f"{stem}.dist-info/RECORD"] = "".join(f"{path},,\n" for path in files)
    made = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return made


def install_wheels(root: Root, *wheels: Path) -> None:
    """Let pip install wheels where Debian's Python looks for them."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    alone = ("--no-index", "--no-deps", "--no-compile", "--no-warn-script-location")
    target = str(root.folder / DIST_PACKAGES)
    run(*pip, "install", *alone, "--target", target, *map(str, wheels))


def unpack_wheels(root: Root, *wheels: Path) -> None:
    """Lay wheels out as an installer does, in no time."""
    for one in wheels:
        with zipfile.ZipFile(one) as archive:
            for name in archive.namelist():
                root.write(f"{DIST_PACKAGES}/{name}", archive.read(name))


# --- npm ----------------------------------------------------------------------------


def npm_package(folder: Path, name: str, version: str, **manifest: Any) -> Path:
    """Write a package as npm packs them."""
    made = folder / f"{name.replace('/', '-').lstrip('@')}-{version}.tgz"
    about = json.dumps({"name": name, "version": version, **manifest}).encode()
    with tarfile.open(made, "w:gz") as archive:
        member = tarfile.TarInfo("package/package.json")
        member.size = len(about)
        archive.addfile(member, io.BytesIO(about))
    return made


def install_npm_packages(root: Root, app: str, *packages: Path) -> None:
    """Install packages into an application: npm does where it is on PATH."""
    folder = root.folder / app
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.which("npm"):
        quiet = ("--offline", "--no-audit", "--no-fund", "--no-update-notifier")
        cache = f"--cache={packages[0].parent / 'npm-cache'}"
        run("npm", "install", *quiet, cache, *map(str, packages), cwd=folder)
        return
    for one in packages:
        unpack_npm_package(root, one, app)


def unpack_npm_package(root: Root, package: Path, below: str) -> None:
    """Lay a package out below the `node_modules` of a folder."""
    with tarfile.open(package) as archive:
        file = archive.extractfile("package/package.json")
        content = file.read() if file else b""
    name = json.loads(content)["name"]
    root.write(f"{below}/node_modules/{name}/package.json", content)
