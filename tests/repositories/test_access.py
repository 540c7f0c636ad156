"""Which repositories somebody sees, and where docker may push."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.access import ANONYMOUS, SYSTEM, AccessLevel, Action, Actor
from accounts.models import Namespace
from accounts.services import teams
from repositories.models import Repository
from repositories.permissions import open_to_docker, open_to_first_push
from tests.factories import grant, make_organization, make_repository, make_user

pytestmark = pytest.mark.django_db


def names(rows) -> set[str]:
    return {row.full_name for row in rows.select_related("namespace")}


@pytest.fixture
def dana():
    return make_user(name="dana")


@pytest.fixture
def dev():
    return make_organization(name="dev", owner=make_user(name="olga"))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("dev/website", True),
        ("dev/team/app", True),
        ("dev/gone", False),
        ("dev/web", False),
        ("qa/website", False),
        ("dev", False),
        ("dev/", False),
        ("", False),
        ("website", False),
    ],
)
def test_a_repository_is_found_by_its_whole_name(dev, name, found):
    for known in ("dev/website", "dev/team/app", "dev/gone"):
        make_repository(name=known)
    Repository.objects.filter(name="gone").update(deleted_at=timezone.now())
    assert Repository.objects.named(name).exists() == found


def test_two_grants_on_one_repository_list_it_once(dev, dana):
    team = teams.create(actor=SYSTEM, organization=dev, name="developers")
    teams.add_member(actor=SYSTEM, team=team, user=dana)
    website = make_repository(name="dev/website")
    for grantee in (dana, team):
        for subject in (website, dev.namespace):
            grant(to=grantee, on=subject, level=AccessLevel.READ_WRITE)
    actor = Actor(dana)
    assert Repository.objects.permitted(actor, Action.PUSH).count() == 1
    assert (
        Namespace.objects.permitted(actor, Action.PUSH).filter(name="dev").count() == 1
    )
    assert Repository.objects.granted_to(actor).count() == 1


def test_a_grant_to_an_empty_team_is_nobodys(dev):
    team = teams.create(actor=SYSTEM, organization=dev, name="nobody-yet")
    website = make_repository(name="dev/website")
    grant(to=team, on=website, level=AccessLevel.ADMIN)
    grant(to=team, on=dev.namespace, level=AccessLevel.ADMIN)
    for actor in (ANONYMOUS, Actor(AnonymousUser()), Actor(make_user())):
        assert not Repository.objects.permitted(actor, Action.PULL).exists()
        assert not Repository.objects.granted_to(actor).exists()


def test_deleted_repositories_are_in_no_list(dev, dana):
    website = make_repository(name="dev/website", visibility="public")
    grant(to=dana, on=website, level=AccessLevel.ADMIN)
    Repository.objects.update(deleted_at=timezone.now())
    for actor in (ANONYMOUS, Actor(dana), SYSTEM):
        assert not Repository.objects.permitted(actor, Action.PULL).exists()
    assert not Repository.objects.granted_to(Actor(dana)).exists()


def test_nobody_pushes_where_images_arrive_by_promotion(dev, dana):
    make_repository(name="dev/website")
    make_repository(name="dev/released", promotions_only=True)
    grant(to=dana, on=dev.namespace, level=AccessLevel.ADMIN)
    for actor in (Actor(dana), SYSTEM):
        assert names(open_to_docker(actor, Action.PUSH)) == {"dev/website"}
        assert "dev/released" in names(open_to_docker(actor, Action.PULL))


@pytest.mark.parametrize("level", [AccessLevel.READ_WRITE, AccessLevel.ADMIN])
def test_only_admins_create_by_pushing_and_only_where_it_is_switched_on(
    dev, dana, level
):
    qa = make_organization(name="qa")
    for organization in (dev, qa):
        grant(to=dana, on=organization.namespace, level=level)
    Namespace.objects.filter(name="dev").update(create_on_push=True)
    expected = {"dev"} if level == AccessLevel.ADMIN else set()
    assert {row.name for row in open_to_first_push(Actor(dana))} == expected
    assert not open_to_first_push(ANONYMOUS).exists()
