"""Forms of robots, their access tokens, and the CI that is let in as one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.access import TokenScope
from accounts.forms import PortalForm
from accounts.forms.profile import LIFETIMES, MEANINGS, TokenForm
from accounts.models import TrustedIssuer
from accounts.services.ci_trusts import WantedTrust
from accounts.validators import MAX_NAME_LENGTH

ROBOT_DAYS = {"30": "30 days", "90": "90 days", "180": "half a year", "365": "one year"}
TOKEN_SECONDS = {
    "300": "5 minutes",
    "900": "15 minutes",
    "1800": "half an hour",
    "3600": "one hour",
}
SEPARATOR = "="


def ends_in(days: str) -> datetime:
    """Return the moment so many days from now."""
    return timezone.now() + timedelta(days=int(days))


class RobotForm(PortalForm):
    """A new robot."""

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH,
        help_text="Lower-case letters and digits; dots, underscores, dashes between.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    description = forms.CharField(
        max_length=200, required=False, help_text="What it does, and where it runs."
    )
    days = forms.ChoiceField(
        choices=ROBOT_DAYS.items,
        initial="90",
        label="It expires after",
        help_text="Its tokens end with it; you can renew it before and after.",
    )


class RenewForm(PortalForm):
    """What can be changed of a robot."""

    description = forms.CharField(max_length=200, required=False)
    days = forms.ChoiceField(
        choices=lambda: [("", "as it is"), *ROBOT_DAYS.items()],
        required=False,
        label="From now on it expires after",
    )


class RobotTokenForm(TokenForm):
    """A new access token of a robot, which has its end from the robot."""

    days = forms.ChoiceField(
        choices=lambda: [("", "with the robot"), *LIFETIMES.items()],
        required=False,
        label="It expires after",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["namespace"]
        self.fields["scopes"].help_text = "Never for more than the robot was granted."


class CITrustForm(PortalForm):
    """Which jobs of an issuer are let in as the robot, and what they get."""

    issuer = forms.ChoiceField(
        label="Issuer", help_text="Administrators allow more of them."
    )
    claims = forms.CharField(
        widget=forms.Textarea(
            attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}
        ),
        max_length=4000,
        label="What its token must say",
        help_text=(
            "One claim a line, as name=value. A * stands for anything but / and :,"
            " such as ref=refs/heads/*."
        ),
    )
    scopes = forms.MultipleChoiceField(
        choices=MEANINGS.items,
        widget=forms.CheckboxSelectMultiple,
        initial=[TokenScope.PULL, TokenScope.PUSH],
        label="What the job may do",
        help_text="Never more than the robot was granted.",
        error_messages={"required": "Choose at least one use."},
    )
    seconds = forms.ChoiceField(
        choices=TOKEN_SECONDS.items, initial="900", label="Its token lives"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.issuers = list(TrustedIssuer.objects.filter(is_enabled=True))
        field = self.fields["issuer"] = forms.ChoiceField(
            choices=[(one.url, one.url) for one in self.issuers],
            label="Issuer",
            help_text=" ".join(map(_wanted_of, self.issuers)),
        )
        field.widget.attrs["autofocus"] = True

    def clean_claims(self) -> dict[str, str]:
        """Return the patterns by claim; raises ValidationError for other lines."""
        found: dict[str, str] = {}
        for line in filter(str.strip, self.cleaned_data["claims"].splitlines()):
            name, separator, value = map(str.strip, line.partition(SEPARATOR))
            if not (name and separator and value) or name in found:
                message = (
                    f"“{line[:100]}” is no line like name=value, or is there twice."
                )
                raise forms.ValidationError(message)
            found[name] = value
        return found

    def wanted(self) -> WantedTrust:
        """Return what the service is to make."""
        given = self.cleaned_data
        return WantedTrust(
            given["issuer"],
            given["claims"],
            [TokenScope(scope) for scope in given["scopes"]],
            int(given["seconds"]),
        )


def _wanted_of(issuer: TrustedIssuer) -> str:
    if not issuer.immutable_claims:
        return ""
    return f"{issuer.url} wants {', '.join(issuer.immutable_claims)} named exactly."
