"""Grants: one level per grantee and object; teams and members, and their audit."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts.access import SYSTEM, AccessLevel, Action, Actor, GrantKind
from accounts.models import (
    AuditEvent,
    NamespaceGroupGrant,
    NamespaceUserGrant,
    TeamMembership,
)
from accounts.permissions import check
from accounts.services import grants, namespaces, organizations, teams
from repositories.models import RepositoryGroupGrant, RepositoryUserGrant
from tests.factories import grant, make_organization, make_repository, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana():
    return make_user(name="dana")


@pytest.fixture
def olga():
    return make_user(name="olga")


@pytest.fixture
def dev(olga):
    return make_organization(name="dev", owner=olga)


@pytest.fixture
def developers(dev):
    return teams.create(actor=SYSTEM, organization=dev, name="developers")


@pytest.fixture
def website(dev):
    return make_repository(name="dev/website")


def may(user, action, subject) -> bool:
    return bool(check(Actor(user), action, subject))


def last_audit() -> AuditEvent:
    return AuditEvent.objects.latest("id")


# --- grants -----------------------------------------------------------------------


def test_a_new_level_takes_the_place_of_the_old_one(dev, dana, developers, website):
    for grantee, subject, table in (
        (dana, dev.namespace, NamespaceUserGrant),
        (dana, website, RepositoryUserGrant),
        (developers, dev.namespace, NamespaceGroupGrant),
        (developers, website, RepositoryGroupGrant),
    ):
        for level in (AccessLevel.READ_ONLY, AccessLevel.ADMIN, AccessLevel.READ_WRITE):
            grant(to=grantee, on=subject, level=level)
            (row,) = table.objects.all()
            assert (row.level, row.kind) == (level, GrantKind.LEVEL)


def test_a_lower_level_takes_rights_away(dana, website):
    grant(to=dana, on=website, level=AccessLevel.ADMIN)
    grant(to=dana, on=website, level=AccessLevel.READ_ONLY)
    assert may(dana, Action.PULL, website)
    assert not may(dana, Action.PUSH, website)


def test_scan_stands_beside_the_level_and_goes_alone(dana, website):
    grant(to=dana, on=website, level=AccessLevel.READ_ONLY)
    grant(to=dana, on=website, level=AccessLevel.SCAN)
    assert may(dana, Action.PULL, website)
    assert may(dana, Action.SCAN, website)
    assert grants.revoke(actor=SYSTEM, of=dana, on=website, kind=GrantKind.SCAN)
    assert may(dana, Action.PULL, website)
    assert not may(dana, Action.SCAN, website)


def test_what_is_revoked_is_gone_and_again_is_no_change(dana, website):
    grant(to=dana, on=website, level=AccessLevel.READ_WRITE)
    assert grants.revoke(actor=SYSTEM, of=dana, on=website)
    assert not may(dana, Action.PULL, website)
    entries = AuditEvent.objects.count()
    assert not grants.revoke(actor=SYSTEM, of=dana, on=website)
    assert AuditEvent.objects.count() == entries


def test_grants_are_audited_with_the_level_before_and_after(olga, dana, website):
    actor = Actor(olga)
    for level in (AccessLevel.READ_ONLY, AccessLevel.ADMIN):
        grants.grant(actor=actor, to=dana, on=website, level=level)
    changed = last_audit()
    assert (changed.actor, changed.action) == ("olga", "grant")
    assert changed.object_name == "dev/website"
    assert changed.namespace_uuid == website.namespace.uuid
    assert changed.before == {"to": "dana", "level": "read-only"}
    assert changed.after == {"to": "dana", "level": "admin"}
    grants.revoke(actor=actor, of=dana, on=website)
    assert last_audit().before == {"of": "dana", "level": "admin"}


def test_a_team_of_another_organization_gets_nothing(website):
    qa = make_organization(name="qa")
    testers = teams.create(actor=SYSTEM, organization=qa, name="testers")
    for subject in (website, website.namespace):
        with pytest.raises(ValidationError, match="only its own teams"):
            grant(to=testers, on=subject, level=AccessLevel.READ_ONLY)
    assert not RepositoryGroupGrant.objects.exists()
    assert not NamespaceGroupGrant.objects.exists()


def test_no_team_gets_into_a_persons_own_namespace(dana, developers):
    with pytest.raises(ValidationError, match="only its own teams"):
        grant(to=developers, on=dana.namespace, level=AccessLevel.READ_ONLY)


@pytest.mark.parametrize(
    ("level", "error"), [(AccessLevel.READ_WRITE, PermissionDenied), (None, Http404)]
)
def test_only_admins_of_the_object_grant_and_revoke(dana, website, level, error):
    if level:
        grant(to=dana, on=website, level=level)
    for act in (
        lambda: grants.grant(
            actor=Actor(dana), to=dana, on=website, level=AccessLevel.ADMIN
        ),
        lambda: grants.revoke(actor=Actor(dana), of=dana, on=website),
    ):
        with pytest.raises(error):
            act()
    assert not may(dana, Action.ADMIN, website)


def test_an_admin_of_one_repository_grants_on_it_but_not_on_the_namespace(
    dana, website
):
    grant(to=dana, on=website, level=AccessLevel.ADMIN)
    eve, actor = make_user(name="eve"), Actor(dana)
    grants.grant(actor=actor, to=eve, on=website, level=AccessLevel.READ_ONLY)
    with pytest.raises(Http404):
        grants.grant(
            actor=actor, to=eve, on=website.namespace, level=AccessLevel.READ_ONLY
        )
    assert may(eve, Action.PULL, website)


# --- teams and members ------------------------------------------------------------


def test_a_team_member_has_what_the_team_has_until_leaving_it(
    dev, dana, developers, website
):
    grant(to=developers, on=dev.namespace, level=AccessLevel.READ_WRITE)
    teams.add_member(actor=SYSTEM, team=developers, user=dana)
    assert may(dana, Action.PUSH, website)
    assert dev.memberships.filter(user=dana, is_owner=False).exists()
    teams.remove_member(actor=SYSTEM, team=developers, user=dana)
    assert not may(dana, Action.PULL, website)
    assert dev.memberships.filter(user=dana).exists()


def test_adding_a_member_twice_is_one_membership(dana, developers):
    for _ in range(2):
        teams.add_member(actor=SYSTEM, team=developers, user=dana)
    assert developers.memberships.filter(user=dana).count() == 1


def test_adding_an_owner_to_a_team_leaves_them_an_owner(dev, olga, developers):
    teams.add_member(actor=SYSTEM, team=developers, user=olga)
    assert dev.memberships.get(user=olga).is_owner


def test_a_deleted_team_takes_its_grants_and_its_group_with_it(
    dev, dana, developers, website
):
    teams.add_member(actor=SYSTEM, team=developers, user=dana)
    grant(to=developers, on=dev.namespace, level=AccessLevel.ADMIN)
    grant(to=developers, on=website, level=AccessLevel.READ_ONLY)
    teams.delete(actor=SYSTEM, team=developers)
    assert not may(dana, Action.PULL, website)
    assert not NamespaceGroupGrant.objects.exists()
    assert not RepositoryGroupGrant.objects.exists()
    assert not Group.objects.exists()
    assert not dana.groups.exists()


def test_who_leaves_an_organization_loses_the_rights_of_its_teams_only(
    dev, dana, developers, website
):
    qa = make_organization(name="qa", members=(dana,))
    testers = teams.create(actor=SYSTEM, organization=qa, name="testers")
    for team in (developers, testers):
        teams.add_member(actor=SYSTEM, team=team, user=dana)
        grant(to=team, on=team.organization.namespace, level=AccessLevel.READ_WRITE)
    organizations.remove_member(actor=SYSTEM, organization=dev, user=dana)
    assert not may(dana, Action.PULL, website)
    assert may(dana, Action.PUSH, qa.namespace)
    assert list(dana.groups.all()) == [testers.group]
    assert list(TeamMembership.objects.filter(user=dana)) == [
        testers.memberships.get(user=dana)
    ]
    assert not dev.memberships.filter(user=dana).exists()


def test_an_owner_who_becomes_a_member_loses_the_namespace(dev, dana, website):
    for is_owner in (True, False):
        organizations.set_member(
            actor=SYSTEM, organization=dev, user=dana, is_owner=is_owner
        )
        assert may(dana, Action.ADMIN, website) == is_owner
    assert dev.memberships.filter(user=dana).count() == 1


def test_the_primary_owner_stays_an_owner(dev, olga):
    with pytest.raises(ValidationError, match="name another one first"):
        organizations.remove_member(actor=SYSTEM, organization=dev, user=olga)
    with pytest.raises(ValidationError, match="name another one first"):
        organizations.set_member(actor=SYSTEM, organization=dev, user=olga)
    assert may(olga, Action.ADMIN, dev.namespace)


def test_only_the_primary_owner_hands_over_and_only_to_an_owner(dev, olga, dana):
    organizations.set_member(actor=SYSTEM, organization=dev, user=dana)
    with pytest.raises(ValidationError, match="make them an owner first"):
        organizations.hand_over(actor=Actor(olga), organization=dev, to=dana)
    organizations.set_member(actor=SYSTEM, organization=dev, user=dana, is_owner=True)
    with pytest.raises(PermissionDenied, match="Only the primary owner"):
        organizations.hand_over(actor=Actor(dana), organization=dev, to=dana)
    organizations.hand_over(actor=Actor(olga), organization=dev, to=dana)
    dev.refresh_from_db()
    assert dev.primary_owner == dana
    assert last_audit().before == {"primary_owner": "olga"}


def test_a_team_is_renamed_but_not_to_a_name_that_is_taken(dev, olga, developers):
    teams.create(actor=SYSTEM, organization=dev, name="testers")
    with pytest.raises(ValidationError):
        teams.update(actor=Actor(olga), team=developers, name="testers")
    developers.refresh_from_db()
    assert developers.name == "developers"
    teams.update(actor=Actor(olga), team=developers, name="builders", description="x")
    developers.refresh_from_db()
    assert (developers.name, developers.description) == ("builders", "x")
    assert last_audit().before == {"name": "developers", "description": ""}


def test_creation_on_push_is_switched_with_an_audit_entry(dev, olga):
    namespaces.update(actor=Actor(olga), namespace=dev.namespace, create_on_push=True)
    dev.namespace.refresh_from_db()
    assert dev.namespace.create_on_push
    assert last_audit().after == {"create_on_push": True}


def test_members_hear_403_and_strangers_404(dev, dana, developers):
    eve = make_user(name="eve")
    organizations.set_member(actor=SYSTEM, organization=dev, user=dana)
    acts = (
        lambda actor: teams.create(actor=actor, organization=dev, name="more"),
        lambda actor: teams.add_member(actor=actor, team=developers, user=eve),
        lambda actor: teams.remove_member(actor=actor, team=developers, user=eve),
        lambda actor: teams.delete(actor=actor, team=developers),
        lambda actor: teams.update(actor=actor, team=developers, name="x"),
        lambda actor: organizations.update(
            actor=actor, organization=dev, full_name="x"
        ),
        lambda actor: organizations.hand_over(actor=actor, organization=dev, to=eve),
        lambda actor: namespaces.update(
            actor=actor, namespace=dev.namespace, create_on_push=True
        ),
        lambda actor: organizations.set_member(actor=actor, organization=dev, user=eve),
        lambda actor: organizations.remove_member(
            actor=actor, organization=dev, user=eve
        ),
    )
    entries = AuditEvent.objects.count()
    for act in acts:
        with pytest.raises(PermissionDenied, match="ask one of its admins"):
            act(Actor(dana))
        with pytest.raises(Http404):
            act(Actor(eve))
    assert AuditEvent.objects.count() == entries


@pytest.mark.parametrize("name", ["Developers", "de velopers", "", "a" * 65])
def test_a_team_with_an_impossible_name_leaves_nothing_behind(dev, name):
    with pytest.raises(ValidationError):
        teams.create(actor=SYSTEM, organization=dev, name=name)
    assert not Group.objects.exists()


def test_two_organizations_may_have_teams_of_the_same_name(dev, developers):
    with pytest.raises(ValidationError, match="already exists"):
        teams.create(actor=SYSTEM, organization=dev, name="developers")
    qa = make_organization(name="qa")
    assert teams.create(actor=SYSTEM, organization=qa, name="developers").pk
