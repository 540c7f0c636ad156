"""`python -m tests.stack COMMAND…`: run a command with a PostgreSQL of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.stack.postgresql import postgresql


def main() -> int:
    """Run the command with MSR_DATABASE_URL set; return its exit code."""
    with postgresql() as url:
        environment = {**os.environ, "MSR_DATABASE_URL": url}
        # Set by importing the product; the command chooses its settings itself.
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
