"""Create people, change what they say of themselves, keep out who has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import Namespace, User
from accounts.permissions import require_administrator
from accounts.services import audit, sessions

if TYPE_CHECKING:
    from accounts.access import Actor


def create(
    *,
    actor: Actor,
    username: str,
    password: str | None,
    email: str = "",
    is_superuser: bool = False,
) -> User:
    """Create a person with a namespace of the same name; administrators only.

    `password` None means that only access tokens can sign this user in.
    Raises ValidationError when the name is taken or cannot be a path component.
    """
    require_administrator(actor)
    with transaction.atomic():
        namespace = Namespace(name=username, kind=Namespace.Kind.USER)
        namespace.full_clean()
        namespace.save()
        user = User(username=username, email=email, namespace=namespace)
        user.is_staff = user.is_superuser = is_superuser
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save()
        audit.record(actor=actor, action="create", subject=user, namespace=namespace)
    return user


def describe(*, actor: Actor, full_name: str, email: str) -> User:
    """Change the actor's own full name and e-mail address.

    Raises PermissionDenied when the actor signed in with a token, ValidationError when
    one of them cannot be so.
    """
    if actor.token is not None or not isinstance(actor.user, User):
        message = "Sign in to the portal to change your profile."
        raise PermissionDenied(message)
    user = actor.user
    before = {"full_name": user.get_full_name(), "email": user.email}
    user.first_name, user.last_name, user.email = full_name, "", email
    user.full_clean(exclude=["password"])
    with transaction.atomic():
        user.save(update_fields=["first_name", "last_name", "email"])
        audit.record(
            actor=actor,
            action="update",
            subject=user,
            namespace=user.namespace,
            before=before,
            after={"full_name": full_name, "email": email},
        )
    return user


def set_active(*, actor: Actor, user: User, is_active: bool) -> User:
    """Let somebody sign in, or keep them out: sessions end, tokens do nothing.

    Administrators only. Raises ValidationError for oneself: nobody locks out the last
    administrator by it.
    """
    require_administrator(actor)
    if user.pk == actor.key and not is_active:
        message = "You cannot disable yourself; let another administrator do it."
        raise ValidationError(message)
    with transaction.atomic():
        before, user.is_active = user.is_active, is_active
        user.save(update_fields=["is_active"])
        if not is_active:
            sessions.end_all(actor=actor, user=user)
        audit.record(
            actor=actor,
            action="enable" if is_active else "disable",
            subject=user,
            namespace=user.namespace,
            before={"is_active": before},
            after={"is_active": is_active},
        )
    return user
