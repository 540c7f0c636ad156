"""Addresses of signing in and out, of one's profile, and of organizations.

allauth looks some addresses up by names of its own; those stand here one by one, each
with a page of ours, and nothing else of allauth can be reached.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.urls import include, path, register_converter

from accounts.validators import validate_name
from accounts.views import (
    organizations,
    profile,
    providers,
    robot_access,
    robots,
    security,
    signing_in,
    teams,
    tokens,
)


class NamespaceConverter:
    """One path component that can be the name of a namespace, a user or a team."""

    regex = r"[a-z0-9][a-z0-9._-]*"

    def to_python(self, value: str) -> str:
        """Return the name; ValueError means that another address is meant."""
        try:
            validate_name(value)
        except ValidationError as error:
            raise ValueError(value) from error
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NamespaceConverter, "portal_namespace")

ORGANIZATION = "organizations/<portal_namespace:namespace>"
MEMBER = f"{ORGANIZATION}/members/<portal_namespace:username>"
TEAM = f"{ORGANIZATION}/teams/<portal_namespace:team>"

# Below a word that no repository can be named.
ROBOTS = "r/<portal_namespace:namespace>/settings/robots"
ROBOT = f"{ROBOTS}/<portal_namespace:robot>"

SECURITY = "profile/security"
PASSKEY = f"{SECURITY}/passkeys/<int:pk>"
PROVIDER = "login/with/<slug:provider_id>"

sign_in = signing_in.SignInView.as_view()
sign_out = signing_in.SignOutView.as_view()

of_the_portal = [
    path("login", sign_in, name="login"),
    path("logout", sign_out, name="logout"),
    path("profile", profile.profile, name="profile"),
    path(SECURITY, security.security, name="security"),
    path(f"{SECURITY}/sessions/<int:pk>/end", security.end_session, name="end_session"),
    path(f"{SECURITY}/sessions/end", security.end_other_sessions, name="end_sessions"),
    path(
        f"{SECURITY}/logins/<int:pk>/disconnect",
        security.disconnect,
        name="disconnect",
    ),
    path("profile/tokens", tokens.tokens, name="tokens"),
    path("profile/tokens/new", tokens.new_token, name="new_token"),
    path("profile/tokens/<uuid:uuid>/revoke", tokens.revoke, name="revoke_token"),
    path("organizations/new", organizations.create, name="new_organization"),
    path(ORGANIZATION, organizations.organization, name="organization"),
    path(f"{ORGANIZATION}/members", organizations.members, name="members"),
    path(f"{MEMBER}/role", organizations.change_role, name="change_role"),
    path(f"{MEMBER}/remove", organizations.remove_member, name="remove_member"),
    path(f"{ORGANIZATION}/teams", teams.team_list, name="teams"),
    path(f"{ORGANIZATION}/teams/new", teams.create, name="new_team"),
    path(TEAM, teams.team, name="team"),
    path(f"{TEAM}/edit", teams.edit, name="edit_team"),
    path(f"{TEAM}/delete", teams.delete, name="delete_team"),
    path(
        f"{TEAM}/members/<portal_namespace:username>/remove",
        teams.remove_member,
        name="remove_team_member",
    ),
    path(ROBOTS, robots.robot_list, name="robots"),
    path(f"{ROBOTS}/new", robots.create, name="new_robot"),
    path(ROBOT, robots.robot, name="robot"),
    path(f"{ROBOT}/edit", robots.edit, name="edit_robot"),
    path(f"{ROBOT}/switch", robots.switch, name="switch_robot"),
    path(f"{ROBOT}/take-over", robots.take_over, name="take_over_robot"),
    path(f"{ROBOT}/tokens/new", robot_access.new_token, name="new_robot_token"),
    path(
        f"{ROBOT}/tokens/<uuid:uuid>/revoke",
        robot_access.revoke_token,
        name="revoke_robot_token",
    ),
    path(f"{ROBOT}/ci/new", robot_access.new_trust, name="new_ci_trust"),
    path(f"{ROBOT}/ci/<uuid:uuid>/end", robot_access.end_trust, name="end_ci_trust"),
]

of_allauth = [
    path("login", sign_in, name="account_login"),
    path("logout", sign_out, name="account_logout"),
    path(
        "login/second-step",
        signing_in.SecondStepView.as_view(),
        name="mfa_authenticate",
    ),
    path(
        "login/passkey",
        signing_in.PasskeySignInView.as_view(),
        name="mfa_login_webauthn",
    ),
    path(
        "login/confirm",
        signing_in.ConfirmPasswordView.as_view(),
        name="account_reauthenticate",
    ),
    path(
        "login/confirm/code",
        signing_in.ConfirmCodeView.as_view(),
        name="mfa_reauthenticate",
    ),
    path(
        "login/confirm/passkey",
        signing_in.ConfirmPasskeyView.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path(PROVIDER, providers.start, name="openid_connect_login"),
    path(f"{PROVIDER}/callback", providers.finish, name="openid_connect_callback"),
    path(SECURITY, security.security, name="mfa_index"),
    path(
        f"{SECURITY}/password",
        security.PasswordView.as_view(),
        name="account_change_password",
    ),
    path(f"{SECURITY}/app", security.AddAppView.as_view(), name="mfa_activate_totp"),
    path(
        f"{SECURITY}/app/remove",
        security.RemoveAppView.as_view(),
        name="mfa_deactivate_totp",
    ),
    path(
        f"{SECURITY}/codes",
        security.CodesView.as_view(),
        name="mfa_view_recovery_codes",
    ),
    path(
        f"{SECURITY}/codes/new",
        security.NewCodesView.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path(
        f"{SECURITY}/passkeys/add",
        security.AddPasskeyView.as_view(),
        name="mfa_add_webauthn",
    ),
    path(
        f"{PASSKEY}/rename",
        security.RenamePasskeyView.as_view(),
        name="mfa_edit_webauthn",
    ),
    path(
        f"{PASSKEY}/remove",
        security.RemovePasskeyView.as_view(),
        name="mfa_remove_webauthn",
    ),
]

urlpatterns = [
    path("", include((of_the_portal, "accounts"))),
    *of_allauth,
]
