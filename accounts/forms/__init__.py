"""Forms of the portal about people; and what the forms of all apps have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.exceptions import ValidationError

# How many names a text field offers; what is not among them can be typed.
MAX_SUGGESTIONS = 200


class PortalForm(forms.Form):
    """A form whose last word is a service's."""

    def refuse(
        self, error: ValidationError, names: Mapping[str, str] | None = None
    ) -> None:
        """Show a service's errors, each at its field.

        `names` says which field of the form stands for one of the model ("__all__" for
        the whole); what has no field in the form is shown above it.
        """
        by_field = getattr(error, "error_dict", {NON_FIELD_ERRORS: error})
        for model_field, errors in by_field.items():
            field = (names or {}).get(model_field, model_field)
            self.add_error(field if field in self.fields else None, errors)
