"""Record who did what. Called by every service that writes, in its transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Model

    from accounts.access import Actor
    from accounts.models import Namespace

MASKED = "•••"
SECRET_WORDS = ("password", "secret", "token", "key", "credential")


def record(
    *,
    actor: Actor,
    action: str,
    subject: Model,
    namespace: Namespace | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one audit entry; values of fields that sound like secrets are masked."""
    return AuditEvent.objects.create(
        actor=actor.name,
        actor_uuid=getattr(actor.user, "uuid", None),
        access_token=actor.token.prefix if actor.token else "",
        action=action,
        object_type=subject._meta.label,
        object_uuid=getattr(subject, "uuid", None),
        object_name=str(subject)[:400],
        namespace_uuid=namespace.uuid if namespace else None,
        before=masked(before or {}),
        after=masked(after or {}),
    )


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with those replaced whose name says that they are secret."""
    return {
        name: MASKED if _sounds_secret(name) else _masked_inside(value)
        for name, value in values.items()
    }


def _sounds_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET_WORDS)


def _masked_inside(value: Any) -> Any:
    if isinstance(value, dict):
        return masked(value)
    if isinstance(value, list | tuple):
        return [_masked_inside(item) for item in value]
    return value
