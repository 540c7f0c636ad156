"""`/accounts` of `/api/v0`: what MSR keeps of an account beside the identity API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.api.operation import Form, Operation
from accounts.models import Organization, User
from accounts.permissions import require_administrator
from accounts.services import closing

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.access import Actor

# What MSR knows of a user: which content cache pulls go through. There are none here.
USER_SETTINGS = {"ContentCacheUUID": ""}


class UserSettingsForm(Form):
    """MSR: forms.UserSettings; other settings that a client sends are ignored."""

    contentCacheUUID = serializers.CharField(  # noqa: N815 - MSR's spelling
        default=None, allow_null=True, allow_blank=True
    )


class Language(Operation):
    """`/accounts/language`."""

    def get(self, _request: Request) -> Response:
        """Show the language that the portal speaks to the client."""
        return Response({"language": settings.LANGUAGE_CODE.partition("-")[0]})


class AccountRemoval(Operation):
    """`/accounts/{namespace}`."""

    missing = "NO_SUCH_ACCOUNT"

    def delete(self, _request: Request, namespace: str) -> Response:
        """Delete an organization, or keep a user out for good; administrators only.

        As in the identity API: refused while repositories are in the namespace, and no
        error where there is no such account.
        """
        require_administrator(self.actor)
        close_account(self.actor, namespace)
        return Response(status=204)


class UserSettings(Operation):
    """`/accounts/{username}/settings`."""

    missing = "NO_SUCH_USER"
    invalid = "INVALID_USER_SETTINGS"

    def get(self, _request: Request, username: str) -> Response:
        """Show a user's settings; for the user and administrators."""
        user_for(self.actor, username)
        return Response(USER_SETTINGS)

    def patch(self, _request: Request, username: str) -> Response:
        """Change a user's settings; for the user and administrators.

        MSR has one, the content cache of pulls. It stays empty here.
        """
        user_for(self.actor, username)
        if self.body(UserSettingsForm)["contentCacheUUID"]:
            message = "There are no content caches here; pull from the registry itself."
            raise ValidationError({"contentCacheUUID": message})
        return Response(USER_SETTINGS)


def user_for(actor: Actor, username: str) -> User:
    """Return the actor itself or, for administrators, any user.

    Raises PermissionDenied for others, whether there is such a user or not, and
    NO_SUCH_USER.
    """
    if username != actor.name:
        require_administrator(actor)
    found = User.objects.filter(username=username).first()
    if found is None:
        message = f"No user is called “{username}”."
        raise NotFound(message, code="NO_SUCH_USER")
    return found


def close_account(actor: Actor, name: str) -> None:
    """Close the account of that name; nothing where there is none."""
    organizations = Organization.objects.select_related("namespace")
    organization = organizations.filter(namespace__name=name).first()
    if organization is not None:
        closing.delete_organization(actor=actor, organization=organization)
    elif user := User.objects.filter(namespace__name=name).first():
        closing.remove_user(actor=actor, user=user)
