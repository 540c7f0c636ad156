"""What Trivy complains of, told in sentences that say what to do.

The texts were compared with Trivy's source from 0.50 to 0.70.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from repositories.scanning.child.streams import last_words

if TYPE_CHECKING:
    from repositories.scanning.child import ChildFailed


class TrivyCode(StrEnum):
    """Why there is no report; the first seven are those of any child."""

    MISSING = "missing"
    DEADLINE = "deadline"
    MEMORY = "memory"
    OUTPUT = "output"
    DISK = "disk"
    PROCESSES = "processes"
    CRASHED = "crashed"
    DATABASE = "database"
    DOWNLOAD = "download"
    BUSY = "busy"
    REFUSED = "refused"
    NOT_FOUND = "not_found"
    UNREACHABLE = "unreachable"
    TOO_OLD = "too_old"


_TEMPORARY = frozenset({TrivyCode.BUSY, TrivyCode.UNREACHABLE, TrivyCode.DOWNLOAD})


class TrivyFailed(Exception):
    """A sentence that says what to do; `temporary` where trying again may help."""

    def __init__(self, code: TrivyCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.temporary = code in _TEMPORARY


@dataclass(frozen=True, slots=True)
class _Complaint:
    sign: str
    code: TrivyCode
    sentence: str

    def is_in(self, text: str) -> bool:
        return re.search(self.sign, text, re.IGNORECASE) is not None


NO_DATABASE = (
    "Trivy has no database of vulnerabilities. Run the update of Trivy's databases, or "
    "put its `db` folder into the folder of Trivy's databases."
)
# The first that fits counts: what is particular stands before what is general.
_COMPLAINTS = (
    _Complaint(
        r"skip-java-(db-)?update'? cannot be specified on the first run"
        r"|cannot skip downloading java",
        TrivyCode.DATABASE,
        "This image holds Java archives, and Trivy has no database of them. Run the "
        "update of Trivy's databases with the Java database, or put its `java-db` "
        "folder into the folder of Trivy's databases.",
    ),
    _Complaint(
        r"cannot be specified on the first run|cannot skip downloading",
        TrivyCode.DATABASE,
        NO_DATABASE,
    ),
    _Complaint(
        r"DB schema|trivy version (\(.*\) )?is old",
        TrivyCode.DATABASE,
        "Trivy and its database of vulnerabilities are of different ages. Update both: "
        "the program, and then its databases.",
    ),
    _Complaint(
        r"in use by another process",
        TrivyCode.BUSY,
        "Another scan holds Trivy's database. Install Trivy 0.68 or later, or let one "
        "scan run at a time.",
    ),
    _Complaint(
        r"unknown (shorthand )?flag|unknown command|unknown (format|scanner)",
        TrivyCode.TOO_OLD,
        "This Trivy does not know an option it was given. Install Trivy 0.50 or later.",
    ),
    _Complaint(
        r"twirp error (unauthenticated|permission)|invalid token",
        TrivyCode.REFUSED,
        "Trivy's server refused its token. Correct the token of the Trivy server.",
    ),
    _Complaint(
        r"HTTP response to HTTPS client",
        TrivyCode.UNREACHABLE,
        "The registry speaks plain HTTP where Trivy expects HTTPS. Correct the "
        "registry's address.",
    ),
    _Complaint(
        r"x509:|certificate signed by unknown|failed to verify certificate",
        TrivyCode.REFUSED,
        "Trivy does not trust the certificate of the server it asked. "
        "Name its authority in SSL_CERT_FILE.",
    ),
)
_OF_REGISTRIES = (
    _Complaint(
        r"\bUNAUTHORIZED\b|\bDENIED\b|401 Unauthorized|403 Forbidden",
        TrivyCode.REFUSED,
        "The registry refused Trivy's token for this image. Check that the registry "
        "trusts the portal's tokens, and scan again.",
    ),
    _Complaint(
        r"(MANIFEST|NAME|BLOB)_UNKNOWN|404 Not Found",
        TrivyCode.NOT_FOUND,
        "The registry has no such image, or lost one of its layers. Push it again.",
    ),
)
_AT_LAST = (
    _Complaint(
        r"context deadline exceeded",
        TrivyCode.DEADLINE,
        "Trivy did not finish in time. Raise the deadline of scans if the image is "
        "that big.",
    ),
    _Complaint(
        r"connection (refused|reset)|no such host|i/o timeout|handshake timeout"
        r"|TOOMANYREQUESTS|unexpected status code (429|5\d\d)|twirp error unavailable",
        TrivyCode.UNREACHABLE,
        "Trivy could not reach the registry, or its server. Check that they answer.",
    ),
)


def explained(failure: ChildFailed) -> TrivyFailed:
    """Why a scan failed; what is not recognised is told in Trivy's last words."""
    return _explained(failure, _COMPLAINTS + _OF_REGISTRIES + _AT_LAST)


def explained_download(failure: ChildFailed) -> TrivyFailed:
    """Why an update failed: here registries are mirrors, and their refusals too."""
    found = _explained(failure, _COMPLAINTS)
    if found.code != TrivyCode.CRASHED:
        return found
    said = last_words(failure.stderr)
    text = f"Trivy's database was not downloaded. Check mirror, proxy, network: {said}"
    return TrivyFailed(TrivyCode.DOWNLOAD, text)


def _explained(failure: ChildFailed, known: tuple[_Complaint, ...]) -> TrivyFailed:
    code = TrivyCode(failure.code)
    if code == TrivyCode.CRASHED:
        for complaint in known:
            if complaint.is_in(failure.stderr):
                return TrivyFailed(complaint.code, complaint.sentence)
    return TrivyFailed(code, failure.sentence)
