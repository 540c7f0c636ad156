"""The field for where images go, and what may be chosen there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from accounts.forms import MAX_SUGGESTIONS
from repositories.models import Repository

if TYPE_CHECKING:
    from accounts.access import Action, Actor


def target_field(label: str = "Target repository") -> forms.CharField:
    """Return a field for the name of the repository where images go."""
    attributes = {
        "list": "targets",
        "autocomplete": "off",
        "placeholder": "namespace/repository",
    }
    widget = forms.TextInput(attrs=attributes)
    return forms.CharField(max_length=300, label=label, widget=widget)


def names_for(actor: Actor, action: Action) -> list[str]:
    """Return names of repositories on which the actor may do that, to choose from."""
    rows = Repository.objects.permitted(actor, action).select_related("namespace")
    ordered = rows.order_by("namespace__name", "name")
    return [row.full_name for row in ordered[:MAX_SUGGESTIONS]]
