"""Django's configuration of the composition root and of the admin."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class MsrConfig(AppConfig):
    """The composition root; it has commands and static files, and no models."""

    name = "msr"


class MsrAdminConfig(AdminConfig):
    """The admin, with our own site."""

    default_site = "msr.admin.MsrAdminSite"
