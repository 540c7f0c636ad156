"""The API's conventions, after MSR: error bodies, codes, paging headers.

Settings name its modules one by one: the framework reads some while `accounts.api` is
being imported, which the others need. The routes stand in `msr.api.urls`.
"""

from __future__ import annotations
