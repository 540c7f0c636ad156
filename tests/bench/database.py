"""`python -m tests.bench.database NAME`: measures that need a database alone.

Each on a PostgreSQL server of its own; what is measured needs the settings, and is
imported when they are made: `deciding` is one push with a thousand policies,
`uploading` reports of many findings, `searching` the search over a million of them,
`browsing` the portal's pages and `finding` the bar's search over a million tags.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import django
from django.core.management import call_command

from tests.stack.postgresql import postgresql

NAMES = ("deciding", "uploading", "searching", "browsing", "finding")


def main() -> None:
    """Start PostgreSQL, measure, print a table."""
    if len(sys.argv) != 2 or sys.argv[1] not in NAMES:
        sys.exit(f"usage: python -m tests.bench.database {'|'.join(NAMES)}")
    with postgresql() as url:
        os.environ["MSR_DATABASE_URL"] = url
        os.environ["MSR_LOG_LEVEL"] = "ERROR"
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        django.setup()
        call_command("migrate", verbosity=0)
        module = import_module(f"tests.bench.{sys.argv[1]}")
        rows = module.measure()
    module.print_table(rows)


if __name__ == "__main__":
    main()
