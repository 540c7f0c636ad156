"""Which code runs which kind of scanner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repositories.models import Scanner
from repositories.services.scans import adapter, trivy
from repositories.services.scans.job import ScanFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repositories.services.scans.job import Backend

_BACKENDS: Mapping[str, Backend] = {
    Scanner.Kind.ADAPTER: adapter.run,
    Scanner.Kind.TRIVY: trivy.run,
}


def backend_of(scanner: Scanner) -> Backend:
    """Return what runs jobs of a scanner; raises ScanFailed where nothing does."""
    backend = _BACKENDS.get(scanner.kind)
    if backend is None:
        message = f"No worker here runs scanners of the kind “{scanner.kind}”."
        raise ScanFailed(message)
    return backend
