"""Where a policy promotes to, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms

from accounts.forms import PortalForm
from promotions.forms.target import target_field
from promotions.models import PolicyVersion
from promotions.validators import (
    validate_source_pattern,
    validate_tag_template,
    validate_zone,
)

if TYPE_CHECKING:
    from accounts.access import Actor


SAYING = frozenset({"source_pattern", "target", "tag_template", "zone"})
"""Fields whose errors are shown while one types, in an element that stays."""


class PolicyForm(PortalForm):
    """Where a policy promotes to, and how; its rules are forms of their own.

    `is_wide` says that it is about more than one repository.
    """

    source_pattern = forms.CharField(
        max_length=300,
        label="Source repositories",
        validators=(validate_source_pattern,),
        help_text="* stands for anything but a slash, ** for slashes, too.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    target = target_field()
    propose = forms.BooleanField(
        required=False,
        label="Ask the admins of the target",
        help_text=(
            "For a target that is not yours: they learn the name of the source, and it"
            " runs once they agree."
        ),
    )
    allow_public_target = forms.BooleanField(
        required=False,
        label="Images of private repositories may become public",
        help_text="Where a target is public and the source is not.",
    )
    allow_cycle = forms.BooleanField(
        required=False,
        label="It may loop",
        help_text="For administrators who know; a chain ends after 16 hops.",
    )
    tag_template = forms.CharField(
        max_length=255,
        initial="%n",
        label="Tag in the target",
        validators=(validate_tag_template,),
        help_text="Text and codes; %n keeps the tag.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    zone = forms.CharField(
        max_length=64,
        initial="UTC",
        label="Time zone",
        validators=(validate_zone,),
        help_text="Of the codes for date and time, such as Europe/Berlin.",
        widget=forms.TextInput(
            attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    on_moved_tag = forms.ChoiceField(
        label="When the tag moves on before it was promoted",
        choices=PolicyVersion.OnMovedTag.choices,
        initial=PolicyVersion.OnMovedTag.LATEST_ONLY,
        widget=forms.RadioSelect,
        help_text="It may wait long for evidence, or for a time to come.",
    )
    on_conflict = forms.ChoiceField(
        label="When the target has the tag already",
        choices=PolicyVersion.OnConflict.choices,
        initial=PolicyVersion.OnConflict.OVERWRITE,
        widget=forms.RadioSelect,
        help_text="Immutable tags of the target are never moved, whatever stands here.",
    )
    unscored = forms.ChoiceField(
        label="Vulnerabilities without a severity",
        choices=PolicyVersion.Evidence.choices,
        initial=PolicyVersion.Evidence.WAIT,
        help_text="Where a criterion counts severities.",
    )
    unlicensed = forms.ChoiceField(
        label="Components without a license",
        choices=PolicyVersion.Evidence.choices,
        initial=PolicyVersion.Evidence.WAIT,
        help_text="Where a criterion excludes licenses.",
    )
    exceptions_of = forms.ChoiceField(
        label="Hidden vulnerabilities that do not count",
        choices=PolicyVersion.Exceptions.choices,
        initial=PolicyVersion.Exceptions.SOURCE,
    )
    allow_unscannable = forms.BooleanField(
        required=False,
        label="Promote what no scanner can read",
        help_text="Criteria about contents then count as met for such images.",
    )
    enabled = forms.BooleanField(
        required=False,
        initial=True,
        help_text="A policy that is switched off looks at no push.",
    )

    def __init__(
        self, *args: Any, actor: Actor, is_wide: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        if is_wide:
            self.fields[
                "target"
            ].help_text = "{namespace} and {repository} are those of the source."
        else:
            del self.fields["source_pattern"], self.fields["allow_public_target"]
        if not actor.is_administrator:
            del self.fields["allow_cycle"]
        for name in SAYING.intersection(self.fields):
            field = self.fields[name]
            ids = [f"id_{name}_helptext"] if field.help_text else []
            field.widget.attrs["aria-describedby"] = " ".join([*ids, f"id_{name}_says"])

    def clean_target(self) -> str:
        return str(self.cleaned_data["target"]).strip("/ ")

    def zones(self) -> list[str]:
        """Return the names of all time zones."""
        return sorted(available_timezones())

    @staticmethod
    def initial_of(version: PolicyVersion, *, enabled: bool) -> dict[str, Any]:
        """Return what the form shows of a saved policy."""
        return {
            "source_pattern": version.source_pattern,
            "target": version.target,
            "allow_public_target": version.allow_public_target,
            "allow_cycle": version.allow_cycle,
            "tag_template": version.tag_template,
            "zone": version.zone,
            "on_moved_tag": version.on_moved_tag,
            "on_conflict": version.on_conflict,
            "unscored": version.unscored,
            "unlicensed": version.unlicensed,
            "exceptions_of": version.exceptions_of,
            "allow_unscannable": version.allow_unscannable,
            "enabled": enabled,
        }
