"""Who scans: the built-in inventory, Trivy, and adapters of Harbor's scanner API."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from typing_extensions import override

from accounts.models import EncryptedTextField, Namespace, PublicModel
from accounts.validators import MAX_NAME_LENGTH, validate_name
from repositories.querysets import ScannerQuerySet


class Scanner(PublicModel):
    """A scanner by the name under which its scans count, and policies name it.

    A global one (without namespace) scans every repository that does not choose
    otherwise, and counts everywhere. A namespace's own scans that namespace's
    repositories, and counts there, for policies that name it.
    """

    class Kind(models.TextChoices):
        """How it is run."""

        BUILT_IN = "built-in", "built-in inventory"
        TRIVY = "trivy", "Trivy"
        ADAPTER = "adapter", "adapter of Harbor's scanner API"

    class Authentication(models.TextChoices):
        """What an adapter wants in its Authorization header."""

        NONE = "none"
        BASIC = "basic"
        BEARER = "bearer"

    name = models.CharField(
        max_length=MAX_NAME_LENGTH,
        unique=True,
        validators=(validate_name,),
        help_text="Lower-case letters and digits; dots, underscores, dashes between.",
    )
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.ADAPTER)
    namespace = models.ForeignKey(
        Namespace,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="scanners",
        help_text="Whose repositories it scans; empty means all.",
    )
    url = models.CharField(
        "URL",
        max_length=500,
        blank=True,
        help_text="Such as https://scanner.example.com:8443",
    )
    authentication = models.CharField(
        max_length=6, choices=Authentication, default=Authentication.NONE
    )
    username = models.CharField(max_length=200, blank=True)
    secret = EncryptedTextField(
        blank=True, help_text="The password or the bearer token; never shown again."
    )
    ca_certificate = models.TextField(
        "CA certificate",
        blank=True,
        help_text="In PEM, where no public authority vouches for its host.",
    )
    is_enabled = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(
        default=100, help_text="Where results disagree, the lower position counts."
    )
    metadata: models.JSONField[Any, dict[str, Any]] = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="What it said of itself last: name, vendor, version, capabilities.",
    )
    checked_at = models.DateTimeField(null=True, editable=False)
    check_error = models.CharField(max_length=500, blank=True, editable=False)

    objects = ScannerQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        ordering = ("position", "id")
        constraints = (
            models.CheckConstraint(
                condition=~Q(kind="adapter") | ~Q(url=""),
                name="adapter_has_an_address",
            ),
            models.CheckConstraint(
                condition=Q(kind="adapter") | Q(namespace__isnull=True),
                name="own_scanner_is_an_adapter",
            ),
        )

    @override
    def __str__(self) -> str:
        return self.name
