"""The form of a new webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from uuid import uuid4

from django import forms

from accounts.forms import PortalForm
from repositories.models import EventType, Webhook
from repositories.models.webhook import MAX_ENDPOINT, NEVER_SENT, OF_REPOSITORIES
from repositories.services.webhooks import Draft

if TYPE_CHECKING:
    from typing import Any


class WebhookForm(PortalForm):
    """A new webhook."""

    request_id = forms.UUIDField(initial=uuid4, widget=forms.HiddenInput)
    type = forms.ChoiceField(label="Tell me when")
    endpoint = forms.CharField(
        label="Receiver",
        max_length=MAX_ENDPOINT,
        help_text="Its address, such as https://ci.example.com/hooks/msr.",
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    format = forms.ChoiceField(
        label="Body", choices=Webhook.Format.choices, initial=Webhook.Format.MSR
    )
    ca_certificate = forms.CharField(
        label="CA certificate",
        required=False,
        help_text="In PEM, where no public authority vouches for the receiver.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, of_repository: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        absent = NEVER_SENT | (OF_REPOSITORIES if of_repository else frozenset())
        cast("forms.ChoiceField", self.fields["type"]).choices = [
            (kind.value, f"{kind.label} ({kind.value})")
            for kind in EventType
            if kind not in absent
        ]

    def draft(self) -> Draft:
        """Return what the form says; only after it is valid."""
        return Draft(**self.cleaned_data)
