"""What is said of one method of an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.api import Form, Operation
    from msr.api.shapes.kinds import Shape


@dataclass(frozen=True, slots=True)
class Described:
    """One method: the shape of its answer (None is empty, a list is one of them).

    `query` and `body` are the forms that it reads; `paged` lists come in pages, and
    what `leads_on` has the same headers with parameters of its own. `takes` and `gives`
    are media types in which the same is sent as it is, beside JSON. What is `guarded`
    takes `If-Match`.
    """

    answer: Shape | list[Shape] | None
    body: type[Form] | None = None
    query: type[Form] | None = None
    status: int = 200
    paged: bool = False
    leads_on: bool = False
    guarded: bool = False
    filtered: bool = False
    takes_report: bool = False
    takes: str = ""
    gives: str = ""


def listed(answer: Any, query: type[Form] | None = None, **more: Any) -> Described:
    """Describe a list that comes in pages."""
    return Described(answer, query=query, paged=True, **more)


def made(answer: Any, body: type[Form] | None, **more: Any) -> Described:
    """Describe what makes something."""
    return Described(answer, body=body, status=201, **more)


# A row for every method of every operation of a subject.
Rows: TypeAlias = "Mapping[type[Operation], Mapping[str, Described]]"

GONE = Described(None, status=204)
GONE_GUARDED = Described(None, status=204, guarded=True)
