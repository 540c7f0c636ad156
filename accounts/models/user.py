"""People (and later robots) who sign in, push and pull."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from typing_extensions import override

from accounts.models.namespace import Namespace
from accounts.validators import MAX_NAME_LENGTH, validate_name


class User(AbstractUser):
    """A person with a namespace of their own; robots and system users have none."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField(
        max_length=MAX_NAME_LENGTH,
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

    @override
    def __str__(self) -> str:
        return self.username
