"""What one needs to see each page: a row for every address of the portal."""

from __future__ import annotations

from enum import Enum, auto


class Need(Enum):
    """The least that lets somebody in; everybody with more gets in too."""

    SIGNED_OUT = auto()
    NOTHING = auto()
    ACCOUNT = auto()
    MEMBER = auto()  # of the organization, whatever its repositories allow
    READ = auto()
    WRITE = auto()
    ADMIN = auto()
    OWN = auto()
    ADMINISTER = auto()


NEEDS = {
    "help": Need.NOTHING,
    "help_topic": Need.NOTHING,
    "accounts:login": Need.SIGNED_OUT,
    "account_login": Need.SIGNED_OUT,
    "accounts:profile": Need.ACCOUNT,
    "accounts:security": Need.ACCOUNT,
    "accounts:tokens": Need.ACCOUNT,
    "mfa_index": Need.ACCOUNT,
    "account_reauthenticate": Need.ACCOUNT,
    "account_change_password": Need.ACCOUNT,
    "accounts:new_organization": Need.ADMINISTER,
    "accounts:members": Need.MEMBER,
    "accounts:remove_member": Need.OWN,
    "accounts:teams": Need.MEMBER,
    "accounts:new_team": Need.OWN,
    "accounts:team": Need.MEMBER,
    "accounts:edit_team": Need.OWN,
    "accounts:delete_team": Need.OWN,
    "repositories:list": Need.ACCOUNT,
    "repositories:namespace_permissions": Need.OWN,
    "repositories:team_access": Need.MEMBER,
    "repositories:namespace_settings": Need.OWN,
    "repositories:permissions": Need.ADMIN,
    "repositories:find": Need.ACCOUNT,
    "promotions:activity": Need.READ,
    "promotions:namespace_activity": Need.READ,
    "repositories:search": Need.ACCOUNT,
    "repositories:search_export": Need.ACCOUNT,
    "repositories:namespace": Need.READ,
    "repositories:new": Need.OWN,
    "repositories:namespace_hidden": Need.READ,
    "repositories:tags": Need.READ,
    "repositories:tag": Need.READ,
    "repositories:raw_manifest": Need.READ,
    "repositories:vulnerabilities": Need.READ,
    "repositories:vulnerability": Need.READ,
    "repositories:components": Need.READ,
    "repositories:layers": Need.READ,
    "repositories:scans": Need.READ,
    "repositories:licenses": Need.READ,
    "repositories:trend": Need.READ,
    "promotions:charts": Need.READ,
    "promotions:namespace_charts": Need.OWN,
    "repositories:attachments": Need.READ,
    "repositories:manifest": Need.READ,
    "repositories:delete_tags": Need.WRITE,
    "repositories:hide": Need.ADMIN,
    "repositories:export_vulnerabilities": Need.READ,
    "repositories:export_components": Need.READ,
    "repositories:hidden": Need.READ,
    "repositories:settings": Need.ADMIN,
    "repositories:delete": Need.ADMIN,
    "repositories:repository": Need.READ,
    "promotions:dashboard": Need.ACCOUNT,
    "promotions:failing": Need.ACCOUNT,
    "promotions:pipeline": Need.ACCOUNT,
    "promotions:promotions": Need.ACCOUNT,
    "promotions:notices": Need.ACCOUNT,
    "promotions:promotion": Need.READ,
    "promotions:global_policies": Need.ADMINISTER,
    "promotions:global_new_policy": Need.ADMINISTER,
    "promotions:global_policy": Need.ADMINISTER,
    "promotions:global_record": Need.ADMINISTER,
    "promotions:global_versions": Need.ADMINISTER,
    "promotions:global_edit_policy": Need.ADMINISTER,
    "promotions:global_delete": Need.ADMINISTER,
    "promotions:namespace_policies": Need.OWN,
    "promotions:namespace_new_policy": Need.OWN,
    "promotions:namespace_policy": Need.OWN,
    "promotions:namespace_record": Need.OWN,
    "promotions:namespace_versions": Need.OWN,
    "promotions:namespace_edit_policy": Need.OWN,
    "promotions:namespace_delete": Need.OWN,
    "promotions:policies": Need.READ,
    "promotions:new_policy": Need.ADMIN,
    "promotions:policy": Need.READ,
    "promotions:record": Need.READ,
    "promotions:versions": Need.ADMIN,
    "promotions:edit_policy": Need.ADMIN,
    "promotions:delete": Need.ADMIN,
    "promotions:retry": Need.READ,
    "promotions:decisions": Need.READ,
    "promotions:lineage": Need.READ,
    "promotions:promote": Need.READ,
}

POST_ONLY = {
    "accounts:logout",
    "account_logout",
    "accounts:end_session",
    "accounts:end_sessions",
    "accounts:revoke_token",
    "accounts:change_role",
    "accounts:remove_team_member",
    "repositories:namespace_unhide",
    "repositories:scan",
    "repositories:unhide",
    "promotions:again",
    "promotions:cancel",
    "promotions:global_switch",
    "promotions:global_consent",
    "promotions:global_retract",
    "promotions:global_release",
    "promotions:admission",
    "promotions:namespace_switch",
    "promotions:namespace_consent",
    "promotions:namespace_retract",
    "promotions:namespace_release",
    "promotions:switch",
    "promotions:consent",
    "promotions:retract",
    "promotions:release",
}

REDIRECTS = {"accounts:organization"}

# Steps of signing in and of keeping an account safe, which need another step first:
# tests/sign_in walks them.
STEPS = {
    "accounts:disconnect",
    "accounts:new_token",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_authenticate",
    "mfa_deactivate_totp",
    "mfa_edit_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_login_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn",
    "mfa_view_recovery_codes",
    "openid_connect_callback",
    "openid_connect_login",
}
