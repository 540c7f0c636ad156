"""Many values, some at a time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of up to `size` values; itertools has it from Python 3.12 on."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some
