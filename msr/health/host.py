"""The database, the clocks, the versions, and settings that are not safe."""

from __future__ import annotations

import platform
import tomllib
from importlib import metadata

import django
from django.conf import settings
from django.core.checks import Tags, run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.utils import timezone

from msr.health.findings import Finding, State, good_if
from repositories.models import Registry

SKEW_SECONDS = 2.0
WEAK_SECRET = 40
MIGRATE = "Run “manage.py migrate”, then restart portal, workers and beat."
CLOCKS = "Let chrony or systemd-timesyncd set the clocks of both: leases rest on them."


def database() -> list[Finding]:
    """Say which database it is, and whether its tables are those of this version."""
    version = ".".join(str(part) for part in connection.get_database_version())
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = ", ".join(str(migration) for migration, _backwards in pending)
    return [
        Finding("Database", State.GOOD, f"{connection.display_name} {version}"),
        good_if(
            "Migrations",
            f"not applied: {names}" if pending else "all applied",
            MIGRATE,
            fine=not pending,
            otherwise=State.BAD,
        ),
        _clocks(),
    ]


def _clocks() -> Finding:
    now = Registry.objects.annotate(clock=Now()).values_list("clock", flat=True).first()
    if now is None:
        return Finding("Clocks", State.NOTE, "not compared: no registry is on record")
    skew = abs((timezone.now() - now).total_seconds())
    found = f"database and this host differ by {skew:.1f} s"
    return good_if("Clocks", found, CLOCKS, fine=skew < SKEW_SECONDS)


def versions() -> list[Finding]:
    """Say what runs here."""
    found = {
        "msr": own_version(),
        "Python": platform.python_version(),
        "Django": django.get_version(),
        "Celery": metadata.version("celery"),
    }
    return [Finding(name, State.NOTE, version) for name, version in found.items()]


def own_version() -> str:
    """Return the installed version, or that of the source which runs."""
    try:
        return metadata.version("msr")
    except metadata.PackageNotFoundError:
        text = (settings.BASE_DIR / "pyproject.toml").read_text()
        return str(tomllib.loads(text)["project"]["version"])


def unsafe() -> list[Finding]:
    """Say which settings are fit for a trial only."""
    said = [
        *_ours(),
        *(
            Finding(
                str(warning.id), State.WARN, str(warning.msg), str(warning.hint or "")
            )
            for warning in run_checks(
                tags=[Tags.security], include_deployment_checks=True
            )
        ),
    ]
    return said or [Finding("Settings", State.GOOD, "nothing unsafe was found")]


def _ours() -> list[Finding]:
    looks = {
        "MSR_DEBUG": (settings.DEBUG, "Errors show code and settings. Unset it."),
        "MSR_PUBLIC_URL": (
            not settings.SECURE,
            "Passwords and cookies travel unencrypted. Serve by https.",
        ),
        "MSR_ALLOWED_HOSTS": (
            "*" in settings.ALLOWED_HOSTS,
            "Any name is believed. Name the hosts of the portal.",
        ),
        "MSR_REGISTRY_URL": (
            settings.REGISTRY_URL.startswith("http://"),
            "The registry is asked unencrypted: only within one host or a closed net.",
        ),
        "MSR_NOTIFICATION_SECRET": (
            len(settings.NOTIFICATION_SECRET) < WEAK_SECRET // 2,
            "It is short or missing. Rotate it on the registry's page.",
        ),
    }
    return [
        Finding(name, State.WARN, "is not safe as it is", cure)
        for name, (is_unsafe, cure) in looks.items()
        if is_unsafe
    ]
