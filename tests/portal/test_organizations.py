"""Organizations: who sees their members and teams, and who changes them."""

from __future__ import annotations

import pytest

from accounts.access import SYSTEM, AccessLevel, Action, Actor
from accounts.models import AuditEvent, Namespace, Organization, Team, User
from accounts.permissions import check
from accounts.services import closing, organizations, teams
from repositories.models import RepositoryGroupGrant
from repositories.services import repositories
from tests.factories import grant, make_organization, make_repository, make_user


@pytest.fixture
def mia(db):
    """A member of `dev`, in the team `developers`, and nothing else."""
    return make_user(name="mia")


@pytest.fixture
def dev(source, mia) -> Organization:
    """Dana's organization with the team `developers`, which reads `dev/website`."""
    found = Organization.objects.get(namespace__name="dev")
    organizations.set_member(actor=SYSTEM, organization=found, user=mia)
    team = teams.create(actor=SYSTEM, organization=found, name="developers")
    teams.add_member(actor=SYSTEM, team=team, user=mia)
    grant(to=team, on=source, level=AccessLevel.READ_ONLY)
    return found


@pytest.fixture
def root(db):
    return make_user(name="root", is_superuser=True)


TEAM = "/organizations/dev/teams/developers"
ACCESS = "/r/dev/permissions/teams/developers"
LISTS = ["/organizations/dev/members", "/organizations/dev/teams", TEAM, ACCESS]


def test_only_administrators_make_organizations(browser, dana, root):
    data = {"name": "ops", "full_name": "Operations", "primary_owner": "dana"}
    for method in ("get", "post"):
        refused = getattr(browser(dana), method)("/organizations/new", data)
        assert refused.status_code == 403
        assert "Only an administrator" in refused.text
    assert not Organization.objects.exists()
    assert "New organization" in browser(root).get("/").text
    assert "New organization" not in browser(dana).get("/").text
    page = browser(root).post("/organizations/new", data, follow=True)
    assert page.redirect_chain == [("/organizations/ops/members", 302)]
    assert check(Actor(dana), Action.ADMIN, Organization.objects.get().namespace)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "Big Team", "cannot be a name"),
        ("name", "new", "is a word of the API"),
        ("name", "dana", "already exists"),
        ("primary_owner", "nobody", "No user is called “nobody”"),
        ("primary_owner", "asleep", "No user is called “asleep”"),
        ("primary_owner", "da\0na", "Null characters"),
    ],
)
def test_what_is_wrong_with_a_new_organization_stands_at_its_field(
    browser, dana, root, field, value, sentence
):
    User.objects.filter(pk=make_user(name="asleep").pk).update(is_active=False)
    data = {"name": "ops", "primary_owner": "dana"} | {field: value}
    form = browser(root).post("/organizations/new", data).context["form"]
    assert list(form.errors) == [field]
    assert sentence in form.errors[field][0]


def test_members_see_no_form_that_is_not_theirs(browser, dana, mia, dev):
    for url in LISTS:
        shown, hidden = browser(dana).get(url).text, browser(mia).get(url).text
        for word in ("Remove", "Give access", "New team", "Rename", "Add a member"):
            assert word not in hidden
        assert len(shown) > len(hidden)


def test_a_member_is_added_made_owner_and_removed(browser, dana, stranger, dev):
    client, url = browser(dana), "/organizations/dev/members"
    page = client.post(url, {"user": "stranger", "role": "member"}, follow=True)
    assert "stranger is in dev now." in page.text
    again = client.post(url, {"user": "stranger", "role": "owner"})
    assert "change the role in the list" in again.context["form"].errors["user"][0]
    client.post(f"{url}/stranger/role", {"role": "owner"})
    assert check(Actor(stranger), Action.ADMIN, dev.namespace)
    client.post(f"{url}/stranger/role", {"role": "member"})
    assert not check(Actor(stranger), Action.ADMIN, dev.namespace)
    question = client.get(f"{url}/stranger/remove")
    assert "Remove stranger from dev?" in question.text
    assert dev.members.filter(pk=stranger.pk).exists()
    client.post(f"{url}/stranger/remove")
    assert not dev.members.filter(pk=stranger.pk).exists()


def test_the_primary_owner_stays(browser, dana, stranger, dev):
    organizations.set_member(
        actor=SYSTEM, organization=dev, user=stranger, is_owner=True
    )
    client, url = browser(stranger), "/organizations/dev/members/dana"
    for action, data in (("role", {"role": "member"}), ("remove", {})):
        page = client.post(f"{url}/{action}", data, follow=True)
        assert "name another one first." in page.text
    assert check(Actor(dana), Action.ADMIN, dev.namespace)


def test_the_last_owner_stays(browser, dana, root, dev):
    Organization.objects.filter(pk=dev.pk).update(primary_owner=root)
    client, url = browser(root), "/organizations/dev/members/dana"
    for action, data in (("role", {"role": "member"}), ("remove", {})):
        page = client.post(f"{url}/{action}", data, follow=True)
        assert "dana is the last owner" in page.text
    assert dev.memberships.filter(user=dana, is_owner=True).exists()


def test_who_leaves_by_their_own_hand_lands_where_they_may_be(browser, stranger, dev):
    organizations.set_member(
        actor=SYSTEM, organization=dev, user=stranger, is_owner=True
    )
    url = "/organizations/dev/members/stranger/remove"
    assert browser(stranger).post(url).url == "/"


def test_the_primary_owner_hands_over_to_another_owner(browser, dana, stranger, dev):
    client, url = browser(dana), "/r/dev/settings"
    data = {"full_name": "Developers", "primary_owner": "stranger"}
    refused = client.post(url, data)
    assert "stranger is no owner of dev" in refused.text
    dev.refresh_from_db()
    assert (dev.full_name, dev.primary_owner) == ("", dana)  # all or nothing
    organizations.set_member(
        actor=SYSTEM, organization=dev, user=stranger, is_owner=True
    )
    browser(stranger).post(url, data)  # is not the primary owner
    dev.refresh_from_db()
    assert (dev.full_name, dev.primary_owner) == ("Developers", dana)
    client.post(url, data)
    dev.refresh_from_db()
    assert dev.primary_owner == stranger
    assert AuditEvent.objects.latest("id").after == {"primary_owner": "stranger"}


def test_a_team_is_made_renamed_and_deleted(browser, dana, dev):
    client, url = browser(dana), "/organizations/dev/teams"
    made = client.post(f"{url}/new", {"name": "testers", "description": "Try it"})
    assert made.url == f"{url}/testers"
    taken = client.post(f"{url}/testers/edit", {"name": "developers"})
    assert list(taken.context["form"].errors) == ["name"]
    assert "testers" in taken.context["team"].name
    client.post(f"{url}/testers/edit", {"name": "quality", "description": ""})
    assert "Delete the team quality?" in client.get(f"{url}/quality/delete").text
    client.post(f"{url}/quality/delete")
    assert [team.name for team in Team.objects.all()] == ["developers"]


def test_a_renamed_team_keeps_its_access(browser, dana, mia, dev, source):
    browser(dana).post(f"{TEAM}/edit", {"name": "builders"})
    assert check(Actor(mia), Action.PULL, source)


def test_people_join_and_leave_a_team(browser, dana, stranger, dev, source):
    client = browser(dana)
    client.post(TEAM, {"user": "stranger"})
    assert check(Actor(stranger), Action.PULL, source)
    client.post(f"{TEAM}/members/stranger/remove")
    assert not check(Actor(stranger), Action.PULL, source)


# --- what a team may access -------------------------------------------------------


def test_a_team_is_given_a_level_and_loses_it(browser, dana, mia, dev, source):
    other = make_repository(name="dev/other")
    client = browser(dana)
    client.post(ACCESS, {"repository": "other", "level": "read_write"})
    client.post(ACCESS, {"repository": "", "level": "scan"})
    assert check(Actor(mia), Action.PUSH, other)
    assert check(Actor(mia), Action.SCAN, dev.namespace)
    text = client.get(ACCESS).text
    assert "The whole namespace" in text
    assert 'href="/r/dev/other"' in text
    for data in ({"repository": "other", "level": "read_write"}, {"level": "scan"}):
        client.post(ACCESS, data | {"do": "revoke"})
    assert not check(Actor(mia), Action.PULL, other)
    assert not check(Actor(mia), Action.SCAN, dev.namespace)
    assert check(Actor(mia), Action.PULL, source)


def test_a_member_sees_of_a_teams_access_what_they_may_pull(
    browser, stranger, dev, source
):
    organizations.set_member(actor=SYSTEM, organization=dev, user=stranger)
    text = browser(stranger).get(ACCESS).text
    assert "website" not in text
    assert "Nothing that you may see" in text
    make_repository(name="dev/open", visibility="public")
    team = Team.objects.get()
    grant(
        to=team,
        on=team.organization.namespace.repositories.get(name="open"),
        level=AccessLevel.READ_WRITE,
    )
    assert 'href="/r/dev/open"' in browser(stranger).get(ACCESS).text


@pytest.mark.parametrize("name", ["../qa/website", "qa/website", "secret", "x\0"])
def test_a_repository_of_another_tenant_cannot_be_given(
    browser, dana, dev, target, name
):
    make_repository(name="qa/secret")
    page = browser(dana).post(ACCESS, {"repository": name, "level": "admin"})
    assert page.context["form"].errors.keys() == {"repository"}
    assert RepositoryGroupGrant.objects.count() == 1


def test_forged_names_of_other_tenants_find_nothing(browser, dana, quinn, dev, target):
    qa = Organization.objects.get(namespace__name="qa")
    teams.create(actor=SYSTEM, organization=qa, name="testers")
    client = browser(dana)
    for url, data in (
        ("/organizations/dev/teams/testers", {"user": "dana"}),
        ("/organizations/dev/teams/testers/delete", {}),
        ("/organizations/qa/teams/testers", {"user": "dana"}),
        ("/organizations/qa/teams/testers/delete", {}),
        ("/organizations/qa/members", {"user": "dana", "role": "owner"}),
        ("/organizations/dev/members/quinn/remove", {}),
        ("/organizations/dev/members/quinn/role", {"role": "owner"}),
        (f"{TEAM}/members/quinn/remove", {}),
        ("/r/dev/permissions/teams/testers", {"level": "admin"}),
        ("/r/qa/permissions/teams/testers", {"level": "admin"}),
    ):
        assert client.post(url, data).status_code == 404, url
    assert Team.objects.count() == 2
    assert not qa.members.filter(pk=dana.pk).exists()


# --- long lists -------------------------------------------------------------------


def test_long_lists_are_paged_and_cost_the_same(
    browser, dana, dev, django_assert_max_num_queries
):
    people = [User(username=f"user{number:03}") for number in range(300)]
    people = User.objects.bulk_create(people)
    dev.memberships.bulk_create(
        [dev.memberships.model(organization=dev, user=user) for user in people]
    )
    team = Team.objects.get()
    team.memberships.bulk_create(
        [team.memberships.model(team=team, user=user) for user in people]
    )
    for number in range(30):
        teams.create(actor=SYSTEM, organization=dev, name=f"team{number:02}")
        repository = make_repository(name=f"dev/repo{number:02}")
        grant(to=team, on=repository, level=AccessLevel.READ_ONLY)
    client = browser(dana)
    for url in LISTS:
        with django_assert_max_num_queries(12):
            page = client.get(url).context["page"]
        with django_assert_max_num_queries(12):
            second = client.get(url, {"after": page.following}).context["page"]
        assert len(page.rows) == 25
        assert not set(page.rows) & set(second.rows), url


def test_members_are_found_by_a_part_of_their_name(browser, dana, mia, dev):
    page = browser(dana).get("/organizations/dev/members", {"q": "mi"})
    assert [row.username for row in page.context["page"].rows] == ["mia"]
    none = browser(dana).get("/organizations/dev/members", {"q": "<b>x"})
    assert "&lt;b&gt;x" in none.text


def test_a_personal_namespace_is_no_organization(browser, dana):
    client = browser(dana)
    assert client.get("/organizations/dana/members").status_code == 404
    text = client.get("/r/dana/").text
    assert "/organizations/dana" not in text


def test_the_short_address_leads_to_the_members(browser, dana, dev):
    assert browser(dana).get("/organizations/dev").url == "/organizations/dev/members"


def test_a_name_of_an_organization_with_public_images_only_reveals_no_people(
    browser, stranger, dev
):
    make_organization(name="more")
    make_repository(name="dev/open", visibility="public")
    page = browser(stranger).get("/r/dev/")
    assert page.status_code == 200
    shown = page.text.partition("<main")[2]
    for word in ("/organizations/dev", "dana", "Access", "Settings"):
        assert word not in shown


@pytest.mark.parametrize(
    "page",
    [
        "/r/dev/",
        "/r/dev/settings",
        "/r/dev/permissions",
        "/find?q=dev",
        "/admin/accounts/namespace/",
        "/",
    ],
)
def test_what_is_left_of_a_deleted_organization_harms_no_page(
    browser, root, dev, source, page
):
    repositories.delete(actor=SYSTEM, repository=source)
    closing.delete_organization(actor=SYSTEM, organization=dev)
    assert Namespace.objects.filter(name="dev").exists()
    assert browser(root).get(page).status_code == 200
    gone = browser(root).get("/organizations/dev/members")
    assert gone.status_code == 404
