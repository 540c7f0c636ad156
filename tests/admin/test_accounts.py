"""People, organizations, teams, grants and tokens, written through the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.access import SYSTEM, AccessLevel
from accounts.models import (
    AccessToken,
    AuditEvent,
    Namespace,
    NamespaceGroupGrant,
    NamespaceUserGrant,
    Organization,
    OrganizationMembership,
    Team,
    TeamMembership,
    User,
)
from accounts.services import access_tokens, grants
from tests.admin.factories import (
    PASSWORD,
    make_organization,
    make_team,
    make_user,
)

if TYPE_CHECKING:
    from django.db.models import Model


def add(browser: Client, model: str, **data: Any) -> Any:
    return browser.post(reverse(f"admin:accounts_{model}_add"), data)


def change(browser: Client, row: Model, **data: Any) -> Any:
    name = f"admin:accounts_{row._meta.model_name}_change"
    return browser.post(reverse(name, args=(row.pk,)), data)


def delete(browser: Client, row: Model) -> Any:
    name = f"admin:accounts_{row._meta.model_name}_delete"
    url = reverse(name, args=(row.pk,))
    assert browser.get(url).status_code == 200
    return browser.post(url, {"post": "yes"}, follow=True)


def add_user(browser: Client, **data: Any) -> Any:
    data = {"password1": PASSWORD, "password2": PASSWORD} | data
    return add(browser, "user", usable_password="true", **data)


def errors_of(response: Any) -> str:
    assert response.status_code == 200
    form = response.context["adminform"].form
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def last_audit() -> AuditEvent:
    return AuditEvent.objects.latest("id")


# --- people -----------------------------------------------------------------------


def test_a_new_user_has_a_namespace_and_an_audit_entry(browser):
    response = add_user(browser, username="dana", email="dana@example.org")
    assert response.status_code == 302
    dana = User.objects.get(username="dana")
    assert dana.namespace == Namespace.objects.get(name="dana")
    assert dana.check_password(PASSWORD)
    assert not dana.is_superuser
    entry = last_audit()
    assert (entry.actor, entry.action) == ("admin", "create")
    assert entry.object_uuid == dana.uuid


def test_a_new_administrator_may_enter_the_admin(browser):
    add_user(browser, username="dana", is_superuser="on")
    dana = User.objects.get(username="dana")
    assert dana.is_superuser
    assert dana.is_staff


def test_a_user_without_password_cannot_sign_in_with_one(browser):
    add(browser, "user", username="dana", usable_password="false")
    assert not User.objects.get(username="dana").has_usable_password()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"username": "acme"}, "Namespace with this Name already exists"),
        ({"username": "Not A Name"}, "cannot be a name"),
        ({"username": "dana", "password1": "1", "password2": "1"}, "too short"),
        ({"username": "dana", "password2": "other"}, "match"),
    ],
)
def test_what_cannot_be_a_user_is_said_and_not_kept(browser, data, sentence):
    make_organization("acme", make_user("owner"))
    before = set(Namespace.objects.values_list("name", flat=True))
    assert sentence in errors_of(add_user(browser, **data))
    assert set(Namespace.objects.values_list("name", flat=True)) == before
    assert not User.objects.filter(username=data["username"]).exists()


def test_disabling_a_user_is_written_to_the_audit_log(browser):
    dana = make_user("dana")
    response = change(browser, dana, email="dana@example.org")
    assert response.status_code == 302
    dana.refresh_from_db()
    assert (dana.is_active, dana.email) == (False, "dana@example.org")
    entry = last_audit()
    assert (entry.action, entry.object_uuid) == ("update", dana.uuid)
    assert entry.before == {"email": "", "is_active": True}
    assert entry.after == {"email": "dana@example.org", "is_active": False}


def test_saving_without_a_change_writes_no_audit_entry(browser):
    dana = make_user("dana")
    before = AuditEvent.objects.count()
    assert change(browser, dana, is_active="on").status_code == 302
    assert AuditEvent.objects.count() == before


def test_a_changed_password_is_written_to_the_audit_log_without_it(browser):
    dana = make_user("dana")
    url = reverse("admin:auth_user_password_change", args=(dana.pk,))
    new = "another horse battery staple"
    data = {"usable_password": "true", "password1": new, "password2": "other"}
    before = AuditEvent.objects.count()
    assert browser.post(url, data).status_code == 200
    assert AuditEvent.objects.count() == before
    assert browser.post(url, data | {"password2": new}).status_code == 302
    dana.refresh_from_db()
    assert dana.check_password(new)
    assert last_audit().action == "change password"
    assert new not in str(last_audit().after)


def test_users_cannot_be_deleted(browser):
    url = reverse("admin:accounts_user_delete", args=(make_user("dana").pk,))
    assert browser.post(url, {"post": "yes"}).status_code == 403


def act(browser: Client, action: str, *people: User, **more: str) -> str:
    url = reverse("admin:accounts_user_changelist")
    keys = [person.pk for person in people]
    data = {"action": action, "_selected_action": keys, **more}
    return browser.post(url, data, follow=True).content.decode()


def test_people_are_disabled_after_a_question_and_signed_out(browser, administrator):
    dana, theirs = make_user("dana"), Client()
    theirs.force_login(dana, "accounts.authentication.people.PeopleBackend")
    assert "Disable these people?" in act(browser, "disable", dana)
    dana.refresh_from_db()
    assert dana.is_active
    page = act(browser, "disable", dana, administrator, confirmed="yes")
    assert "People disabled: 1." in page
    assert "You cannot disable yourself" in page
    assert not User.objects.get(pk=dana.pk).is_active
    assert not Session.objects.filter(pk=theirs.session.session_key).exists()
    assert set(AuditEvent.objects.values_list("action", flat=True)) > {
        "end sessions",
        "disable",
    }
    assert "People enabled: 1." in act(browser, "enable", dana)


def test_sessions_end_and_those_of_others_go_on(browser):
    dana, theirs = make_user("dana"), Client()
    theirs.force_login(dana, "accounts.authentication.people.PeopleBackend")
    page = act(browser, "end_sessions", dana, confirmed="yes")
    assert "People signed out: 1." in page
    assert theirs.get(reverse("promotions:dashboard")).status_code == 302
    assert last_audit().after == {"ended": 1}


@pytest.fixture
def clerk(db):
    """Staff with every permission of Django on users, but no superuser."""
    clerk = make_user("clerk")
    User.objects.filter(pk=clerk.pk).update(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__model="user"))
    client = Client()
    client.force_login(clerk, "accounts.authentication.people.PeopleBackend")
    return client


def test_people_are_out_of_reach_of_staff(clerk, administrator):
    dana = make_user("dana")
    for person in (dana, administrator):
        assert change(clerk, person, is_active="on").status_code == 403
        url = reverse("admin:auth_user_password_change", args=(person.pk,))
        sent = {"password1": PASSWORD, "password2": PASSWORD}
        assert clerk.post(url, sent).status_code == 403
    assert add_user(clerk, username="eve", is_superuser="on").status_code == 403
    assert not Namespace.objects.filter(name="eve").exists()


# --- organizations and teams --------------------------------------------------------


def test_a_new_organization_has_its_primary_owner_as_owner(browser):
    owner = make_user("owner")
    response = add(browser, "organization", name="acme", primary_owner=owner.pk)
    assert response.status_code == 302
    membership = OrganizationMembership.objects.get(user=owner)
    assert membership.is_owner
    assert membership.organization.namespace.name == "acme"


def test_a_taken_name_is_an_error_of_the_form(browser):
    owner = make_user("owner")
    response = add(browser, "organization", name="owner", primary_owner=owner.pk)
    assert "already exists" in errors_of(response)
    assert not Organization.objects.exists()


def test_another_primary_owner_becomes_an_owner(browser):
    acme = make_organization("acme", make_user("owner"))
    heir = make_user("heir")
    response = change(browser, acme, full_name="Acme", primary_owner=heir.pk)
    assert response.status_code == 302
    acme.refresh_from_db()
    assert (acme.primary_owner, acme.full_name) == (heir, "Acme")
    assert acme.memberships.get(user=heir).is_owner
    assert last_audit().after == {"full_name": "Acme", "primary_owner": "heir"}


def test_members_come_and_go(browser):
    acme, dana = make_organization("acme", make_user("owner")), make_user("dana")
    add(browser, "organizationmembership", organization=acme.pk, user=dana.pk)
    membership = acme.memberships.get(user=dana)
    assert not membership.is_owner
    change(browser, membership, is_owner="on")
    assert acme.memberships.filter(user=dana, is_owner=True).exists()
    delete(browser, membership)
    assert not acme.memberships.filter(user=dana).exists()
    assert last_audit().action == "remove member"


def test_the_primary_owner_stays_and_the_page_says_why(browser):
    acme = make_organization("acme", make_user("owner"))
    membership = acme.memberships.get()
    assert "primary owner" in errors_of(change(browser, membership))
    page = delete(browser, membership).content.decode()
    assert "The primary owner cannot be removed" in page
    assert acme.memberships.get().is_owner


def test_the_page_of_an_organization_lists_its_members(browser):
    acme = make_organization("acme", make_user("owner"))
    url = reverse("admin:accounts_organization_change", args=(acme.pk,))
    page = browser.get(url).content.decode()
    membership = acme.memberships.get()
    assert reverse("admin:accounts_user_change", args=(membership.user_id,)) in page
    assert f"organizationmembership/add/?organization={acme.pk}" in page


def test_teams_and_their_groups_stay_in_step(browser):
    acme, dana = make_organization("acme", make_user("owner")), make_user("dana")
    add(browser, "team", organization=acme.pk, name="developers")
    team = Team.objects.get()
    add(browser, "teammembership", team=team.pk, user=dana.pk)
    assert team.group in dana.groups.all()
    change(browser, team, description="Those who develop")
    team.refresh_from_db()
    assert team.description == "Those who develop"
    delete(browser, TeamMembership.objects.get())
    assert not dana.groups.exists()
    delete(browser, team)
    assert not Team.objects.exists()
    assert last_audit().action == "delete"


# --- grants -------------------------------------------------------------------------


def test_a_pair_has_one_grant_whatever_is_added(browser):
    acme, dana = make_organization("acme", make_user("owner")), make_user("dana")
    data = {"user": dana.pk, "content_object": acme.namespace_id}
    for level in ("read_only", "read_write"):
        response = add(browser, "namespaceusergrant", level=level, **data)
        assert response.status_code == 302
    row = NamespaceUserGrant.objects.get()
    assert row.level == AccessLevel.READ_WRITE
    change(browser, row, level="admin")
    assert NamespaceUserGrant.objects.get().level == AccessLevel.ADMIN
    assert last_audit().after == {"to": "dana", "level": "admin"}
    delete(browser, row)
    assert not NamespaceUserGrant.objects.exists()
    assert last_audit().action == "revoke"


def test_scan_is_a_grant_of_its_own(browser):
    acme, dana = make_organization("acme", make_user("owner")), make_user("dana")
    row = grants.grant(actor=SYSTEM, level=AccessLevel.SCAN, to=dana, on=acme.namespace)
    assert "valid choice" in errors_of(change(browser, row, level="admin"))
    assert NamespaceUserGrant.objects.get().level == AccessLevel.SCAN


def test_a_team_gets_access_in_its_own_organization_only(browser):
    owner = make_user("owner")
    acme, other = make_organization("acme", owner), make_organization("other", owner)
    team = make_team("developers", acme)
    data = {"team": team.pk, "level": "read_only"}
    add(browser, "namespacegroupgrant", content_object=acme.namespace_id, **data)
    assert NamespaceGroupGrant.objects.get().group == team.group
    refused = add(
        browser, "namespacegroupgrant", content_object=other.namespace_id, **data
    )
    assert "is not of the organization" in errors_of(refused)
    delete(browser, NamespaceGroupGrant.objects.get())
    assert not NamespaceGroupGrant.objects.exists()


def test_people_and_teams_can_be_looked_up(browser):
    acme = make_organization("acme", make_user("owner"))
    make_team("developers", acme)
    url = reverse("admin:autocomplete")
    for model, field, term in (
        ("teammembership", "team", "dev"),
        ("namespaceusergrant", "user", "own"),
        ("namespaceusergrant", "content_object", "acm"),
    ):
        asked = {"app_label": "accounts", "model_name": model, "field_name": field}
        answer = browser.get(url, asked | {"term": term}).json()
        assert len(answer["results"]) == 1, model


# --- access tokens --------------------------------------------------------------------


def test_a_secret_is_shown_once(browser):
    dana = make_user("dana")
    data = {"user": dana.pk, "label": "ci", "scopes": ["pull", "push"]}
    url = reverse("admin:accounts_accesstoken_add")
    page = browser.post(url, data, follow=True).content.decode()
    token = AccessToken.objects.get()
    assert token.scopes == ["pull", "push"]
    assert f"msr_{token.prefix}_" in page
    for name, args in (("changelist", ()), ("change", (token.pk,))):
        again = browser.get(reverse(f"admin:accounts_accesstoken_{name}", args=args))
        assert f"msr_{token.prefix}_" not in again.content.decode()
    assert last_audit().object_uuid == token.uuid


def test_a_token_needs_a_scope(browser):
    response = add(browser, "accesstoken", user=make_user("dana").pk, label="ci")
    assert "required" in errors_of(response)
    assert not AccessToken.objects.exists()


def test_tokens_are_revoked_by_the_service(browser):
    dana = make_user("dana")
    row = access_tokens.issue(actor=SYSTEM, user=dana, label="ci").row
    url = reverse("admin:accounts_accesstoken_changelist")
    data = {"action": "revoke", "_selected_action": [row.pk]}
    assert "cannot be undone" in browser.post(url, data).content.decode()
    assert AccessToken.objects.get().is_active
    data["confirmed"] = "yes"
    page = browser.post(url, data, follow=True).content.decode()
    assert "Access tokens revoked: 1." in page
    row.refresh_from_db()
    assert not row.is_active
    assert last_audit().action == "revoke"


def test_tokens_cannot_be_changed_or_deleted(browser):
    row = access_tokens.issue(actor=SYSTEM, user=make_user("dana"), label="ci").row
    assert change(browser, row, label="other").status_code == 403
    url = reverse("admin:accounts_accesstoken_delete", args=(row.pk,))
    assert browser.post(url, {"post": "yes"}).status_code == 403


def test_a_namespace_says_whether_pushes_create_repositories(browser):
    namespace = make_organization("acme", make_user("owner")).namespace
    assert change(browser, namespace, create_on_push="on").status_code == 302
    namespace.refresh_from_db()
    assert namespace.create_on_push
    assert last_audit().after == {"create_on_push": True}
    assert last_audit().namespace_uuid == namespace.uuid


def test_the_audit_log_is_found_by_object_and_person(browser):
    dana = make_user("dana")
    url = reverse("admin:accounts_auditevent_changelist")
    for query in ({"q": "system"}, {"q": str(dana.uuid)}, {"q": "dan"}):
        page = browser.get(url, query | {"object_type": "accounts.User"})
        assert page.context["cl"].result_count >= 1, query


# --- a session that was stolen ----------------------------------------------------


STOLEN = {
    "a token for anybody": ("accesstoken/add/", {"label": "x", "scopes": ["api"]}),
    "a new administrator": ("user/add/", {"username": "eve", "is_superuser": "on"}),
    "somebody's password": ("user/{}/password/", {"usable_password": "true"}),
    "more rights": ("user/{}/change/", {"is_active": "on", "is_superuser": "on"}),
    "no second factor": ("user/", {"action": "remove_factors", "confirmed": "yes"}),
}


@pytest.mark.parametrize(("path", "data"), STOLEN.values(), ids=STOLEN)
def test_a_stolen_session_of_an_administrator_opens_no_other_way_in(
    administrator, path, data
):
    thief, dana = Client(), make_user("dana")
    thief.force_login(administrator)
    sent = {"password1": "quite other words", "password2": "quite other words", **data}
    url = f"/admin/accounts/{path.format(dana.pk)}"
    entries = AuditEvent.objects.count()
    response = thief.post(
        url, {"user": dana.pk, "_selected_action": dana.pk, **sent}, follow=True
    )
    assert response.request["PATH_INFO"] == "/login/confirm"
    assert AuditEvent.objects.count() == entries
