"""Robots: accounts of programs, which belong to a namespace."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from typing_extensions import override

from accounts.models.base import PublicModel
from accounts.models.namespace import Namespace
from accounts.models.user import User
from accounts.querysets import RobotQuerySet
from accounts.validators import MAX_NAME_LENGTH, validate_name


class Robot(PublicModel):
    """What a program is in a namespace: rights by grants there, and an end.

    Its account is called `namespace+name`; it has no password, only access tokens. The
    responsible person is who stands behind what it pushes.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="robot")
    namespace = models.ForeignKey(
        Namespace, on_delete=models.PROTECT, related_name="robots"
    )
    name = models.CharField(max_length=MAX_NAME_LENGTH, validators=(validate_name,))
    responsible = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="robots_in_care"
    )
    description = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField()

    objects = RobotQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("namespace", "name"), name="one_robot_per_name"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.namespace}+{self.name}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()
