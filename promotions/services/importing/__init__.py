"""Coming from Mirantis Secure Registry: read it, take it over, compare, switch on.

Nothing that the other registry answers is trusted: it is read with bounds and types,
written by the services that people use, and fills only namespaces that the import made
or that an administrator named.
"""

from __future__ import annotations

from promotions.services.importing.compare import Comparison, compare
from promotions.services.importing.connection import Connection, checked_url
from promotions.services.importing.errors import ImportFailed
from promotions.services.importing.lines import (
    comparison_lines,
    report_lines,
    switched_lines,
)
from promotions.services.importing.report import Report, comparison_json
from promotions.services.importing.snapshot import Snapshot, quiet, read
from promotions.services.importing.source import Source
from promotions.services.importing.structure import Choices, take_over
from promotions.services.importing.switch_on import switch_on

__all__ = [
    "Choices",
    "Comparison",
    "Connection",
    "ImportFailed",
    "Report",
    "Snapshot",
    "Source",
    "checked_url",
    "compare",
    "comparison_json",
    "comparison_lines",
    "quiet",
    "read",
    "report_lines",
    "switch_on",
    "switched_lines",
    "take_over",
]
