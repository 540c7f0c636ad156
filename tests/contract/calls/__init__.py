"""How each operation of MSR's is called with success: one function for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.calls import (
    accounts,
    events,
    jobs,
    policies,
    portal,
    repositories,
    scans,
    tags,
    teams,
    tokens,
    webhooks,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.contract.caller import Caller

CALLS: Mapping[str, Callable[[Caller], None]] = {
    **accounts.CALLS,
    **repositories.CALLS,
    **tags.CALLS,
    **teams.CALLS,
    **policies.CALLS,
    **scans.CALLS,
    **tokens.CALLS,
    **events.CALLS,
    **jobs.CALLS,
    **webhooks.CALLS,
    **portal.CALLS,
}
