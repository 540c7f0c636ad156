"""Django's configuration of the composition root and of the admin."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate
from typing_extensions import override


class MsrConfig(AppConfig):
    """The app."""

    name = "msr"

    @override
    def ready(self) -> None:
        post_migrate.connect(_configure_registry, sender=self)


class MsrAdminConfig(AdminConfig):
    """The admin, with our own site."""

    default_site = "msr.admin.MsrAdminSite"


def _configure_registry(**_kwargs: object) -> None:
    """Keep the Registry row in step with the settings, at each `migrate`."""
    from repositories.services.registry import configure  # noqa: PLC0415 - needs apps

    configure()
