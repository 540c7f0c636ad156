"""Where advisories list a package: the ecosystem and the name that OSV gives it.

https://ossf.github.io/osv-schema/#affectedpackage-field
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packageurl import PackageURL

from repositories.scanning import purls

if TYPE_CHECKING:
    from collections.abc import Mapping

_BY_TYPE: Mapping[str, str] = {
    "pypi": "PyPI",
    "npm": "npm",
    "golang": "Go",
    "maven": "Maven",
    "gem": "RubyGems",
    "cargo": "crates.io",
    "nuget": "NuGet",
    "composer": "Packagist",
    "hex": "Hex",
    "pub": "Pub",
    "swift": "SwiftURL",
}
_DISTRIBUTIONS: Mapping[str, str] = {
    "debian": "Debian",
    "ubuntu": "Ubuntu",
    "alpine": "Alpine",
    "almalinux": "AlmaLinux",
    "rocky": "Rocky Linux",
    "rhel": "Red Hat",
}


@dataclass(frozen=True, slots=True)
class Package:
    """What an advisory would call a component; all "" where none could list it."""

    ecosystem: str = ""
    name: str = ""
    version: str = ""


def package_of(purl: str) -> Package:
    """Return what advisories call the component of a purl.

    For Debian, Ubuntu and Alpine that is the source package: qualifier `upstream`, as
    `name` or `name@version`. The distribution's release is in the qualifier `distro`,
    such as `debian-12`.
    """
    found = PackageURL.from_string(purl)
    version = found.version or ""
    if ecosystem := _BY_TYPE.get(found.type):
        return Package(ecosystem, purls.name_of(purl), version)
    ecosystem = _distribution(found.qualifiers.get("distro", ""))
    if not ecosystem:
        return Package()
    name, _, source_version = found.qualifiers.get("upstream", "").partition("@")
    return Package(ecosystem, name or found.name, source_version or version)


def _distribution(release: str) -> str:
    """Return OSV's name of a release: `Debian:12`, `Alpine:v3.18`, `Ubuntu:22.04`."""
    name, _, number = release.partition("-")
    known = _DISTRIBUTIONS.get(name, "")
    if not (known and number):
        return ""
    parts = number.split(".")
    if known == "Alpine":
        return f"{known}:v{'.'.join(parts[:2])}"
    return f"{known}:{number if known == 'Ubuntu' else parts[0]}"
