"""Package URLs: what components are known by (purl specification).

A component's name and version follow from its purl alone, so that no report can rename
a component that others share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packageurl import PackageURL

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LENGTH = 700
_JOINED = {"maven": ":"}  # how a package's namespace stands before its name
_DISTRIBUTIONS = {"deb", "rpm", "apk", "alpm"}  # their namespace is the distribution


def made(
    kind: str,
    name: str,
    version: str = "",
    *,
    namespace: str = "",
    qualifiers: Mapping[str, str] | None = None,
    subpath: str = "",
) -> str:
    """Return the purl of a package; what is too long for one is cut.

    A name of nothing but blanks and slashes, which no purl can have, is `unnamed`.
    """
    name = name if name.strip().strip("/") else "unnamed"
    parts = (kind, namespace or None, name, version or None)
    text = str(PackageURL(*parts, dict(qualifiers or {}) or None, subpath or None))
    if len(text) > MAX_LENGTH:
        # A character takes up to twelve in a purl.
        text = str(PackageURL(kind, None, name[:40], version[:12] or None))
    return text


def canonical(text: str) -> str | None:
    """Return a purl in the one form in which it is stored; None for what is none."""
    try:
        found = PackageURL.from_string(text)
    except ValueError:  # lone surrogates are among them
        return None
    return made(
        found.type,
        found.name,
        found.version or "",
        namespace=found.namespace or "",
        qualifiers=found.qualifiers,
        subpath=found.subpath or "",
    )


def generic(name: str, version: str = "") -> str:
    """Return a purl for a component of which only a name is known."""
    return made("generic", name, version)


def name_of(purl: str) -> str:
    """Return the name people know the package by, such as `@angular/core`."""
    found = PackageURL.from_string(purl)
    if not found.namespace or found.type in _DISTRIBUTIONS:
        return found.name
    return f"{found.namespace}{_JOINED.get(found.type, '/')}{found.name}"


def version_of(purl: str) -> str:
    """Return the version, "" where the purl names none."""
    return PackageURL.from_string(purl).version or ""
