"""Create people, change what they say of themselves, keep out who has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.access import IMPORTER
from accounts.models import Namespace, User
from accounts.permissions import require_administrator
from accounts.services import audit, namespaces, sessions

if TYPE_CHECKING:
    from accounts.access import Actor


def create(
    *,
    actor: Actor,
    username: str,
    password: str | None,
    email: str = "",
    full_name: str = "",
    is_superuser: bool = False,
) -> User:
    """Create a person with a namespace of the same name; administrators only.

    `password` None means that only access tokens can sign this user in. Raises
    ValidationError when the name is taken or cannot be a path component, or the
    password is too weak; PermissionDenied where a token would make an administrator.
    """
    require_administrator(actor)
    if is_superuser:
        _refuse_token(actor)
    with transaction.atomic():
        namespace = namespaces.take(Namespace(name=username, kind=Namespace.Kind.USER))
        user = User(username=username, email=email, namespace=namespace)
        user.first_name = full_name
        user.is_staff = user.is_superuser = is_superuser
        _set_password(user, password)
        user.full_clean(exclude=["password"])
        user.save()
        audit.record(actor=actor, action="create", subject=user, namespace=namespace)
    return user


def importer(*, actor: Actor) -> User:
    """Return the user under whose name images are copied from another registry.

    It has no namespace and no password; an administrator makes it an access token.
    Raises ValidationError where a person has the name.
    """
    require_administrator(actor)
    found = User.objects.filter(username=IMPORTER).first()
    if found is not None and found.namespace_id is not None:
        message = (
            f"A person is called {IMPORTER}, which is the name of whoever copies images"
            " from another registry: rename them first."
        )
        raise ValidationError(message)
    if found is not None:
        return found
    user = User(username=IMPORTER)
    user.set_unusable_password()
    with transaction.atomic():
        user.save()
        audit.record(actor=actor, action="create", subject=user)
    return user


def describe(*, actor: Actor, full_name: str, email: str) -> User:
    """Change the actor's own full name and e-mail address.

    Raises PermissionDenied when the actor signed in with a token, ValidationError when
    one of them cannot be so.
    """
    if actor.uses_token or not isinstance(actor.user, User):
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


def rename(*, actor: Actor, user: User, full_name: str) -> User:
    """Call somebody otherwise on pages: oneself, or anybody for administrators."""
    if actor.key == user.pk and not actor.uses_token:
        return describe(actor=actor, full_name=full_name, email=user.email)
    require_administrator(actor)
    before = user.get_full_name()
    user.first_name, user.last_name = full_name, ""
    user.full_clean(exclude=["password"])
    with transaction.atomic():
        user.save(update_fields=["first_name", "last_name"])
        audit.record(
            actor=actor,
            action="update",
            subject=user,
            namespace=user.namespace,
            before={"full_name": before},
            after={"full_name": full_name},
        )
    return user


def set_administrator(*, actor: Actor, user: User, is_administrator: bool) -> User:
    """Make somebody an administrator of the portal, or no longer one.

    Administrators who signed in by password only: a token, which may have leaked,
    makes nobody one. Raises ValidationError for oneself, so that one always remains.
    """
    require_administrator(actor)
    _refuse_token(actor)
    if user.pk == actor.key and not is_administrator:
        message = "You cannot resign yourself; let another administrator do it."
        raise ValidationError(message)
    before, user.is_superuser = user.is_superuser, is_administrator
    user.is_staff = is_administrator
    with transaction.atomic():
        user.save(update_fields=["is_superuser", "is_staff"])
        audit.record(
            actor=actor,
            action="set administrator",
            subject=user,
            namespace=user.namespace,
            before={"is_administrator": before},
            after={"is_administrator": is_administrator},
        )
    return user


def _refuse_token(actor: Actor) -> None:
    if actor.uses_token:
        message = "Sign in with your password: a token makes nobody an administrator."
        raise PermissionDenied(message)


def _set_password(user: User, password: str | None) -> None:
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise ValidationError({"password": error.messages}) from error
    user.set_password(password)
