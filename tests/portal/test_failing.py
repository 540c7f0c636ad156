"""What is promoted and fails its policy now: who is told, where, and in which words."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access import AccessLevel, Actor
from promotions.models import Promotion
from promotions.services import watch
from repositories.models import Scan
from repositories.services import exceptions
from tests.factories import (
    grant,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
)
from tests.promoted import promote

NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
TITLE = "Promoted, and failing its policy now"


def fail(source, target, name="1.0-secret") -> Promotion:
    """Promote a clean image, then find a vulnerability in it."""
    tag = make_tag(repository=source, name=name)
    make_scan(manifest=tag.manifest)
    (promotion,) = promote(tag, target)
    Promotion.objects.filter(pk=promotion.pk).update(target_tag=f"r{name[0]}")
    make_tag(
        repository=target,
        name=f"r{name[0]}",
        manifest=tag.manifest,
        pushed_by=f"promotion:{promotion.uuid}",
    )
    Scan.objects.filter(manifest=tag.manifest).update(is_current=False)
    make_scan(manifest=tag.manifest, vulnerabilities={"CVE-2026-9": 9.8})
    watch.review(manifest_id=tag.manifest_id)
    promotion.refresh_from_db()
    return promotion


@pytest.fixture
def promotion(source, target) -> Promotion:
    """`qa/website:r1` came from `dev/website:1.0-secret`, and fails."""
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    return fail(source, target)


def test_whoever_may_see_the_target_is_told_why(browser, quinn, promotion):
    for url in (
        "/",
        "/failing",
        f"/promotions/{promotion.uuid}",
        "/r/qa/website/tags/r1",
    ):
        page = browser(quinn).get(url).text
        assert "CVE-2026-9 in openssl 3.0.1, fixed in 3.0.2" in page, url
        assert url[1:11] == "promotions" or f"/promotions/{promotion.uuid}" in page


def test_the_source_is_not_named_to_who_may_not_pull_there(browser, quinn, promotion):
    for url in ("/", "/failing", f"/promotions/{promotion.uuid}"):
        page = browser(quinn).get(url).text
        assert "a repository you have no access to" in page
        assert "dev/website" not in page
        assert "1.0-secret" not in page


def test_who_sees_both_ends_sees_whence_it_came(browser, dana, promotion):
    page = browser(dana).get("/failing").text
    assert "dev/website" in page
    assert "1.0-secret" in page


def test_what_the_source_hid_is_told_to_its_readers_only(
    browser, dana, quinn, source, promotion
):
    exceptions.hide(
        actor=Actor(dana), scope=source, vulnerability="CVE-2026-8", reason="ours"
    )
    Scan.objects.filter(manifest=promotion.manifest).update(is_current=False)
    found = {"CVE-2026-8": 9.1, "CVE-2026-9": 9.8}
    make_scan(manifest=promotion.manifest, vulnerabilities=found)
    watch.review(manifest_id=promotion.manifest_id)
    assert "1 hidden does not count" in browser(dana).get("/failing").text
    assert "hidden does not count" not in browser(quinn).get("/failing").text


def test_who_sees_the_source_only_learns_nothing_of_the_target(
    browser, stranger, source, promotion
):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    assert "Nothing fails its policy" in browser(stranger).get("/failing").text
    for url in ("/", f"/promotions/{promotion.uuid}"):
        page = browser(stranger).get(url).text
        assert "CVE-2026-9" not in page
        assert "Fails its policy" not in page


def test_a_tag_that_moved_on_is_listed_no_more(browser, quinn, target, promotion):
    make_tag(repository=target, name="r1")
    for url in ("/", "/failing", "/r/qa/website/tags/r1"):
        assert "CVE-2026-9" not in browser(quinn).get(url).text
    page = browser(quinn).get(f"/promotions/{promotion.uuid}").text
    assert "Fails its policy" not in page


def test_a_target_that_is_deleted_is_listed_no_more(browser, quinn, target, promotion):
    type(target).objects.filter(pk=target.pk).update(deleted_at=target.created_at)
    assert "CVE-2026-9" not in browser(quinn).get("/failing").text


def test_the_list_is_filtered_by_namespace(browser, dana, source, promotion):
    other = make_repository(name="dana/mirror")
    make_policy(source=source, target=other, rules=[NO_CRITICAL])
    client = browser(dana)
    assert "Nothing in dana fails" in client.get("/failing?namespace=dana").text
    assert "CVE-2026-9" in client.get("/failing?namespace=qa").text
    assert client.get("/failing?namespace=%00&after=x~y").status_code == 200


def test_the_first_page_shows_six_and_leads_to_all(browser, quinn, source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    for number in range(7):
        fail(source, target, f"{number}.0")
    page = browser(quinn).get("/").text
    assert page.count("See the promotion") == 6
    assert 'href="/failing"' in page
    page = browser(quinn).get("/failing").text
    assert page.count("See the promotion") == 7


def test_pages_cost_the_same_however_many_fail(browser, quinn, source, target):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    promotion = fail(source, target, "0.0")
    client = browser(quinn)
    urls = ("/", "/failing", f"/promotions/{promotion.uuid}", "/r/qa/website/tags/r0")
    before = [queries(client, url) for url in urls]
    for number in range(1, 4):
        fail(source, target, f"{number}.0")
    assert [queries(client, url) for url in urls] == before
    assert max(before) <= 12, before


def queries(client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_nothing_that_fails_is_said_in_words(browser, quinn, target):
    page = browser(quinn).get("/").text
    assert TITLE in page
    assert "Nothing that is known speaks against what was promoted." in page
    assert "Nothing fails its policy" in browser(quinn).get("/failing").text
