"""Behind the scenes of a stack: its database, its broker, its own processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import redis
from celery import Celery
from psycopg.rows import dict_row

from msr.settings import BASE_DIR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.stack.stack import Stack

QUEUES = ("ingest", "promote", "maintenance")
MOVES = """
    SELECT m.id, m.tag, i.digest, p.tag_move_id AS source_move
    FROM repositories_tagmove m
    JOIN repositories_manifest i ON i.id = m.to_manifest_id
    JOIN repositories_repository r ON r.id = m.repository_id
    JOIN accounts_namespace n ON n.id = r.namespace_id
    LEFT JOIN promotions_promotion p ON p.uuid = m.promotion_uuid
    WHERE n.name || '/' || r.name = ? ORDER BY m.id
"""
PROMOTIONS = """
    SELECT p.id, p.tag_move_id AS move, p.source_tag, p.state, p.error_code, p.reason,
        p.attempts, i.digest, t.name || '/' || p.target_name AS target, p.target_tag
    FROM promotions_promotion p
    JOIN repositories_manifest i ON i.id = p.manifest_id
    JOIN repositories_repository r ON r.id = p.source_repository_id
    JOIN accounts_namespace n ON n.id = r.namespace_id
    JOIN accounts_namespace t ON t.id = p.target_namespace_id
    WHERE n.name || '/' || r.name = ? ORDER BY p.id
"""
OPEN = """
    SELECT 'event' AS kind, state FROM repositories_registryevent
    WHERE state IN ('pending', 'processing')
    UNION ALL
    SELECT 'promotion', state FROM promotions_promotion
    WHERE state IN ('waiting', 'pending', 'running')
    UNION ALL
    SELECT 'move', 'not evaluated' FROM repositories_tagmove m
    WHERE NOT m.is_baseline AND NOT EXISTS (
        SELECT 1 FROM promotions_evaluation e WHERE e.tag_move_id = m.id
    )
"""

Row = dict[str, Any]


def shell(stack: Stack, code: str) -> str:
    """Do what no page and no API does, in a process like the portal's own.

    Returns what the code prints.
    """
    return manage(stack, "shell", "--verbosity", "0", "-c", code)


def manage(stack: Stack, *command: str) -> str:
    """Run a management command as the installation's operator does."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=BASE_DIR,
        env=dict(stack.env),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_repositories(stack: Stack, owners: Mapping[str, str]) -> None:
    """Make repositories of organizations that do not exist yet, by their owners."""
    code = f"""
from accounts.models import Namespace, User
from tests.factories import make_organization, make_repository
for name, owner in {dict(owners)!r}.items():
    namespace = name.partition("/")[0]
    if not Namespace.objects.filter(name=namespace).exists():
        make_organization(name=namespace, owner=User.objects.get(username=owner))
    make_repository(name=name)
"""
    shell(stack, code)


def rows(stack: Stack, query: str, *values: str) -> list[Row]:
    """Ask the stack's database; values stand where the query has `?`."""
    url = stack.database_url
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]
    with psycopg.connect(url, row_factory=dict_row) as server:
        return server.execute(query.replace("?", "%s").encode(), values).fetchall()


def moves(stack: Stack, repository: str) -> list[Row]:
    """Return the moves of all tags of a repository, in their order."""
    return rows(stack, MOVES, repository)


def promotions(stack: Stack, repository: str) -> list[Row]:
    """Return the promotions from a repository, whatever became of them."""
    return rows(stack, PROMOTIONS, repository)


def unfinished(stack: Stack) -> Counter[tuple[str, str]]:
    """Return how much of each kind of work is in which state before its end."""
    return Counter((row["kind"], row["state"]) for row in rows(stack, OPEN))


def is_at_rest(stack: Stack) -> bool:
    """Tell whether all work is done and no worker holds a message."""
    return not unfinished(stack) and not messages(stack) and not unfinished(stack)


def messages(stack: Stack) -> int:
    """Return how many messages no worker has taken, or has not done yet."""
    socket = stack.redis_url.removeprefix("redis+socket://")
    with redis.Redis(unix_socket_path=socket, protocol=2) as broker:
        counts: list[Any] = [broker.llen(queue) for queue in QUEUES]
        counts.append(broker.hlen("unacked"))
        return sum(map(int, counts))


def send(stack: Stack, queue: str, messages: Iterable[tuple[str, int | str]]) -> None:
    """Wake workers up for a task and its key, as often as it is named."""
    with (
        Celery(broker=stack.redis_url, set_as_current=False) as app,
        app.connection_for_write() as connection,
    ):
        for task, key in messages:
            app.send_task(task, (key,), queue=queue, connection=connection)
