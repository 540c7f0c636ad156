"""The box in the bar: what it finds, for whom, and what it leads to."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access import AccessLevel, Actor
from repositories.services.finding import Kind, Term, find
from tests.factories import (
    grant,
    make_index,
    make_manifest,
    make_organization,
    make_repository,
    make_tag,
)

HOST = "registry.example.com"
DIGEST = "sha256:" + "ab" * 32


@pytest.fixture(autouse=True)
def _host(settings):
    settings.REGISTRY_PUBLIC_HOST = HOST


def names(found):
    return [str(getattr(row, "tag", None) or row) for row in found.rows]


def groups(response):
    return {group.kind.value: group.count for group in response.context["found"]}


@pytest.mark.parametrize(
    ("typed", "paths", "tag", "digest"),
    [
        ("website", [], "", ""),
        ("dev/website", ["dev/website"], "", ""),
        ("dev/website:1.4", ["dev/website"], "1.4", ""),
        (f"{HOST}/dev/website:1.4", ["dev/website"], "1.4", ""),
        (f"{HOST}/dev/website:1.4@{DIGEST}", ["dev/website"], "1.4", DIGEST),
        (f"docker pull {HOST}/dev/website", ["dev/website"], "", ""),
        ("podman run -it localhost:5000/dev/a/b:2 sh", ["dev/a/b"], "2", ""),
        (f"skopeo inspect docker://{HOST}/dev/website:1", ["dev/website"], "1", ""),
        ("my.org/app/web:1", ["my.org/app/web", "app/web"], "1", ""),
        (DIGEST.upper().replace("SHA", "sha"), [], "", DIGEST),
        ("", [], "", ""),
        (":", [], "", ""),
        ("docker pull", [], "", ""),
    ],
)
def test_what_is_pasted_is_understood(typed, paths, tag, digest):
    term = Term.read(typed, HOST)
    assert (term.paths, term.tag, term.digest) == (paths, tag, digest)


@pytest.mark.parametrize(
    ("typed", "prefix"),
    [
        ("abcdef", "sha256:abcdef"),
        ("sha256:abcdef", "sha256:abcdef"),
        ("ABCDEF01", "sha256:abcdef01"),
        ("abcde", ""),
        ("sha256:xyzxyz", ""),
        ("website", ""),
    ],
)
def test_six_digits_can_be_a_digest(typed, prefix):
    assert Term.read(typed, HOST).digest_prefix == prefix


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("dev/website:1.0", "/r/dev/website/tags/1.0"),
        ("registry.example.com/dev/website:1.0", "/r/dev/website/tags/1.0"),
        ("docker pull registry.example.com/dev/website:1.0", "/r/dev/website/tags/1.0"),
        ("registry.example.com/dev/website", "/r/dev/website"),
        ("CVE-2021-44228", "/search?for=cve&q=CVE-2021-44228"),
        (
            "pkg:deb/debian/openssl",
            "/search?for=component&q=pkg%3Adeb%2Fdebian%2Fopenssl",
        ),
    ],
)
def test_what_is_pasted_leads_to_the_thing(browser, dana, source, typed, address):
    make_tag(repository=source)
    response = browser(dana).get("/find", {"q": typed})
    assert (response.status_code, response.headers.get("Location")) == (302, address)


def test_a_digest_leads_to_its_only_tag(browser, dana, source):
    tag = make_tag(repository=source)
    digest = tag.manifest.digest
    for typed in (digest, f"dev/website@{digest}", f"{HOST}/dev/website:1.0@{digest}"):
        response = browser(dana).get("/find", {"q": typed})
        assert response.headers.get("Location") == "/r/dev/website/tags/1.0"
    make_tag(repository=source, name="same", manifest=tag.manifest)
    assert groups(browser(dana).get("/find", {"q": digest})) == {"images": "1"}


def test_everything_like_a_word_is_grouped(browser, dana, source):
    make_organization(name="website-team", owner=dana)
    make_repository(name="dev/my-website")
    make_tag(repository=source, name="website-1")
    make_tag(repository=source, name="old-website")  # not from its beginning
    shown = groups(browser(dana).get("/find", {"q": "website"}))
    assert shown == {"namespaces": "1", "repositories": "2", "tags": "1"}


def test_exact_hits_come_first(dana, source):
    for name in ("a-web", "web", "website2"):
        make_repository(name=f"dev/{name}")
    found = find(Actor(dana), Kind.REPOSITORIES, Term.read("web", HOST))
    assert names(found)[0] == "dev/web"
    for name in ("1.0-old", "1.0", "1.0-new"):
        make_tag(repository=source, name=name)
    tags = find(Actor(dana), Kind.TAGS, Term.read("1.0", HOST))
    assert [row.name for row in tags.rows] == ["1.0", "1.0-new", "1.0-old"]


def test_a_digest_is_found_by_its_beginning(dana, source):
    platforms = ("linux/amd64",)
    index = make_index(repository=source, platforms=platforms)
    make_tag(repository=source, name="multi", manifest=index)
    child = index.children.get().child
    for manifest, tag in ((index, "multi"), (child, None)):
        prefix = manifest.digest.removeprefix("sha256:")[:12]
        found = find(Actor(dana), Kind.IMAGES, Term.read(prefix, HOST))
        assert [(row.manifest, row.tag) for row in found.rows] == [(manifest, tag)]


@pytest.mark.parametrize("kind", Kind)
def test_what_one_may_not_pull_is_not_found(browser, dana, stranger, source, kind):
    tag = make_tag(repository=source)
    digest = tag.manifest.digest
    for typed in ("dev", "website", "dev/website", "1.0", digest, digest[:20]):
        term = Term.read(typed, HOST)
        assert not find(Actor(stranger), kind, term).rows
        assert browser(stranger).get("/find", {"q": typed}).status_code == 200
    assert find(Actor(dana), Kind.IMAGES, Term.read(digest, HOST)).rows


def test_one_digest_of_two_tenants_is_found_in_the_own_one(quinn, source, target):
    image = make_manifest(repository=source, content="same")
    assert make_manifest(repository=target, content="same") == image
    found = find(Actor(quinn), Kind.IMAGES, Term.read(image.digest, HOST))
    assert [row.repository for row in found.rows] == [target]


def test_a_grant_on_one_repository_is_enough(stranger, source):
    make_tag(repository=source)
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    for kind, typed in ((Kind.REPOSITORIES, "web"), (Kind.TAGS, "1.0")):
        assert find(Actor(stranger), kind, Term.read(typed, HOST)).rows


def test_pages_have_no_gaps_and_no_repeats(dana, source):
    exact = [make_repository(name=f"dev/deep{n}/x") for n in range(3)]
    for repository in (*exact, source):
        make_tag(repository=repository, name="v1")
    for number in range(7):
        make_tag(repository=source, name=f"v1.{number}")
    term, key, seen = Term.read("v1", HOST), "", []
    while True:
        page = find(Actor(dana), Kind.TAGS, term, key, size=2)
        seen += [str(row) for row in page.rows]
        if not (key := page.following):
            break
    assert len(seen) == len(set(seen)) == 11
    assert all(name.endswith(":v1") for name in seen[:4])


def test_all_of_a_kind_are_paged(browser, dana, source):
    for number in range(30):
        make_tag(repository=source, name=f"v{number:02}")
    client = browser(dana)
    page = client.get("/find", {"q": "v", "kind": "tags"})
    assert len(page.context["page"].rows) == 25
    assert "Next page" in page.text
    assert groups(client.get("/find", {"q": "v"}))["tags"] == "30"


@pytest.mark.parametrize(
    "typed",
    ["", "\0", "%", "_", "'", '"><script>', "a" * 5000, "dev/", "/", "@", "☃/☃:☃",
     "sha256:", "..", "dev/website:" + "1" * 300, "docker pull", "\\", "1!2", "\ud800"],
)  # fmt: skip
def test_hostile_input_is_harmless(browser, dana, source, typed):
    make_tag(repository=source)
    client = browser(dana)
    query = {"q": typed.encode("utf-8", "surrogatepass")}
    assert client.get("/find", query).status_code == 200
    for kind in (*Kind, "nonsense"):
        for after in ("", "9!x", "1!", "²!1"):
            asked = {**query, "kind": kind, "after": after}
            response = client.get("/find", asked)
            assert response.status_code == 200
            assert "<script>" not in response.text.replace('"></script>', "")


def test_wild_cards_are_letters(dana, source):
    make_tag(repository=source, name="1.0")
    for typed in ("%", "_", "1_0", "1%"):
        assert not find(Actor(dana), Kind.TAGS, Term.read(typed, HOST)).rows


@pytest.mark.parametrize("typed", ["web", "dev/web:1", "abcdef", "dev/website:zzz"])
def test_the_page_costs_twelve_queries_at_most(browser, dana, source, typed):
    for number in range(8):
        make_tag(repository=source, name=f"web{number}")
        make_repository(name=f"dev/web{number}")
    client = browser(dana)
    with CaptureQueriesContext(connection) as captured:
        client.get("/find", {"q": typed})
    assert len(captured) <= 12


@pytest.mark.parametrize("key", ["9" * 5000 + "!", "²!a~1", "-1!", "7!"])
def test_a_key_that_is_none_is_the_first_page(browser, dana, source, key):
    page = browser(dana).get(
        "/find", {"q": "web", "kind": "repositories", "after": key}
    )
    assert [row.name for row in page.context["page"].rows] == ["website"]
