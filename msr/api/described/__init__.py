"""What each operation takes and answers, for the schema: a row for every method."""

from __future__ import annotations

from msr.api.described import (
    accounts,
    enzi,
    events,
    jobs,
    promotions,
    repositories,
    scans,
    tokens,
)
from msr.api.described import promotions, repositories, scans, webhooks
from msr.api.described.kinds import Described, Rows

__all__ = ["DESCRIBED", "Described"]

DESCRIBED: Rows = {
    **accounts.DESCRIBED,
    **repositories.DESCRIBED,
    **promotions.DESCRIBED,
    **scans.DESCRIBED,
    **enzi.DESCRIBED,
    **tokens.DESCRIBED,
    **events.DESCRIBED,
    **jobs.DESCRIBED,
    **webhooks.DESCRIBED,
}
