from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.access import AccessLevel
from repositories.models import Repository, Tag
from tests.factories import (
    grant,
    make_index,
    make_manifest,
    make_organization,
    make_repository,
    make_tag,
)


def test_the_first_page_lists_what_concerns_the_reader(browser, dana, source, target):
    make_repository(name="elsewhere/public", visibility="public")
    page = browser(dana).get("/").text
    assert 'href="/r/dana/"' in page
    assert 'href="/r/dev/"' in page
    assert 'href="/r/qa/"' in page  # granted one repository there
    assert "elsewhere" not in page


def test_a_member_finds_the_organization_before_any_grant(browser, stranger):
    make_organization(name="team", members=(stranger,))
    page = browser(stranger).get("/").text
    assert 'href="/r/team/"' in page
    assert "0 repositories" in page


@pytest.mark.parametrize(
    "url",
    [
        "/r/dev/",
        "/r/dev/new",
        "/r/dev/website",
        "/r/dev/website/permissions",
        "/r/dev/website/tags",
        "/r/dev/website/tags/1.0",
        "/r/dev/website/tags/1.0/decisions",
        "/r/dev/website/tags/1.0/promote",
        "/r/dev/website/promotions",
        "/r/dev/website/promotions/new",
        "/r/dev/website/settings",
        "/r/dev/website/settings/delete",
    ],
)
def test_a_stranger_learns_nothing(browser, stranger, source, url):
    make_tag(repository=source, name="1.0")
    hidden = browser(stranger).get(url)
    missing = browser(stranger).get(url.replace("dev", "nobody"))
    assert hidden.status_code == missing.status_code == 404
    assert "website" not in hidden.text


@pytest.mark.parametrize("page", ["settings", "settings/delete", "promotions/new"])
def test_a_reader_is_told_which_right_is_missing(browser, stranger, source, page):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    response = browser(stranger).get(f"/r/dev/website/{page}")
    assert response.status_code == 403
    assert "This needs the right “admin” on dev/website" in response.text


def test_an_owner_creates_a_repository(browser, dana, source):
    data = {
        "namespace": "dev",
        "name": "backend/api",
        "visibility": "private",
        "short_description": "The API",
    }
    response = browser(dana).post("/r/dev/new", data, follow=True)
    assert response.redirect_chain == [("/r/dev/backend/api", 302)]
    assert "docker push localhost:5000/dev/backend/api:1.0" in response.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "Web Site", "lower-case"),
        ("name", "api/tags", "“tags” is a word of the API"),
        ("name", "website", "“dev/website” exists already."),
        ("namespace", "qa", "You own no namespace “qa”"),
    ],
)
@pytest.mark.usefixtures("source", "target")
def test_what_is_wrong_stands_at_its_field(browser, dana, field, value, sentence):
    data = {"namespace": "dev", "name": "new-one", "visibility": "private"}
    response = browser(dana).post("/r/dev/new", data | {field: value})
    errors = response.context["form"].errors
    assert list(errors) == [field]
    assert sentence in errors[field][0]
    assert f'aria-describedby="id_{field}_helptext id_{field}_error"' in response.text
    assert not Repository.objects.filter(name="new-one").exists()


def test_a_tag_shows_what_to_pull_and_who_pushed(browser, dana, source):
    manifest = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    make_tag(repository=source, name="1.0", manifest=manifest, pushed_by="dana")
    row = browser(dana).get("/r/dev/website/tags").text
    assert "docker pull localhost:5000/dev/website:1.0" in row
    assert "several platforms" in row
    assert "by dana" in row
    page = browser(dana).get("/r/dev/website/tags/1.0").text
    assert manifest.digest in page
    assert "linux/arm64" in page


def test_a_tag_page_tells_every_move(browser, dana, source):
    first, second = (make_manifest(repository=source) for _ in range(2))
    for manifest in (first, second, first):
        make_tag(repository=source, name="1.0", manifest=manifest)
    page = browser(dana).get("/r/dev/website/tags/1.0")
    moves = [move.to_manifest for move in page.context["page"].rows]
    assert moves == [first, second, first]


def test_tags_are_paged_without_losing_one(browser, dana, source):
    now = timezone.now()
    for number in range(27):
        tag = make_tag(repository=source, name=f"1.{number}")
        moved = now - timedelta(minutes=number // 2)  # pairs of the same time
        Tag.objects.filter(pk=tag.pk).update(updated_at=moved)
    client = browser(dana)
    first = client.get("/r/dev/website/tags").context["page"]
    url = "/r/dev/website/tags"
    rest = client.get(url, {"after": first.following}).context["page"]
    seen = [tag.name for tag in first.rows + rest.rows]
    assert len(first.rows) == 25
    assert not rest.following
    assert sorted(seen) == sorted(f"1.{number}" for number in range(27))


@pytest.mark.parametrize("key", ["nonsense", "~", "2026-01-01~x", "\0~1", "~" * 300])
def test_a_page_key_that_cannot_be_read_is_the_first_page(browser, dana, source, key):
    make_tag(repository=source)
    response = browser(dana).get("/r/dev/website/tags", {"after": key, "q": "\0"})
    assert len(response.context["page"].rows) == 1


@pytest.mark.parametrize("tag", ["tags", "promotions", "settings", "new", "decisions"])
def test_a_tag_may_be_called_like_a_page(browser, dana, tag):
    make_organization(name="dev", owner=dana)
    repository = make_repository(name="dev/deep/er/one")
    make_tag(repository=repository, name=tag)
    response = browser(dana).get(f"/r/dev/deep/er/one/tags/{tag}")
    assert response.context["tag"].name == tag


def test_settings_are_saved(browser, dana, source):
    data = {"visibility": "public", "promotions_only": "on", "long_description": "Hi"}
    page = browser(dana).post("/r/dev/website/settings", data, follow=True)
    assert "The settings are saved." in page.text
    source.refresh_from_db()
    assert source.is_public
    assert source.promotions_only


def test_a_repository_is_deleted_only_by_its_name(browser, dana, source):
    client, url = browser(dana), "/r/dev/website/settings/delete"
    refused = client.post(url, {"confirmation": "website"})
    assert "Type dev/website to delete it." in refused.text
    client.post(url, {"confirmation": "dev/website"})
    assert client.get("/r/dev/website/tags").status_code == 404


def test_a_page_costs_the_same_however_long_the_list(
    browser, dana, source, django_assert_max_num_queries
):
    for number in range(20):
        make_tag(repository=source, name=f"1.{number}")
    client = browser(dana)
    for url in ("/", "/r/dev/", "/r/dev/website/tags", "/r/dev/website/promotions"):
        with django_assert_max_num_queries(12):
            client.get(url)


def test_a_member_is_told_who_may_create_repositories(browser, stranger):
    make_organization(name="team", members=(stranger,))
    response = browser(stranger).get("/r/team/new")
    assert response.status_code == 403
    assert "This needs the right “admin” on team" in response.text


def test_a_reader_of_nothing_else_is_not_offered_to_promote(
    browser, dana, stranger, source
):
    make_tag(repository=source, name="1.0")
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    url = "/r/dev/website/tags/1.0"
    assert "Promote by hand" not in browser(stranger).get(url).text
    assert "Promote by hand" in browser(dana).get(url).text
