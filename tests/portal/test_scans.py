"""What people see of scans: counts, and the tabs of a tag."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.access import AccessLevel
from repositories.models import ManifestLayer, Scan
from tests.factories import (
    grant,
    make_index,
    make_scan,
    make_tag,
)
from tests.portal.scanned import FOUND, LAYER, TABS, TAGS, hide, names, words


def test_a_list_of_tags_says_how_many_vulnerabilities(browser, dana, scanned):
    page = words(browser(dana).get(TAGS).text)
    for said in ("1 critical", "1 major", "1 minor", "1 not scored"):
        assert said in page


@pytest.mark.parametrize(
    ("values", "said", "unsaid"),
    [
        ({}, "Clean", "partly known"),
        ({"coverage": {"components": {}}}, "Components only", "Clean"),
        (
            {"coverage": {"vulnerabilities": {"reason": "a layer was skipped"}}},
            "partly known",
            "Clean",
        ),
        (
            {"advisories_at": timezone.now() - timedelta(days=30)},
            "partly known",
            "Clean",
        ),
    ],
)
def test_clean_is_said_only_where_all_was_seen(
    browser, dana, source, values, said, unsaid
):
    tag = make_tag(repository=source)
    make_scan(manifest=tag.manifest, **values)
    page = browser(dana).get(TAGS).text
    assert said in page
    assert unsaid not in page


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("", "Not scanned"),
        ("queued", "Waiting for a scanner"),
        ("running", "Scanning…"),
        ("failed", "The scanner does not answer"),
    ],
)
def test_a_list_of_tags_says_how_far_a_scan_is(browser, dana, source, state, said):
    tag = make_tag(repository=source)
    if state:
        Scan.objects.create(
            manifest=tag.manifest,
            origin="x",
            state=state,
            error="The scanner does not answer." if state == "failed" else "",
            finished_at=timezone.now() if state == "failed" else None,
        )
    page = browser(dana).get(TAGS).text
    assert said in page
    assert ("Start a scan" in page) == (state in {"", "failed"})


def test_an_index_shows_the_worst_of_its_platforms(browser, dana, source):
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    make_tag(repository=source, manifest=index)
    one, other = (row.child for row in index.children.order_by("id"))
    make_scan(manifest=one, vulnerabilities={"CVE-1": 9.0})
    page = browser(dana).get(TAGS).text
    assert "1 critical" in words(page)
    assert "not every platform was scanned" in page
    make_scan(manifest=other, vulnerabilities={"CVE-2": 5.0, "CVE-3": 5.0})
    page = words(browser(dana).get(TAGS).text)
    assert "1 critical" in page
    assert "2 major" in page
    assert "not every platform" not in page
    shown = browser(dana).get(f"{TAGS}/1.0/vulnerabilities", {"image": other.digest})
    assert names(shown) == ["CVE-2", "CVE-3"]


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_there_before_and_after_a_scan(browser, dana, source, tab):
    tag = make_tag(repository=source)
    client = browser(dana)
    assert client.get(f"{TAGS}/1.0/{tab}").status_code == 200
    make_scan(manifest=tag.manifest, vulnerabilities=FOUND)
    assert client.get(f"{TAGS}/1.0/{tab}").status_code == 200


def test_components_are_sorted_worst_first(browser, dana, scanned):
    response = browser(dana).get(f"{TAGS}/1.0/components")
    assert names(response) == ["openssl", "bash", "odd"]
    page = words(response.text)
    for said in ("9.8", "fixed in 3.0.2", "usr/lib/libssl.so", "no license found"):
        assert said in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "BASH"}, ["bash"]),
        ({"q": "cve-2021-1"}, ["openssl"]),
        ({"severity": "critical"}, ["openssl"]),
        ({"severity": "none"}, []),
        ({"severity": "nonsense"}, ["openssl", "bash", "odd"]),
        ({"fixable": "1"}, ["openssl"]),
        ({"license": "gpl-3.0-only"}, ["bash"]),
        ({"license": "none"}, ["odd"]),
        ({"layer": LAYER}, ["openssl"]),
    ],
)
def test_components_are_filtered(browser, dana, scanned, query, expected):
    assert names(browser(dana).get(f"{TAGS}/1.0/components", query)) == expected


def test_thousands_of_components_are_paged_without_losing_one(browser, dana, source):
    tag = make_tag(repository=source)
    wanted = {f"component{number:03}": "MIT" for number in range(60)}
    make_scan(manifest=tag.manifest, components=wanted)
    client, url, key, seen = browser(dana), f"{TAGS}/1.0/components", "", []
    for _ in range(3):
        response = client.get(url, {"after": key})
        seen += names(response)
        key = response.context["page"].following
    assert seen == sorted(wanted)
    assert not key


def test_a_vulnerability_tells_all_that_is_known(browser, dana, scanned):
    url = f"{TAGS}/1.0/vulnerability"
    page = words(browser(dana).get(url, {"id": "cve-2021-1"}).text)
    for said in ("CVE-2021-1", "9.8", "3.0.2", "built-in", LAYER, "Hide in this layer"):
        assert said in page
    assert browser(dana).get(url, {"id": "CVE-9"}).status_code == 404


def test_a_link_of_an_advisory_is_an_address_of_the_web(browser, dana, scanned):
    finding = scanned.manifest.scans.get().findings.first()
    finding.vulnerability.link = "javascript:alert(1)"
    finding.vulnerability.save()
    page = browser(dana).get(f"{TAGS}/1.0/vulnerability", {"id": "CVE-2021-1"})
    assert "javascript:" not in page.text


def test_layers_show_what_is_seen_in_them(browser, dana, scanned):
    ManifestLayer.objects.update(created_by="RUN apt-get install openssl")
    page = browser(dana).get(f"{TAGS}/1.0/layers").text
    assert LAYER in page
    assert "RUN apt-get install openssl" in page
    assert "1 component" in page
    assert "hide in this layer:" in page
    assert f"layer_digest={LAYER.replace(':', '%3A')}" in page


def test_who_may_push_starts_a_scan(browser, dana, stranger, scanned, source):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    url = f"{TAGS}/1.0/scan"
    assert browser(stranger).post(url).status_code == 403
    page = browser(dana).post(url, follow=True)
    assert "is being scanned" in page.text
    assert "Scan now" in page.text
    assert Scan.objects.open().get().requested_by == dana
    assert "Scan now" not in browser(stranger).get(f"{TAGS}/1.0/scans").text


def test_tables_hold_no_formula(browser, dana, scanned, source):
    evil = "=cmd|'/c calc'!A1"
    scanned.manifest.scans.get().contents.filter(component__name="bash").update(
        path=evil
    )
    reason = '+1,\n"quoted"'
    hide(dana, source, reason=reason)
    client = browser(dana)
    components = client.get(f"{TAGS}/1.0/components.csv")
    assert f"'{evil}" in components.getvalue().decode()
    found = client.get(f"{TAGS}/1.0/vulnerabilities.csv")
    assert '"\'+1,\n""quoted"""' in found.getvalue().decode()
    assert found["Content-Disposition"] == 'attachment; filename="vulnerabilities.csv"'
    hits = client.get("/search.csv", {"q": "CVE-2021-1"}).getvalue().decode()
    assert hits.count("dev/website") == 1


@pytest.mark.parametrize(
    "url",
    [
        *(f"{TAGS}/1.0/{tab}" for tab in TABS),
        f"{TAGS}/1.0/vulnerability?id=CVE-2021-1",
        f"{TAGS}/1.0/hide",
        f"{TAGS}/1.0/components.csv",
        "/r/dev/website/scans/hidden",
        "/r/dev/scans/hidden",
    ],
)
def test_a_stranger_learns_nothing(browser, stranger, scanned, url):
    hidden = browser(stranger).get(url)
    missing = browser(stranger).get(url.replace("dev", "nobody"))
    assert hidden.status_code == missing.status_code == 404


def test_pages_cost_the_same_however_much_was_found(
    browser, dana, source, django_assert_max_num_queries
):
    for number in range(20):
        tag = make_tag(repository=source, name=f"1.{number}")
        found = {f"CVE-{number}-{one}": 5.0 for one in range(5)}
        make_scan(manifest=tag.manifest, vulnerabilities={**found, "CVE-1": 9.0})
    hide(dana, source, vulnerability="CVE-1-1")
    client = browser(dana)
    urls = [TAGS, "/search?q=CVE-1", "/r/dev/website/scans/hidden"]
    urls += [f"{TAGS}/1.1/{tab}" for tab in TABS]
    for url in urls:
        with django_assert_max_num_queries(12):
            client.get(url)


def test_lists_are_sorted_by_name_as_the_address_says(browser, dana, scanned):
    client = browser(dana)
    by_name = client.get(f"{TAGS}/1.0/vulnerabilities", {"sort": "name"})
    assert names(by_name) == sorted(FOUND)
    rows = client.get(f"{TAGS}/1.0/components", {"sort": "name"}).context["components"]
    assert [row.name for row, _ in rows] == ["bash", "odd", "openssl"]
    assert '<option value="name" selected>' in by_name.text


def test_who_waits_for_a_scan_is_shown_its_end(browser, dana, source):
    tag = make_tag(repository=source, name="1.0")
    Scan.objects.create(manifest=tag.manifest, origin="built-in")
    client = browser(dana)
    for tab in ("vulnerabilities", "components", "licenses"):
        assert 'hx-select="#not-scanned"' in client.get(f"{TAGS}/1.0/{tab}").text
    assert 'hx-select="#scan-list"' in client.get(f"{TAGS}/1.0/scans").text
    Scan.objects.all().delete()
    for tab in TABS:
        assert "hx-get" not in client.get(f"{TAGS}/1.0/{tab}").text
