"""The API's conventions, after MSR: error bodies, codes, paging headers.

Settings name these two; the routes stand in `msr.api.urls`, which imports the apps.
"""

from __future__ import annotations

from msr.api.errors import exception_handler
from msr.api.pagination import MsrPagination

__all__ = ["MsrPagination", "exception_handler"]
