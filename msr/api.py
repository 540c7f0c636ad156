"""The API's conventions, after MSR: error bodies, codes, paging headers."""

from __future__ import annotations
