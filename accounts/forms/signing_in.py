"""Forms of signing in, and of what keeps an account safe."""

from __future__ import annotations

import struct
from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib.auth import password_validation
from typing_extensions import override

MAX_PASSKEY_NAME = 80
# What reading an answer raises that no browser gives, and checking one of another key.
NO_ANSWER = (
    AttributeError,
    IndexError,
    InvalidSignature,
    KeyError,
    TypeError,
    ValueError,
    struct.error,
)
NOT_UNDERSTOOD = "The passkey's answer is not right. Try again."


def _plain(field: forms.Field, label: str, help_text: str = "") -> None:
    """Give a field of allauth's our words, and no placeholder that repeats them."""
    field.label, field.help_text = label, help_text
    field.widget.attrs.pop("placeholder", None)


def _first(field: forms.Field) -> None:
    field.widget.attrs["autofocus"] = True


class SignInForm(LoginForm):
    """User name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username = self.fields.pop("login")
        _plain(username, "User name")
        _plain(self.fields["password"], "Password")
        username.widget.attrs.update(autocapitalize="none", spellcheck="false")
        _first(username)
        self.fields = {"username": username, **self.fields}

    def clean_username(self) -> str:
        """Keep the name where allauth looks for it, too."""
        name: str = self.cleaned_data["username"].strip()
        self.cleaned_data["login"] = name
        return name


class _CodeForm(forms.Form):
    """A code of an authenticator app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        _plain(field, "Code", "The six digits of your app, or a recovery code.")
        field.widget.attrs.update(inputmode="numeric", spellcheck="false")
        _first(field)


class SecondStepForm(_CodeForm, AuthenticateForm):
    """The code that is asked for after the password."""


class ConfirmCodeForm(_CodeForm, CodeAgainForm):
    """A code, before something that needs to be really you."""


class ConfirmPasswordForm(ReauthenticateForm):
    """The password, before something that needs to be really you."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["password"], "Password")
        _first(self.fields["password"])


class PasswordForm(ChangePasswordForm):
    """The old password, and twice the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rules = " ".join(password_validation.password_validators_help_texts())
        _plain(self.fields["oldpassword"], "Present password")
        _plain(self.fields["password1"], "New password", rules)
        _plain(self.fields["password2"], "New password again")

    @override
    def clean(self) -> Any:
        cleaned = super(forms.Form, self).clean() or self.cleaned_data
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", "The two new passwords are not the same.")
        return cleaned


class AppForm(ActivateTOTPForm):
    """The first code of an authenticator app proves that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        _plain(field, "Code", "The six digits that the app shows now.")
        field.widget.attrs.update(inputmode="numeric", spellcheck="false")


class PasskeyStepForm(AuthenticateWebAuthnForm):
    """The answer of a passkey after the password; whatever else it is is refused."""

    @override
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()
        except NO_ANSWER as error:
            raise forms.ValidationError(NOT_UNDERSTOOD) from error


class PasskeySignInForm(PasskeyStepForm, LoginWebAuthnForm):
    """The answer of a passkey alone."""


class ConfirmPasskeyForm(PasskeyStepForm, ReauthenticateWebAuthnForm):
    """The answer of a passkey, before something that needs to be really you."""


class PasskeyForm(AddWebAuthnForm):
    """A new passkey's name; the browser fills in the rest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["name"]
        _plain(name, "Name", "Such as “laptop” or “blue key”, to tell them apart.")
        name.widget.attrs["maxlength"] = MAX_PASSKEY_NAME
        passwordless = self.fields["passwordless"]
        passwordless.initial = True
        _plain(
            passwordless,
            "Sign in with it alone, without name and password",
            "It then asks for a finger, a face or a PIN each time. Old security keys"
            " cannot do that.",
        )

    @override
    def clean_name(self) -> str:
        name: str = super().clean_name()
        return name[:MAX_PASSKEY_NAME]

    @override
    def clean(self) -> Any:
        try:
            return super().clean()
        except NO_ANSWER as error:
            raise forms.ValidationError(NOT_UNDERSTOOD) from error


class PasskeyNameForm(EditWebAuthnForm):
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["name"]
        _plain(field, "Name")
        field.widget.attrs["maxlength"] = MAX_PASSKEY_NAME

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        return name[:MAX_PASSKEY_NAME]
