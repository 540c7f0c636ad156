"""Create people and their namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
