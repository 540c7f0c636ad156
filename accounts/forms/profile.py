"""Forms of one's own profile and access tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.utils import timezone

from accounts.access import TokenScope
from accounts.forms import MAX_SUGGESTIONS, PortalForm
from accounts.models import AccessToken, Namespace
from accounts.services.access_tokens import Wanted

if TYPE_CHECKING:
    from accounts.access import Actor

MEANINGS = {
    TokenScope.PULL: "pull: read repositories and images",
    TokenScope.PUSH: "push: write images",
    TokenScope.DELETE: "delete: remove tags and images",
    TokenScope.SCAN: "scan: upload scan reports",
    TokenScope.API: "api: use the API at all",
    TokenScope.ADMIN: "admin: change settings, policies and rights",
}
LIFETIMES = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "one year"}


class ProfileForm(PortalForm):
    """What people say about themselves."""

    full_name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(
        max_length=254,
        required=False,
        label="E-mail address",
        help_text="Shown to administrators; nobody signs in with it.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class TokenForm(PortalForm):
    """A new access token."""

    label = forms.CharField(
        max_length=AccessToken._meta.get_field("label").max_length,
        help_text="What it is for, such as “CI of website”.",
    )
    scopes = forms.MultipleChoiceField(
        choices=MEANINGS.items,
        widget=forms.CheckboxSelectMultiple,
        initial=[TokenScope.PULL, TokenScope.PUSH],
        label="What it may be used for",
        help_text="Never for more than you may do yourself at the time.",
        error_messages={"required": "Choose at least one use."},
    )
    namespace = forms.CharField(
        required=False,
        label="Only in this namespace",
        help_text="Empty means in every namespace.",
        widget=forms.TextInput(attrs={"list": "namespaces", "autocomplete": "off"}),
    )
    days = forms.ChoiceField(
        choices=lambda: [*LIFETIMES.items(), ("", "never")],
        required=False,
        initial="90",
        label="It expires after",
    )
    # Made with the page: a form that is sent twice makes one token.
    request_id = forms.UUIDField(initial=uuid4, widget=forms.HiddenInput)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visible = Namespace.objects.visible_to(actor)

    def suggestions(self) -> list[str]:
        """Return names of namespaces to choose from."""
        names = self.visible.order_by("name").values_list("name", flat=True)
        return list(names[:MAX_SUGGESTIONS])

    def clean_namespace(self) -> Namespace | None:
        """Return the namespace of that name; None for no limit."""
        name = self.cleaned_data["namespace"].strip()
        if not name:
            return None
        found = self.visible.filter(name=name).first()
        if found is None:
            message = f"There is no namespace “{name}” that you can see."
            raise forms.ValidationError(message)
        return found

    def wanted(self, creator_ua: str) -> Wanted:
        """Return what the service is to make."""
        given = self.cleaned_data
        return Wanted(
            given["label"],
            [TokenScope(scope) for scope in given["scopes"]],
            given.get("namespace"),
            self.expires_at(),
            creator_ua,
            given["request_id"],
        )

    def expires_at(self) -> datetime | None:
        """Return when the token ends; None for never."""
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None
