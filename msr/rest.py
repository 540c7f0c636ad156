"""How Django REST framework and the schema of `/api/v0` are set up."""

from __future__ import annotations

from typing import Any

FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BasicAuthentication",
        "accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": [
        "msr.throttling.Everything",
        "msr.throttling.Writes",
        "msr.throttling.Costly",
    ],
    "DEFAULT_PAGINATION_CLASS": "msr.api.pagination.MsrPagination",
    "EXCEPTION_HANDLER": "msr.api.errors.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "msr.api.schema.MsrSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SCHEMA: dict[str, Any] = {
    "TITLE": "msr",
    "DESCRIPTION": "Image promotion and governance beside a plain OCI registry.",
    "VERSION": "0",
    "SCHEMA_PATH_PREFIX": "/api/v0",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {"Gap": "promotions.models.PolicyVersion.Evidence"},
}
