"""`python -m tests.bench search`: the search over a million findings.

On a PostgreSQL server of its own; what is measured needs the settings, and is imported
when they are made.
"""

from __future__ import annotations

import os
from importlib import import_module

import django
from django.core.management import call_command

from tests.stack.postgresql import postgresql


def main() -> None:
    """Start PostgreSQL, fill it, measure, print a table."""
    with postgresql() as url:
        os.environ["MSR_DATABASE_URL"] = url
        os.environ["MSR_LOG_LEVEL"] = "ERROR"
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        django.setup()
        call_command("migrate", verbosity=0)
        searching = import_module("tests.bench.searching")
        rows = searching.measure()
    searching.print_table(rows)


if __name__ == "__main__":
    main()
