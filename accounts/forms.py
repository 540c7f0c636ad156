"""Forms of the portal about people; and what the forms of all apps have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import NON_FIELD_ERRORS
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from django.core.exceptions import ValidationError


class SuggestInput(forms.TextInput):
    """A text input that offers values to choose from, however many there are.

    Typing works without the list, so the list may be a part of what is allowed.
    """

    template_name = "components/suggest_input.html"

    def __init__(self, suggest: Callable[[], Iterable[str]] = tuple) -> None:
        super().__init__()
        self.suggest = suggest

    @override
    def get_context(
        self, name: str, value: Any, attrs: dict[str, Any] | None
    ) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}_list"
        context["widget"]["attrs"]["list"] = list_id
        return {**context, "suggestions": self.suggest()}


class PortalForm(forms.Form):
    """A form whose last word is a service's."""

    template_name = "components/form_fields.html"

    def refuse(
        self, error: ValidationError, names: Mapping[str, str] | None = None
    ) -> None:
        """Show a service's errors, each at its field.

        `names` says which field of the form stands for one of the model; an error of a
        field that the form does not have is shown above the form.
        """
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for model_field, errors in error.error_dict.items():
            field = (names or {}).get(model_field, model_field)
            known = field in self.fields and field != NON_FIELD_ERRORS
            self.add_error(field if known else None, errors)


class SignInForm(AuthenticationForm):
    """User name and password."""

    error_messages = {
        "invalid_login": (
            "The user name or the password is wrong. Passwords are case-sensitive;"
            " access tokens sign in to the registry and the API, not here."
        ),
        "inactive": "This account is switched off; ask an administrator.",
    }
