"""Tables whose rows are written once: a trigger refuses UPDATE and DELETE.

Of a table that is forgettable, rows behind its horizon may be deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.migrations import RunPython

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.apps.registry import Apps
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

    Step = Callable[[Apps, BaseDatabaseSchemaEditor], None]

POSTGRESQL = """
CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{table} is append-only'; END $$;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_append_only();
"""
# The row of accounts_horizon says of which rows DELETE is possible.
POSTGRESQL_FORGETTABLE = """
CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
IF TG_OP = 'DELETE' THEN
  PERFORM 1 FROM accounts_horizon
  WHERE table_name = '{table}' AND OLD.created_at < before;
  IF FOUND THEN RETURN OLD; END IF;
END IF;
RAISE EXCEPTION '{table} is append-only'; END $$;
"""
POSTGRESQL_STRICT = """
CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{table} is append-only'; END $$;
"""
SQLITE_FORGETTABLE = """
CREATE TRIGGER {table}_no_DELETE BEFORE DELETE ON {table}
WHEN NOT EXISTS (
  SELECT 1 FROM accounts_horizon
  WHERE table_name = '{table}' AND OLD.created_at < before
)
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""
SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""


def writable(table: str) -> RunPython:
    """Return the step that lifts `append_only`, for a migration that must change rows.

    SQLite loses the triggers of a table that is altered: lift them before, and make
    the table append-only again in the last step.
    """
    create, drop = _steps(table)
    return RunPython(drop, create)


def append_only(table: str) -> RunPython:
    """Return the migration step that makes `table` append-only on both databases."""
    create, drop = _steps(table)
    return RunPython(create, drop)


def forgettable(table: str) -> RunPython:
    """Return the step that lets rows go that are older than the table's `Horizon`.

    The table is append-only already, and has a `created_at`. UPDATE stays impossible.
    Whoever makes it append-only again must say this again, too.
    """

    def allow(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        _replace(editor, table, POSTGRESQL_FORGETTABLE, SQLITE_FORGETTABLE)

    def refuse(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        _replace(editor, table, POSTGRESQL_STRICT, SQLITE.replace("{verb}", "DELETE"))

    return RunPython(allow, refuse)


def _replace(
    editor: BaseDatabaseSchemaEditor, table: str, postgresql: str, sqlite: str
) -> None:
    """Put another rule for DELETE in the place of the one that is there."""
    if editor.connection.vendor == "postgresql":
        editor.execute(postgresql.format(table=table))
        return
    editor.execute(f"DROP TRIGGER {table}_no_DELETE")
    editor.execute(sqlite.format(table=table))


def _steps(table: str) -> tuple[Step, Step]:
    """Return what makes and what lifts the triggers."""

    def create(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(POSTGRESQL.format(table=table))
            return
        for verb in ("UPDATE", "DELETE"):
            editor.execute(SQLITE.format(table=table, verb=verb))

    def drop(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP FUNCTION {table}_append_only CASCADE")
            return
        for verb in ("UPDATE", "DELETE"):
            editor.execute(f"DROP TRIGGER {table}_no_{verb}")

    return create, drop
