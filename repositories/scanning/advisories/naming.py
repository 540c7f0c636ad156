"""Which vulnerabilities a record is about, each by its CVE where it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repositories.scanning.formats.identifiers import is_cve, written
from repositories.scanning.formats.values import texts

if TYPE_CHECKING:
    from repositories.scanning.advisories.advisory import Names

MAX_LENGTH = 100
MAX_NAMES = 100
# AlmaLinux names the CVEs of an announcement among the related ones only.
_WITH_RELATED = ("ALSA-", "ALBA-", "ALEA-")


def vulnerabilities(record: dict[str, Any], identifier: str) -> tuple[Names, ...]:
    """Return the names of each vulnerability of a record.

    Aliases are the same vulnerability. What lies upstream is it too where it is one
    (`DEBIAN-CVE-2024-1`); where a distribution's announcement has several, it is
    about each of them, and its own id names none.
    """
    own = [identifier, *_names(record, "aliases")]
    cves = sorted({name for name in own if is_cve(name)})
    if len(cves) > 1 and not is_cve(identifier) and _is_announcement(identifier):
        return tuple((name,) for name in cves)
    if cves:
        return (_known_as(cves[0], own),)
    upstream = sorted({name for name in _upstream(record, identifier) if is_cve(name)})
    if len(upstream) > 1:
        return tuple((name,) for name in upstream)
    return (_known_as(upstream[0] if upstream else identifier, own),)


def _upstream(record: dict[str, Any], identifier: str) -> list[str]:
    found = _names(record, "upstream")
    if not found and identifier.startswith(_WITH_RELATED):
        return _names(record, "related")
    return found


def _known_as(name: str, names: list[str]) -> Names:
    return tuple(dict.fromkeys((name, *names)))


def _is_announcement(identifier: str) -> bool:
    """Say whether the aliases are the vulnerabilities that a fix is announced for."""
    prefix = identifier.partition("-")[0]
    return prefix in {"DSA", "DLA", "DTSA", "USN", "RHSA", "RLSA", "RXSA", "ALSA"}


def _names(record: dict[str, Any], key: str) -> list[str]:
    found = (written(name) for name in texts(record, key, MAX_LENGTH))
    return list(dict.fromkeys(found))[:MAX_NAMES]
