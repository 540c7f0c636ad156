"""People who sign in, and robots; both push and pull."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from typing_extensions import override

from accounts.access import ANONYMOUS_NAME, SYSTEM_NAME
from accounts.models.namespace import Namespace
from accounts.validators import ROBOT_MARK, validate_name

# A robot's name has its namespace's in it, and the audit log holds no longer one.
MAX_USERNAME_LENGTH = 100


class User(AbstractUser):
    """A person with a namespace of their own; robots and system users have none."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField(
        max_length=MAX_USERNAME_LENGTH,
        unique=True,
        validators=(validate_name,),
        error_messages={"unique": "A user with that name exists already."},
    )
    namespace = models.OneToOneField(
        Namespace,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="user",
    )

    class Meta(AbstractUser.Meta):
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(username__contains=ROBOT_MARK)
                | models.Q(namespace=None, is_staff=False, is_superuser=False),
                name="robots_own_and_administer_nothing",
            ),
        )

    @override
    def __str__(self) -> str:
        return self.username

    @override
    def clean(self) -> None:
        """Refuse the names under which the audit log tells of nobody's account."""
        super().clean()
        if self.username in {SYSTEM_NAME, ANONYMOUS_NAME}:
            message = f"The audit log calls no person “{self.username}”; choose another"
            raise ValidationError({"username": f"{message} name."})

    @property
    def is_robot(self) -> bool:
        """Whether this is the account of a robot: no person's name has the mark."""
        return ROBOT_MARK in self.username

    @property
    def person(self) -> User:
        """Who answers for what the account does: oneself, or who cares for a robot."""
        return self.robot.responsible if self.is_robot else self
