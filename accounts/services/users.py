"""Create people and their namespaces, and change what they say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import Namespace, User
from accounts.permissions import require_administrator
from accounts.services import audit

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
