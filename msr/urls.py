"""Every address of the product on one screen."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from msr.health import healthz, readyz
from repositories.api import RegistryReports
from repositories.endpoints.notifications import notifications
from repositories.endpoints.token import token

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("repositories.urls")),
    path("", include("promotions.urls")),
    path("admin/", admin.site.urls),
    path("api/v0/", include("msr.api.urls")),
    path("auth/token", token, name="token"),
    path("registry/notifications", notifications, name="notifications"),
    path("registry/scans", RegistryReports.as_view(), name="scans"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
