"""Naming people and teams, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override

from accounts.access import AccessLevel
from accounts.forms import PortalForm
from accounts.models import Team, User
from accounts.models.user import MAX_USERNAME_LENGTH
from accounts.validators import MAX_NAME_LENGTH

if TYPE_CHECKING:
    from accounts.models import Namespace

PERSON, TEAM = "user", "team"

LEVELS = (
    (AccessLevel.READ_ONLY, "read-only: see and pull"),
    (AccessLevel.READ_WRITE, "read-write: also push, scan, delete tags"),
    (AccessLevel.ADMIN, "admin: also settings, access, policies"),
    (AccessLevel.SCAN, "scan: upload scan reports, beside a level"),
)


class PersonField(forms.CharField):
    """A user name, typed as it is: nobody is looked up by a part of it."""

    def __init__(self, *, suggested_by: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("max_length", MAX_NAME_LENGTH)
        kwargs.setdefault("label", "User name")
        attrs = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        if suggested_by:
            attrs["list"] = suggested_by
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    @override
    def clean(self, value: Any) -> Any:
        name = super().clean(value)
        found = person_named(name) if name else None
        if found is not None and found.is_robot:
            message = f"“{name}” is a robot: it is given access, and joins nothing."
            raise ValidationError(message, code="robot")
        return found


def person_named(name: str) -> User:
    """Return who can sign in by that name; raises ValidationError for nobody."""
    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        message = f"No user is called “{name}”; type the whole user name."
        raise ValidationError(message, code="unknown_user")
    return found


def team_of(namespace: Namespace, name: str) -> Team:
    """Return the namespace's own team; raises ValidationError for any other."""
    rows = Team.objects.select_related("organization__namespace", "group")
    found = rows.filter(organization__namespace=namespace, name=name).first()
    if found is None:
        message = f"{namespace} has no team “{name}”."
        raise ValidationError(message, code="unknown_team")
    return found


class MemberForm(PortalForm):
    """Somebody who is to be in an organization."""

    user = PersonField()
    role = forms.ChoiceField(
        choices=(("member", "Member"), ("owner", "Owner")), initial="member"
    )


class TeamMemberForm(PortalForm):
    """Somebody who is to be in a team."""

    user = PersonField(
        suggested_by="people",
        help_text="Who is not in the organization yet becomes a member of it.",
    )


class GrantForm(PortalForm):
    """A level for somebody; also changes the level that is there."""

    kind = forms.ChoiceField(
        label="Whom", choices=((TEAM, "Team"), (PERSON, "Person")), initial=TEAM
    )
    name = forms.CharField(
        max_length=MAX_USERNAME_LENGTH,
        help_text="A robot is called namespace+name.",
        widget=forms.TextInput(
            attrs={
                "list": "grantees",
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )
    level = forms.ChoiceField(choices=LEVELS, initial=AccessLevel.READ_ONLY)

    def __init__(self, *args: Any, namespace: Namespace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.namespace = namespace
        if namespace.is_personal:  # there are no teams
            self.fields["kind"] = forms.ChoiceField(
                choices=((PERSON, "Person"),), initial=PERSON, widget=forms.HiddenInput
            )

    def clean_level(self) -> AccessLevel:
        return AccessLevel(self.cleaned_data["level"])

    @override
    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if {"kind", "name"} <= set(given):
            try:
                given["to"] = grantee(self.namespace, given["kind"], given["name"])
            except ValidationError as error:
                self.add_error("name", error)
        return given


def grantee(namespace: Namespace, kind: str, name: str) -> Team | User:
    """Return who is named; raises ValidationError, also for teams of others."""
    return team_of(namespace, name) if kind == TEAM else person_named(name)
