"""The whole product on real parts, with the quickstart's demo in it."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from msr.env import PREFIX
from msr.quickstart import broker, registry
from msr.quickstart.environment import value
from msr.quickstart.errors import QuickstartError
from msr.quickstart.installation import Plan, Running, running
from msr.quickstart.ports import Ports
from msr.quickstart.state import State, opened
from tests.stack import parts
from tests.stack.missing import MissingProgram
from tests.stack.ports import free_port
from tests.stack.postgresql import postgresql

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType


class Stack:
    """Runs from entering to leaving; raises MissingProgram where it cannot."""

    def __init__(
        self,
        database: Literal["postgresql", "sqlite"] = "postgresql",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Take the kind of database, and settings (`MSR_…`) that differ from ours."""
        self._database = database
        self._given = dict(environment or {})
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        _require_programs()
        with ExitStack() as cleanup:
            folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="msr-"))
            self.state: State = cleanup.enter_context(opened(Path(folder)))
            ports = Ports(free_port(), free_port())
            plan = Plan(self.state, ports, self._settings(cleanup))
            self._running: Running = cleanup.enter_context(running(plan))
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cleanup.close()

    def _settings(self, cleanup: ExitStack) -> dict[str, str]:
        """Return the tests' own settings; what the shell has set does not count."""
        settings = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith(PREFIX)
        }
        if self._database == "postgresql":
            settings["MSR_DATABASE_URL"] = cleanup.enter_context(postgresql())
        return settings | self._given

    def kill(self, part: str) -> None:
        """End all processes of `worker`, `portal`, … at once, as a power cut would."""
        parts.kill(self._running.children, part)

    def start_again(self, part: str) -> None:
        """Start a part that was killed, as it was started first."""
        parts.start_again(self._running.children, part)

    def stalled(self, part: str) -> AbstractContextManager[None]:
        """Let the part do nothing while the context is open."""
        return parts.stalled(self._running.children, part)

    def processes(self, part: str) -> set[int]:
        """Return the ids of the part's processes."""
        return parts.processes(self._running.children, part)

    @property
    def env(self) -> Mapping[str, str]:
        """What every part was started with."""
        return self._running.environment

    @property
    def url(self) -> str:
        """The portal's address, without a slash at the end."""
        return value(self.env, "PUBLIC_URL")

    @property
    def registry_host(self) -> str:
        """The registry as clients name it: host and port."""
        return value(self.env, "REGISTRY_PUBLIC_HOST")

    @property
    def database_url(self) -> str:
        return value(self.env, "DATABASE_URL")

    @property
    def redis_url(self) -> str:
        return value(self.env, "REDIS_URL")

    @property
    def credentials(self) -> dict[str, Any]:
        """The content of credentials.json: `url`, `registry` and `users` by name."""
        text = self.state.credentials.read_text(encoding="utf-8")
        content: dict[str, Any] = json.loads(text)
        return content


def _require_programs() -> None:
    for find, package in (
        (registry.find_program, "docker-registry"),
        (broker.find_program, "redis-server"),
    ):
        try:
            find()
        except QuickstartError as error:
            raise MissingProgram(package) from error
