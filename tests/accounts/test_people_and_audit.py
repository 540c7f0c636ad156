"""People and organizations share one space of names; every write is audited."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.access import ANONYMOUS, SYSTEM, Action, Actor
from accounts.models import AuditEvent, Namespace, Organization, User
from accounts.permissions import check
from accounts.services import access_tokens, audit, organizations, users
from accounts.services.audit import MASKED
from tests.factories import make_organization, make_user

pytestmark = pytest.mark.django_db


def test_a_new_person_owns_a_namespace_of_the_same_name():
    dana = make_user(name="dana")
    assert dana.namespace == Namespace.objects.get(name="dana", kind="user")
    assert check(Actor(dana), Action.ADMIN, dana.namespace)
    assert not dana.is_staff


def test_people_and_organizations_cannot_share_a_name():
    make_user(name="dana")
    make_organization(name="dev", owner=make_user(name="olga"))
    with pytest.raises(ValidationError):
        make_user(name="dev")
    with pytest.raises(ValidationError):
        organizations.create(
            actor=SYSTEM, name="dana", primary_owner=User.objects.get(username="olga")
        )
    assert not User.objects.filter(username="dev").exists()
    assert Organization.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["Dana", "da na", "-dana", "a/b", "a:b", "a\0b", "", "tags", "a" * 65]
)
def test_a_name_that_cannot_be_a_path_component_is_refused(name):
    with pytest.raises(ValidationError):
        users.create(actor=SYSTEM, username=name, password=None)
    assert not Namespace.objects.exists()


def test_only_administrators_make_people_and_organizations():
    dana = make_user(name="dana")
    for actor in (ANONYMOUS, Actor(dana)):
        with pytest.raises(PermissionDenied):
            users.create(actor=actor, username="eve", password=None)
        with pytest.raises(PermissionDenied):
            organizations.create(actor=actor, name="dev", primary_owner=dana)


def test_the_primary_owner_of_a_new_organization_administers_it():
    dana = make_user(name="dana")
    organization = make_organization(name="dev", owner=dana)
    assert check(Actor(dana), Action.ADMIN, organization.namespace)


# --- audit ------------------------------------------------------------------------


def test_an_entry_says_who_did_what_to_what_and_with_which_token():
    root = make_user(name="root", is_superuser=True)
    token = access_tokens.issue(actor=Actor(root), user=root, label="terraform").row
    created = users.create(actor=Actor(root, token), username="dana", password=None)
    entry = AuditEvent.objects.latest("id")
    assert (entry.actor, entry.actor_uuid) == ("root", root.uuid)
    assert entry.access_token == token.prefix
    assert (entry.action, entry.object_type) == ("create", "accounts.User")
    assert (entry.object_name, entry.object_uuid) == ("dana", created.uuid)
    assert created.namespace is not None
    assert entry.namespace_uuid == created.namespace.uuid


def test_the_portal_itself_is_named_system():
    make_user(name="dana")
    entry = AuditEvent.objects.latest("id")
    assert (entry.actor, entry.actor_uuid, entry.access_token) == ("system", None, "")


@pytest.mark.parametrize("name", ["system", "anonymous"])
def test_nobody_acts_under_the_names_of_nobody(name):
    with pytest.raises(ValidationError, match="audit log"):
        users.create(actor=SYSTEM, username=name, password=None)
    assert not Namespace.objects.filter(name=name).exists()


def test_what_sounds_secret_is_masked_at_any_depth():
    dana = make_user(name="dana")
    written = {
        "url": "https://example.com",
        "Password": "hunter2",
        "hooks": [{"name": "ci", "shared_secret": "hunter2"}],
        "scanner": {"api_key": "hunter2", "timeout": 5},
    }
    audit.record(actor=SYSTEM, action="test", subject=dana, before=written)
    entry = AuditEvent.objects.latest("id")
    assert entry.before == {
        "url": "https://example.com",
        "Password": MASKED,
        "hooks": [{"name": "ci", "shared_secret": MASKED}],
        "scanner": {"api_key": MASKED, "timeout": 5},
    }


def test_a_new_persons_password_is_in_no_entry():
    make_user(name="dana")
    entries = AuditEvent.objects.values_list("before", "after", "object_name")
    assert "correct horse" not in str(list(entries))
