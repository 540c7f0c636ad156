"""Every address of the product on one screen."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from msr.api.docs import api_docs
from msr.api.schema import Schema
from msr.health import health, healthz, readyz
from msr.help.views import help_index, help_topic
from msr.problems.handlers import (
    bad_request,
    page_not_found,
    permission_denied,
    server_error,
)
from repositories.api import RegistryReports
from repositories.endpoints.notifications import notifications
from repositories.endpoints.token import token

handler400 = bad_request
handler403 = permission_denied
handler404 = page_not_found
handler500 = server_error

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("repositories.urls")),
    path("", include("promotions.urls")),
    path("help/", help_index, name="help"),
    path("help/<slug:topic>", help_topic, name="help_topic"),
    path("admin/", admin.site.urls),
    path("api/v0/", include("msr.api.urls")),
    path("api/schema/", Schema.as_view(), name="api_schema"),
    path("api/docs/", api_docs, name="api_docs"),
    path("enzi/v0/", include("msr.api.urls.enzi")),
    path("auth/token", token, name="token"),
    path("registry/notifications", notifications, name="notifications"),
    path("registry/scans", RegistryReports.as_view(), name="scans"),
    path("health", health, name="health"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
