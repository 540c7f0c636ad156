"""`/meta` and `/admin/version`: what the portal says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.text import slugify
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api import Form, Operation
from accounts.permissions import require_administrator
from msr.api.msr_settings import SETTINGS, WRITE_ONLY, Setting, scanning_enabled
from msr.health.checkup import needs_somebody
from msr.health.findings import Finding, State
from msr.health.host import own_version

if TYPE_CHECKING:
    from rest_framework.request import Request

NO_VERSION = 0  # advisories have a date and no number: see /imagescan/status


def _field(setting: Setting) -> serializers.Field[Any, Any, Any, Any]:
    if setting.kind is str:
        return serializers.CharField(required=False, allow_blank=True)
    if setting.kind is dict:
        return serializers.DictField(required=False)
    if setting.kind is bool:
        return serializers.BooleanField(required=False)
    return serializers.IntegerField(required=False)


SENDABLE = {**SETTINGS, **WRITE_ONLY}
# MSR: forms.Settings, of which nothing must be there.
SettingsForm: type[Form] = type(
    "SettingsForm", (Form,), {name: _field(one) for name, one in SENDABLE.items()}
)


class Features(Operation):
    """`/meta/features`."""

    def get(self, _request: Request) -> Response:
        """Show which of MSR's features there are; none needs a license here."""
        return Response(
            {
                "scanningEnabled": scanning_enabled(),
                "scanningLicensed": True,
                "promotionLicensed": True,
                "mirroringLicensed": False,
                "metadataStoreOptedIn": False,
                "onlineGCEnabled": False,
                "db_version": NO_VERSION,
                "ucpHost": "",
            }
        )


class Alerts(Operation):
    """`/meta/alerts`."""

    def get(self, _request: Request) -> Response:
        """List what needs somebody, as on the page System health; administrators."""
        require_administrator(self.actor)
        return Response([_alert(found) for found in needs_somebody()])


class Settings(Operation):
    """`/meta/settings`."""

    invalid = "INVALID_SETTINGS"

    def get(self, _request: Request) -> Response:
        """Show MSR's settings as far as they mean something here; administrators."""
        require_administrator(self.actor)
        return Response({name: one.value() for name, one in SETTINGS.items()})

    def post(self, _request: Request) -> Response:
        """Take settings that are so already, and refuse to change others.

        The environment of the portal fixes them: the answer names the variable.
        Administrators only.
        """
        require_administrator(self.actor)
        sent = self.body(SettingsForm)
        refused = {
            name: SENDABLE[name].said
            for name, value in sent.items()
            if value != SENDABLE[name].value()
        }
        if refused:
            raise ValidationError(refused)
        return Response(status=202)


class Version(Operation):
    """`/admin/version`."""

    def get(self, _request: Request) -> Response:
        """Show the version of the portal."""
        return Response({"version": own_version()})


def _alert(found: Finding) -> dict[str, str]:
    """Return responses.Alert."""
    return {
        "id": slugify(found.name),
        "class": "error" if found.state is State.BAD else "warning",
        "message": f"{found.name}: {found.found}. {found.cure}".strip(),
        "url": reverse("admin:health"),
        "img": "",
    }
