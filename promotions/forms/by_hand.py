"""Where one tag is promoted to, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError

from accounts.access import Action
from accounts.forms import PortalForm
from promotions.forms.target import names_for, target_field
from repositories.models import Repository
from repositories.validators import validate_tag_name

if TYPE_CHECKING:
    from accounts.access import Actor


class PromoteForm(PortalForm):
    """Where one tag is promoted to, by hand."""

    target = target_field()
    target_tag = forms.CharField(
        max_length=128, label="Tag in the target", validators=(validate_tag_name,)
    )
    comment = forms.CharField(
        max_length=500,
        required=False,
        help_text="Why; kept with the promotion.",
    )
    request_uuid = forms.UUIDField(initial=uuid4, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor

    def suggestions(self) -> list[str]:
        """Return names of repositories that may be the target."""
        return names_for(self.actor, Action.PUSH)

    def clean_target(self) -> Repository:
        name = self.cleaned_data["target"].replace("\0", "")
        rows = Repository.objects.permitted(self.actor, Action.PUSH)
        found = rows.select_related("namespace").named(name).first()
        if found is None:
            message = f"You may push to no repository “{name}”; choose one of the list."
            raise ValidationError(message, code="unknown_target")
        return found
