"""The registry: whether it answers, what it reported, and what the last walk found."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from msr.health.findings import Finding, State, good_if
from repositories.models import Registry
from repositories.registry import RegistryClient, RegistryError
from repositories.services.registry import PortalTokens

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
INSTANCES_SHOWN = 3
UNREACHABLE = (
    "Start it, or set MSR_REGISTRY_URL; that it refuses our token means that its"
    " rootcertbundle is not MSR_TOKEN_CERT_FILE. “manage.py doctor” walks the chain."
)
NONE_ACCEPTED = "Set MSR_NOTIFICATION_SECRET and run “manage.py migrate”."
LATE_WALK = "Look at the log of the worker for “maintenance”; a walk ends with a line."
FINISH = "Give the registry the new secret, then forget the old one: see the registry."


def answers() -> list[Finding]:
    """Ask the registry itself, by a connection that does not wait for long."""
    client = RegistryClient(
        settings.REGISTRY_URL,
        PortalTokens(),
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        pool_size=1,
    )
    name = f"Answers at {settings.REGISTRY_URL}"
    try:
        version = client.ping()
    except (RegistryError, ImproperlyConfigured, OSError) as error:
        return [Finding(name, State.BAD, f"no: {error}", UNREACHABLE)]
    finally:
        client.close()
    return [Finding(name, State.GOOD, f"yes, as {version or 'an API without version'}")]


def known() -> list[Finding]:
    """Say what is on record about the registry."""
    registry = Registry.objects.first()
    if registry is None:
        cure = "Run “manage.py migrate” with MSR_REGISTRY_URL set."
        return [Finding("On record", State.BAD, "no registry", cure)]
    return [_instances(registry), _walk(registry), _brake(registry), _secret(registry)]


def _instances(registry: Registry) -> Finding:
    seen = registry.instance_ids
    cure = "Check the notifications in the registry's configuration."
    found = ", ".join(seen[-INSTANCES_SHOWN:]) or "none has notified us yet"
    return good_if("Instances seen last", found, cure, fine=bool(seen))


def _walk(registry: Registry) -> Finding:
    name, at = "Last reconcile", registry.reconciled_at
    if at is None:
        return Finding(name, State.WARN, "none has ended yet", LATE_WALK)
    age = timezone.now() - at
    found = f"ended {at:%Y-%m-%d %H:%M:%S} UTC"
    if registry.reconcile_wanted_at:
        found += f"; another is wanted: {registry.reconcile_reason or 'as asked'}"
    fine = age.total_seconds() < 3 * settings.RECONCILE_PERIOD
    return good_if(name, found, LATE_WALK, fine=fine)


def _brake(registry: Registry) -> Finding:
    fine = registry.brake == Registry.Brake.RELEASED
    cure = (
        "Read the reason; decide with “manage.py reconcile --accept record|evaluate”."
    )
    found = "released" if fine else registry.brake_reason
    return good_if("Brake", found, cure, fine=fine, otherwise=State.BAD)


def _secret(registry: Registry) -> Finding:
    name = "Notification secret"
    if not registry.secret_hash:
        return Finding(
            name, State.BAD, "none: notifications are refused", NONE_ACCEPTED
        )
    if registry.previous_secret_hash:
        return Finding(name, State.NOTE, "two are accepted, a new and an old", FINISH)
    return Finding(name, State.GOOD, "one is accepted")
