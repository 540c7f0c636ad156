"""Forms about organizations and their teams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from accounts.forms import PortalForm
from accounts.forms.people import PersonField
from accounts.services.organizations import may_hand_over
from accounts.validators import MAX_NAME_LENGTH

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import Namespace, Organization

CREATE_ON_PUSH = "A push may create a repository"
CREATE_ON_PUSH_HELP = (
    "Admins of the namespace push to a name that does not exist yet, and a private"
    " repository is made. Otherwise the push is refused."
)


class OrganizationForm(PortalForm):
    """A new organization."""

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH,
        help_text="The first part of its repositories' names; it cannot be changed.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    full_name = forms.CharField(max_length=200, required=False)
    primary_owner = PersonField(
        label="Primary owner",
        help_text="A user name. The other owners cannot remove this one.",
    )
    create_on_push = forms.BooleanField(
        required=False, label=CREATE_ON_PUSH, help_text=CREATE_ON_PUSH_HELP
    )


class TeamForm(PortalForm):
    """The name of a team, and what it is for."""

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH,
        help_text="Lower-case letters and digits; dots, underscores, dashes between.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    description = forms.CharField(max_length=200, required=False)


class NamespaceSettingsForm(PortalForm):
    """What holds for a whole namespace; and, of an organization, who it is."""

    full_name = forms.CharField(max_length=200, required=False)
    primary_owner = PersonField(
        label="Primary owner",
        help_text="One of the owners; the other owners cannot remove this one.",
    )
    create_on_push = forms.BooleanField(
        required=False, label=CREATE_ON_PUSH, help_text=CREATE_ON_PUSH_HELP
    )

    def __init__(
        self,
        *args: Any,
        actor: Actor,
        namespace: Namespace,
        organization: Organization | None,
        **kwargs: Any,
    ) -> None:
        initial: dict[str, Any] = {"create_on_push": namespace.create_on_push}
        if organization is not None:
            initial["full_name"] = organization.full_name
            initial["primary_owner"] = organization.primary_owner.username
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        if organization is None:
            del self.fields["full_name"]
        if organization is None or not may_hand_over(actor, organization):
            del self.fields["primary_owner"]
