"""What each operation takes and answers, for the schema: a row for every method."""

from __future__ import annotations

from msr.api.described import (
    accounts,
    enzi,
    events,
    jobs,
    policy_files,
    promotions,
    repositories,
    scans,
    tokens,
    webhooks,
)
from msr.api.described.kinds import Described, Rows

__all__ = ["DESCRIBED", "Described"]

DESCRIBED: Rows = {
    **accounts.DESCRIBED,
    **enzi.DESCRIBED,
    **events.DESCRIBED,
    **jobs.DESCRIBED,
    **policy_files.DESCRIBED,
    **promotions.DESCRIBED,
    **repositories.DESCRIBED,
    **scans.DESCRIBED,
    **tokens.DESCRIBED,
    **webhooks.DESCRIBED,
}
