"""Where advisories list a package: the ecosystem and the name that OSV gives it.

https://ossf.github.io/osv-schema/#affectedpackage-field
"""

from __future__ import annotations

import re
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
MAX_RELEASE = 30
_KNOWN = frozenset({*_BY_TYPE.values(), *_DISTRIBUTIONS.values()})
RELEASED = frozenset(_DISTRIBUTIONS.values())  # ecosystems that have releases
_LOWER = frozenset({"Go", "Hex", "NuGet", "Packagist", "Pub", "npm"})
_RED_HAT = re.compile(r"enterprise_linux:(\d+)(?:\.\d+)?(?:::\w+)?")
_UBUNTU = re.compile(r"(?:Pro:)?(\d+\.\d+)(?::LTS)?")
_NUMBER = re.compile(r"(\d+)(?:\.\d+)*")
_SOURCE_RPM = re.compile(r"(.+)-[^-]+-[^-]+\.src\.rpm")


@dataclass(frozen=True, slots=True)
class Package:
    """What an advisory would call a component; all "" where none could list it."""

    ecosystem: str = ""
    name: str = ""
    version: str = ""


def package_of(purl: str) -> Package:
    """Return what advisories call the component of a purl.

    For Debian, Ubuntu, Alpine and Rocky Linux that is the source package: qualifier
    `upstream`, as `name`, `name@version` or the file of a source RPM. The
    distribution's release is in the qualifier `distro`, such as `debian-12`.
    """
    found = PackageURL.from_string(purl)
    version = found.version or ""
    if ecosystem := _BY_TYPE.get(found.type):
        name = package_name(ecosystem, purls.name_of(purl))
        return Package(ecosystem, name, version)
    ecosystem = _distribution(found.qualifiers.get("distro", ""))
    if not ecosystem:
        return Package()
    if found.type == "rpm":
        return _rpm(ecosystem, found)
    name, _, source_version = found.qualifiers.get("upstream", "").partition("@")
    return Package(ecosystem, name or found.name, source_version or version)


def listed_in(ecosystem: str) -> str:
    """Return the ecosystem of an advisory as `package_of` writes it; "" for others.

    A distribution without a release stands for all of its releases. Of Ubuntu, Pro is
    the same release with fixes that not everybody gets; of Red Hat only the streams of
    Enterprise Linux itself are in its images; other repositories of a language's
    packages (`Maven:https://…`) are not told apart.
    """
    family, _, release = ecosystem.partition(":")
    if family not in _KNOWN:
        return ""
    if family not in RELEASED:
        return family
    if not release:
        return "" if family in ("Red Hat", "Alpine") else family
    number = _release(family, release)
    return f"{family}:{number}" if 0 < len(number) <= MAX_RELEASE else ""


def with_family(ecosystem: str) -> tuple[str, ...]:
    """Return where advisories about a package may be: of its release, or of any."""
    family, _, release = ecosystem.partition(":")
    return (ecosystem, family) if release else (ecosystem,)


def family_of(ecosystem: str) -> str:
    """Return an ecosystem without its release."""
    return ecosystem.partition(":")[0]


def package_name(ecosystem: str, name: str) -> str:
    """Return a name in the one form in which names of the ecosystem are compared."""
    if ecosystem == "PyPI":
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.lower() if ecosystem in _LOWER else name


def spoken(ecosystem: str) -> str:
    """Return an ecosystem as people call it: `Debian 12`, `Alpine 3.18`, `npm`."""
    family, _, release = ecosystem.partition(":")
    return f"{family} {release.removeprefix('v')}".strip()


def _rpm(ecosystem: str, found: PackageURL) -> Package:
    """Rocky Linux lists source packages, the others the packages made of them."""
    version = found.version or ""
    epoch = found.qualifiers.get("epoch", "")
    if epoch and ":" not in version:
        version = f"{epoch}:{version}"
    upstream = found.qualifiers.get("upstream", "").partition("@")[0]
    if not (upstream and ecosystem.startswith("Rocky")):
        return Package(ecosystem, found.name, version)
    source = _SOURCE_RPM.fullmatch(upstream)
    return Package(ecosystem, source[1] if source else upstream, version)


def _release(family: str, release: str) -> str:
    if family == "Ubuntu":
        found = _UBUNTU.fullmatch(release)
        return found[1] if found else ""
    if family == "Red Hat":
        found = _RED_HAT.fullmatch(release)
        return found[1] if found else ""
    if family == "Alpine":
        return release
    found = _NUMBER.fullmatch(release)
    return found[1] if found else release


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
