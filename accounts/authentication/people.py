"""Who may have a session in the portal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.backends import ModelBackend
from typing_extensions import override

from accounts.models import User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class PeopleBackend(ModelBackend):
    """Django's own, for people only: a robot has no session, however it came by one."""

    @override
    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        is_robot = isinstance(user, User) and user.is_robot
        return not is_robot and super().user_can_authenticate(user)
