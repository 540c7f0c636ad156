"""A trial reads and never writes, whatever the code it runs would do."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Savepoints write nothing; Django sets them where a service asks for a transaction.
_READS = re.compile(
    r"\s*\(*\s*(SELECT|SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT)\b",
    re.IGNORECASE,
)


class WouldWrite(RuntimeError):
    """A trial came to a statement that changes something; nothing was changed."""


@contextmanager
def only_reading() -> Iterator[None]:
    """Let the database refuse, in this thread, every statement that does not read."""
    with connection.execute_wrapper(_refuse_writing):
        yield


def _refuse_writing(
    execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any
) -> Any:
    if not _READS.match(sql):
        message = f"A trial must not write: {sql[:200]}"
        raise WouldWrite(message)
    return execute(sql, params, many, context)
