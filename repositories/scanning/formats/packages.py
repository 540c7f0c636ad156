"""Package URLs for packages of which a report gives type, name and version only."""

from __future__ import annotations

import re
from itertools import pairwise

from repositories.scanning import purls

_NAMES = {
    "alpm": "arch archlinux alpm manjaro",
    "apk": "alpine wolfi chainguard minimos apk alpine-apk",
    "bitnami": "bitnami",
    "cargo": "cargo rustbinary rust-binary rust-crate rust",
    "cocoapods": "cocoapods pod",
    "composer": "composer composer-vendor php-composer php-pecl php",
    "conan": "conan",
    "conda": "conda-pkg conda-environment conda",
    "cran": "r-package cran",
    "deb": "debian ubuntu deb dpkg echo seal",
    "gem": "bundler gemspec gem ruby",
    "golang": "gobinary gomod golang go-module go",
    "hackage": "hackage",
    "hex": "hex",
    "julia": "julia",
    "luarocks": "lua-rocks luarocks",
    "maven": "jar pom gradle-lockfile gradle sbt-lockfile maven java-archive "
    "jenkins-plugin java",
    "npm": "npm yarn pnpm node-pkg bun javascript",
    "nuget": "nuget dotnet-core packages-props dotnet",
    "opam": "opam",
    "pub": "pub dart-pub dart",
    "pypi": "pip pipenv poetry uv pylock python-pkg pypi python",
    "rpm": "redhat centos rocky alma almalinux fedora oracle amazon photon "
    "cbl-mariner azurelinux openeuler rpm rhel suse sles "
    "suse-linux-enterprise-server suse-linux-enterprise-micro slem coreos",
    "swift": "swift swift-package-manager",
}
_TYPES = {name: kind for kind, names in _NAMES.items() for name in names.split()}
# What package URLs look like that need no change to be canonical: most of them.
_CANONICAL = re.compile(
    r"pkg:(?:apk|cargo|deb|gem|maven|npm|rpm)(?:/[a-z][a-z0-9.-]*){1,2}"
    r"@[A-Za-z0-9][A-Za-z0-9.~-]*(?:\?([a-z]+=[a-z0-9.-]+(?:&[a-z]+=[a-z0-9.-]+)*))?"
)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DISTRIBUTIONS = {"alpm", "apk", "deb", "rpm"}  # their namespace is the distribution
_FAMILIES = {"deb", "apk", "rpm", "dpkg", "alpm", "alpine-apk"}  # no distribution


def type_of(kind: str) -> str:
    """Return the purl type for a scanner's name of an ecosystem or distribution.

    "" for one that is not known.
    """
    name = kind.strip().lower()
    if name.startswith("opensuse"):
        return "rpm"
    return _TYPES.get(name, "")


def is_plain(text: str) -> bool:
    """Say whether a name or version stands in a purl as it is."""
    return _PLAIN.fullmatch(text) is not None


def is_canonical(purl: str) -> bool:
    """Say of a plain package URL that it is canonical; of others nothing."""
    found = _CANONICAL.fullmatch(purl)
    if not found or len(purl) > purls.MAX_LENGTH:
        return False
    keys = [part.partition("=")[0] for part in (found[1] or "").split("&")]
    return all(first < second for first, second in pairwise(keys))


def is_distribution(kind: str) -> bool:
    """Say whether a scanner's name is that of a distribution."""
    return type_of(kind) in _DISTRIBUTIONS


def made(kind: str, name: str, version: str = "") -> str:
    """Return the purl of a package; a generic one where the type is not known.

    `kind` is a scanner's name of an ecosystem or distribution. Never raises.
    """
    found = type_of(kind)
    name = name.strip().strip("/") or "unknown"
    namespace, short = _divided(found, kind, name)
    try:
        return purls.made(found or "generic", short, version, namespace=namespace)
    except ValueError:
        return purls.generic("unknown")


def _divided(found: str, kind: str, name: str) -> tuple[str, str]:
    if found in _DISTRIBUTIONS:
        family = kind.strip().lower()
        return ("" if family in _FAMILIES else family), name
    if found == "maven":
        namespace, _, short = name.rpartition(":")
    elif found in ("npm", "golang", "composer", "swift"):
        namespace, _, short = name.rpartition("/")
    else:
        namespace, short = "", name
    return (namespace, short) if short else ("", name)
