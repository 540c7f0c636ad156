"""Signing in with a password: who is stopped, for how long, and where one lands."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from typing_extensions import override

from accounts.adapters import known_browser, waiting

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

# What is said after something was done, by the name of allauth's template for it;
# the rest goes without saying.
SAID = {
    "account/messages/password_changed.txt": (
        "The password is changed; all other sessions ended."
    ),
    "mfa/messages/totp_activated.txt": (
        "The authenticator app is set up. From now on signing in asks for a code."
    ),
    "mfa/messages/totp_deactivated.txt": "The authenticator app is removed.",
    "mfa/messages/webauthn_added.txt": "The passkey is added.",
    "mfa/messages/webauthn_removed.txt": "The passkey is removed.",
    "socialaccount/messages/account_connected.txt": "The login is connected.",
    "socialaccount/messages/account_connected_updated.txt": (
        "The login was connected already."
    ),
    "socialaccount/messages/account_connected_other.txt": (
        "That login is connected with another account here. Disconnect it there first."
    ),
    "socialaccount/messages/account_disconnected.txt": "The login is disconnected.",
}


NO_ADDRESS = "0.0.0.0"  # noqa: S104 - nothing listens there: RFC 1122, 3.2.1.3 (a)


class SignInAdapter(DefaultAccountAdapter):
    """Passwords by user name; nobody signs up, nothing is sent by mail."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": (
            "The user name or the password is wrong. Passwords are case-sensitive;"
            " access tokens sign in to the registry and the API, not here."
        ),
        "incorrect_password": "The password is wrong.",
        "enter_current_password": "That is not the password you have now.",
        "too_many_login_attempts": (
            "Too many wrong attempts. Wait 5 minutes, then try again."
        ),
        "rate_limited": "Too many wrong attempts. Wait 5 minutes, then try again.",
    }

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    @override
    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address; NO_ADDRESS where it is not known.

        So it is behind a Unix socket without MSR_BEHIND_PROXY: all who come there are
        counted together, which bounds guessing as well, and lets the others in.
        """
        try:
            address = ip_address(super().get_client_ip(request))
        except PermissionDenied:
            return NO_ADDRESS
        # A socket of both families gives IPv4 as `::ffff:192.0.2.1`; as parts of one
        # network of IPv6 all of those would count as one client.
        return str(getattr(address, "ipv4_mapped", None) or address)

    @override
    def is_safe_url(self, url: str | None) -> bool:
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    @override
    def _get_login_attempts_cache_key(
        self, request: HttpRequest, **credentials: Any
    ) -> str:
        username = credentials.get("username", "").lower()
        return known_browser.key_of(request, username)

    @override
    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            key = self._get_login_attempts_cache_key(request, **credentials)
            seconds = waiting.seconds_left(
                request, app="allauth.account", action="login_failed", key=key
            )
            message = (
                "Too many wrong passwords, for this name or from your address."
                f" Try again in {waiting.in_words(seconds)}."
            )
            raise ValidationError(message, code=error.code) from error

    @override
    def post_login(
        self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any
    ) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        known_browser.remember(request, response, user.get_username().lower())
        return response

    @override
    def respond_user_inactive(
        self, request: HttpRequest, user: AbstractBaseUser
    ) -> HttpResponse:
        message = "This account is switched off; ask an administrator."
        messages.error(request, message)
        return redirect("accounts:login")

    @override
    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        text = message or SAID.get(message_template or "")
        if text:
            messages.add_message(request, level, text, extra_tags=extra_tags)
