"""The first page of a repository, its settings, and the list of all of them."""

from __future__ import annotations

import pytest

from accounts.access import SYSTEM, AccessLevel
from accounts.models import Namespace
from repositories.models import Repository
from repositories.services import repositories
from tests import signing
from tests.factories import (
    grant,
    make_repository,
    make_signature,
    make_tag,
    make_user,
)

INFO = "/r/dev/website"
SETTINGS = f"{INFO}/settings"


# --- Info -------------------------------------------------------------------------


def test_an_empty_repository_says_what_to_do_next(browser, dana, stranger, source):
    text = browser(dana).get(INFO).text
    assert "What to do next" in text
    assert "docker push localhost:5000/dev/website:1.0" in text
    assert 'href="/r/dev/website/promotions/new"' in text
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    assert "What to do next" not in browser(stranger).get(INFO).text


def test_a_writer_is_not_sent_to_what_only_admins_do(browser, stranger, source):
    grant(to=stranger, on=source, level=AccessLevel.READ_WRITE)
    text = browser(stranger).get(INFO).text
    assert "docker push" in text
    assert "make a promotion policy" not in text
    assert "read-write" in text


def test_the_facts_are_those_of_the_repository(browser, dana, source):
    repositories.update(
        actor=SYSTEM, repository=source, immutable_tags=["v*"], scanners=["trivy"]
    )
    manifest = make_tag(repository=source, name="1.0").manifest
    make_tag(repository=source, name="1.1")  # with the same layer
    page = browser(dana).get(INFO)
    assert page.context["tag_count"] == 2
    assert page.context["layer_bytes"] == manifest.layers.get().size
    assert [tag.name for tag in page.context["latest"]] == ["1.1", "1.0"]
    assert "docker pull localhost:5000/dev/website:1.1" in page.text
    assert "<code>v*</code>" in page.text
    assert "trivy" in page.text
    assert "What to do next" not in page.text


def test_a_signature_is_not_what_one_is_told_to_pull(browser, dana, source):
    image = make_tag(repository=source, name="1.0").manifest
    key = signing.new_key()
    make_signature(repository=source, image=image, by=key, way="tag")
    page = browser(dana).get(INFO)
    assert page.context["latest"][0].name.startswith("sha256-")
    assert "docker pull localhost:5000/dev/website:1.0" in page.text


def test_who_may_push_everywhere_sees_how(browser, stranger, source):
    grant(to=stranger, on=source.namespace, level=AccessLevel.READ_ONLY)
    push = "docker push localhost:5000/dev/REPOSITORY:TAG"
    assert push not in browser(stranger).get("/r/dev/").text
    grant(to=stranger, on=source.namespace, level=AccessLevel.READ_WRITE)
    assert push in browser(stranger).get("/r/dev/").text


def test_nobody_is_told_to_push_where_only_promotions_arrive(browser, dana, source):
    repositories.update(actor=SYSTEM, repository=source, promotions_only=True)
    assert "docker push" not in browser(dana).get(INFO).text
    make_tag(repository=source)
    text = browser(dana).get(INFO).text
    assert "docker push" not in text
    assert "docker pull" in text


def test_the_description_is_read_as_markdown(browser, dana, source):
    text = "# Start\n\n[x](javascript:alert(1)) <script>alert(2)</script> **bold**"
    repositories.update(actor=SYSTEM, repository=source, long_description=text)
    page = browser(dana).get(INFO).text
    assert '<h3 dir="auto">Start</h3>' in page
    assert "<strong>bold</strong>" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


# --- Settings ---------------------------------------------------------------------


FORM = {"visibility": "private", "tag_limit": "0"}


def test_a_preview_shows_what_was_typed_and_saves_nothing(browser, dana, source):
    data = FORM | {
        "visibility": "public",
        "long_description": "**new** <img src=x onerror=alert(1)>",
        "preview": "1",
    }
    page = browser(dana).post(SETTINGS, data)
    assert page.status_code == 200
    assert "<strong>new</strong> &lt;img" in page.text
    source.refresh_from_db()
    assert source.long_description == ""
    assert not source.is_public


def test_a_preview_of_a_form_that_is_wrong_is_shown_too(browser, dana, source):
    data = {"visibility": "x", "long_description": "*new*", "preview": "1"}
    assert "<em>new</em>" in browser(dana).post(SETTINGS, data).text


def test_what_the_model_holds_is_saved(browser, dana, source):
    data = FORM | {
        "immutable_tags": "v*\r\n\r\nstable\nv*",
        "scanners": "trivy, built-in",
        "scan_on_push": "on",
        "promotions_only": "on",
        "short_description": "Site",
        "tag_limit": "7",
    }
    assert browser(dana).post(SETTINGS, data).status_code == 302
    source.refresh_from_db()
    assert source.immutable_tags == ["v*", "stable"]
    assert source.scanners == ["trivy", "built-in"]
    assert source.scan_on_push
    assert source.promotions_only
    assert source.tag_limit == 7
    page = browser(dana).get(SETTINGS).text
    assert "v*\nstable</textarea>" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("immutable_tags", "\n".join(f"v{number}" for number in range(51))),
        ("tag_limit", "-1"),
        ("tag_limit", "9" * 30),
        ("scanners", "a,a"),
        ("visibility", "secret"),
        ("long_description", "x" * 20_001),
        ("short_description", "x\0"),
    ],
)
def test_what_cannot_be_saved_is_said_at_its_field(browser, dana, source, field, value):
    page = browser(dana).post(SETTINGS, FORM | {field: value})
    assert list(page.context["form"].errors) == [field]


def test_a_text_that_looks_like_a_template_stays_a_text(browser, dana, source):
    text = "{{ user.password }} {% csrf_token %} ${7*7}"
    browser(dana).post(SETTINGS, FORM | {"short_description": text})
    page = browser(dana).get(INFO).text
    assert "{{ user.password }} {% csrf_token %} ${7*7}" in page


def test_the_settings_of_a_namespace_are_saved(browser, dana, source):
    browser(dana).post("/r/dana/settings", {"create_on_push": "on"})
    assert Namespace.objects.get(name="dana").create_on_push
    page = browser(dana).get("/r/dana/settings")
    assert "primary_owner" not in page.context["form"].fields


# --- The list of all --------------------------------------------------------------


def names(response) -> list[str]:
    return [row.full_name for row in response.context["page"].rows]


@pytest.fixture
def many(source, target):
    """Seven repositories, of which Dana may pull all but `qa/secret`."""
    for name in ("dana/app", "dev/api", "qa/secret"):
        make_repository(name=name)
    for name in ("more/a", "more/b_c"):
        make_repository(name=name, visibility="public")
    make_tag(repository=source)
    make_tag(repository=target)


DANAS = ["dana/app", "dev/api", "dev/website", "more/a", "more/b_c", "qa/website"]


def test_all_that_one_may_pull_are_listed_by_their_whole_name(browser, dana, many):
    assert names(browser(dana).get("/repositories")) == DANAS


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "web"}, ["dev/website", "qa/website"]),
        ({"q": "dev/w"}, ["dev/website"]),
        ({"q": "B_C"}, ["more/b_c"]),
        ({"q": "%"}, []),
        ({"q": "e_"}, []),
        ({"q": "secret"}, []),
        ({"namespace": "qa"}, ["qa/website"]),
        ({"namespace": "nobody"}, []),
        ({"visibility": "public"}, ["more/a", "more/b_c"]),
        ({"visibility": "x"}, DANAS),
        ({"mine": "1"}, ["dana/app", "dev/api", "dev/website", "qa/website"]),
        ({"mine": "1", "namespace": "dev", "q": "api"}, ["dev/api"]),
        ({"sort": "x; drop table"}, DANAS),
        ({"after": "x~y"}, DANAS),
    ],
)
def test_the_list_is_filtered_by_its_address(browser, dana, many, asked, found):
    assert names(browser(dana).get("/repositories", asked)) == found


def test_an_administrators_own_are_not_everybodys(browser, many, db):
    root = make_user(name="root", is_superuser=True)
    make_repository(name="root/mine")
    client = browser(root)
    assert len(names(client.get("/repositories"))) == 8
    assert names(client.get("/repositories", {"mine": "1"})) == ["root/mine"]


def test_only_namespaces_in_which_something_is_seen_are_offered(
    browser, stranger, many
):
    page = browser(stranger).get("/repositories")
    assert page.context["namespaces"] == ["more"]


@pytest.mark.parametrize("url", ["/repositories", "/r/dev/"])
@pytest.mark.parametrize("sort", ["name", "pushed"])
def test_each_order_is_paged_without_losing_one(browser, dana, source, url, sort):
    for number in range(60):
        repository = make_repository(name=f"dev/repository{number:02}")
        if number % 3 == 0:
            make_tag(repository=repository)
    client, after, seen = browser(dana), "", []
    for _ in range(3):
        response = client.get(url, {"sort": sort, "after": after})
        seen += names(response)
        after = response.context["page"].following
        if after:
            assert f"sort={sort}&amp;after=" in response.text
    assert after == ""
    assert len(seen) == len(set(seen)) == 61
    if sort == "name":
        assert seen == sorted(seen)
    else:  # the newest first, those without a push last
        assert seen[0] == "dev/repository57"
        assert Repository.objects.get(name=seen[-1].split("/")[1]).tags.count() == 0


def test_the_bar_leads_to_the_list(browser, dana):
    assert 'href="/repositories"' in browser(dana).get("/").text
