"""What a job is, whatever table its row stands in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from accounts.access import Actor


class Status(StrEnum):
    """How far a job is, in MSR's words."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELED = "canceled"
    ERRORED = "errored"


@dataclass(frozen=True, slots=True)
class Job:
    """One job as its reader may see it; times are None before they come.

    `retries_left` are further attempts after a failure that may pass; `deadline` is
    seconds from the start, None where there is none.
    """

    uuid: UUID
    action: str
    status: Status
    scheduled_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    parameters: Mapping[str, str]
    retry_from: UUID | None = None
    retries_left: int = 0
    retries_total: int = 0
    deadline: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What is known to have happened at a moment; None where the moment is not."""

    at: datetime | None
    text: str

    @override
    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ} {self.text}" if self.at else self.text


class JobKind(Protocol):
    """A table of jobs."""

    @property
    def actions(self) -> tuple[str, ...]:
        """MSR's names of what these jobs do, or ours."""

    def rows(self, actor: Actor, action: str = "") -> QuerySet[Any]:
        """Return the jobs that the actor may see, with "" of all actions."""

    def running(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those that a worker has."""

    def shown(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return them with all that `job` and `lines` read."""

    def job(self, row: Any) -> Job:
        """Return a row of `shown` as a job."""

    def lines(self, row: Any) -> Iterable[Line]:
        """Return what is known of its steps, in their order."""

    def cancel(self, actor: Actor, row: Any) -> None:
        """Stop it; raises PermissionDenied, or ValidationError where it is too late."""


@dataclass(slots=True)
class Lines:
    """Lines in the making; what is empty is left out."""

    lines: list[Line] = field(default_factory=list)

    def add(self, at: datetime | None, *words: str) -> None:
        self.lines.append(Line(at, " ".join(word for word in words if word)))
