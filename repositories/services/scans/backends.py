"""Which code runs which kind of scanner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repositories.models import Scanner
from repositories.services.scans import adapter, built_in, trivy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repositories.services.scans.job import Backend

_BACKENDS: Mapping[str, Backend] = {
    Scanner.Kind.BUILT_IN: built_in.run,
    Scanner.Kind.ADAPTER: adapter.run,
    Scanner.Kind.TRIVY: trivy.run,
}


def backend_of(scanner: Scanner) -> Backend:
    """Return what runs jobs of a scanner."""
    return _BACKENDS[scanner.kind]
