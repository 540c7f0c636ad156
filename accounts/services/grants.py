"""Grant and revoke access levels: exactly one row per grantee, object and kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

from accounts.access import AccessLevel, Action, GrantKind
from accounts.models import GrantBase, Namespace, Robot, Team, User
from accounts.permissions import require
from accounts.services import audit

if TYPE_CHECKING:
    from django.db.models import Model

    from accounts.access import Actor


def grant(*, actor: Actor, level: AccessLevel, to: Team | User, on: Model) -> GrantBase:
    """Give `to` the level on a namespace or repository, in place of the one before.

    Raises ValidationError for a team of another organization (as MSR does), and for a
    robot of another namespace.
    """
    namespace = _namespace_of(on)
    require(actor, Action.ADMIN, on)
    _refuse_foreign_team(to, namespace)
    _refuse_foreign_robot(to, namespace)
    kind = GrantKind.SCAN if level == AccessLevel.SCAN else GrantKind.LEVEL
    with transaction.atomic():
        before = _level(to, on, kind)
        row: GrantBase
        row, _ = _table(to, on).objects.update_or_create(
            **_key(to),
            content_object=on,
            kind=kind,
            defaults={"permission": _permission(on, level)},
        )
        audit.record(
            actor=actor,
            action="grant",
            subject=on,
            namespace=namespace,
            before={"to": str(to), "level": before} if before else {},
            after={"to": str(to), "level": level.label},
        )
    return row


def revoke(
    *,
    actor: Actor,
    of: Team | User,
    on: Model,
    kind: GrantKind = GrantKind.LEVEL,
) -> bool:
    """Take the grant away; False when there was none."""
    require(actor, Action.ADMIN, on)
    with transaction.atomic():
        before = _level(of, on, kind)
        removed, _ = _rows(of, on, kind).delete()
        if removed:
            audit.record(
                actor=actor,
                action="revoke",
                subject=on,
                namespace=_namespace_of(on),
                before={"of": str(of), "level": before},
            )
    return bool(removed)


def _namespace_of(on: Model) -> Namespace:
    return on if isinstance(on, Namespace) else cast("Any", on).namespace


def _refuse_foreign_team(to: Team | User, namespace: Namespace) -> None:
    if isinstance(to, Team) and to.organization.namespace_id != namespace.pk:
        message = (
            f"Team {to} is not of the organization “{namespace}”;"
            " only its own teams can be given access."
        )
        raise ValidationError(message)


def _refuse_foreign_robot(to: Team | User, namespace: Namespace) -> None:
    if not isinstance(to, User) or not to.is_robot:
        return
    if not Robot.objects.filter(user=to, namespace=namespace).exists():
        message = f"The robot “{to}” is not of “{namespace}”; only its own can be given"
        raise ValidationError(f"{message} access there.")


def _table(grantee: Team | User, on: Any) -> Any:
    if isinstance(grantee, Team):
        return get_group_obj_perms_model(on)
    return get_user_obj_perms_model(on)


def _rows(grantee: Team | User, on: Model, kind: GrantKind) -> Any:
    rows = _table(grantee, on).objects
    return rows.filter(**_key(grantee), content_object=on, kind=kind)


def _level(grantee: Team | User, on: Model, kind: GrantKind) -> str:
    """Return the level in force in MSR's words; "" without one."""
    row = _rows(grantee, on, kind).select_related("permission").first()
    return row.level.label if row else ""


def _key(grantee: Team | User) -> dict[str, Group | User]:
    if isinstance(grantee, Team):
        return {"group": grantee.group}
    return {"user": grantee}


def _permission(on: Any, level: AccessLevel) -> Permission:
    content_type = ContentType.objects.get_for_model(on)
    return Permission.objects.get(content_type=content_type, codename=level.value)
