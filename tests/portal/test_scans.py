"""What people see of scans: counts, tabs of a tag, what is hidden, the search."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.access import AccessLevel, Actor
from repositories.models import ManifestLayer, Scan, VulnerabilityException
from repositories.services import exceptions
from tests.factories import (
    grant,
    make_index,
    make_manifest,
    make_repository,
    make_scan,
    make_tag,
)

TAGS = "/r/dev/website/tags"
LAYER = "sha256:" + "a" * 64
FOUND = {"CVE-2021-1": 9.8, "CVE-2021-2": 5.0, "CVE-2021-3": 1.0, "CVE-2021-4": None}
TABS = ("vulnerabilities", "components", "layers", "scans")


@pytest.fixture
def scanned(source):
    """`dev/website:1.0` with four vulnerabilities in its one layer."""
    tag = make_tag(repository=source)
    ManifestLayer.objects.update_or_create(
        manifest=tag.manifest, position=0, defaults={"digest": LAYER, "size": 10}
    )
    make_scan(
        manifest=tag.manifest,
        components={"openssl": "Apache-2.0", "bash": "MIT OR GPL-3.0-only", "odd": ""},
        vulnerabilities=FOUND,
        places={"openssl": (LAYER, "usr/lib/libssl.so")},
    )
    return tag


def hide(actor, scope, **values):
    values = {"vulnerability": "CVE-2021-1", "reason": "not reachable", **values}
    return exceptions.hide(actor=Actor(actor), scope=scope, **values)


def names(response):
    return [one.name for one in response.context["page"].rows]


def words(text):
    return " ".join(text.split())


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
    page = browser(dana).get(f"{TAGS}/1.0/layers").text
    assert LAYER in page
    assert "1 component" in page
    assert "hide CVE-2021-1 in this layer" in page


def test_who_may_push_starts_a_scan(browser, dana, stranger, scanned, source):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    url = f"{TAGS}/1.0/scan"
    assert browser(stranger).post(url).status_code == 403
    page = browser(dana).post(url, follow=True)
    assert "is being scanned" in page.text
    assert "Scan now" in page.text
    assert Scan.objects.open().get().requested_by == dana
    assert "Scan now" not in browser(stranger).get(f"{TAGS}/1.0/scans").text


def test_what_is_hidden_does_not_count_but_is_shown(browser, dana, scanned, source):
    hide(dana, source)
    client = browser(dana)
    assert "critical" not in client.get(TAGS).text
    response = client.get(f"{TAGS}/1.0/vulnerabilities")
    assert names(response)[-1] == "CVE-2021-1"
    page = client.get(f"{TAGS}/1.0/vulnerability", {"id": "CVE-2021-1"}).text
    assert "hidden in dev/website by dana: “not reachable”" in page


def test_a_vulnerability_is_hidden_for_a_while_with_a_reason(
    browser, dana, scanned, source
):
    client, url = browser(dana), f"{TAGS}/1.0/hide"
    page = client.get(url, {"vulnerability": "CVE-2021-1", "layer_digest": LAYER})
    assert f'value="{LAYER}"' in page.text
    data = {
        "vulnerability": "CVE-2021-1",
        "component_name": "openssl",
        "component_version": "3.0.1",
        "scope": "image",
        "days": "90",
        "reason": "",
    }
    refused = client.post(url, data)
    assert refused.context["form"].errors.keys() == {"reason"}
    page = client.post(url, data | {"reason": "not reachable"}, follow=True)
    assert "CVE-2021-1 is hidden." in page.text
    made = VulnerabilityException.objects.get()
    assert made.digest == scanned.manifest.digest
    assert made.repository == source
    assert made.expires_at is not None
    assert timedelta(days=89) < made.expires_at - timezone.now() < timedelta(days=91)
    client.post(url, data | {"reason": "x", "scope": "namespace", "days": "never"})
    made = VulnerabilityException.objects.latest("id")
    assert (made.namespace, made.expires_at) == (source.namespace, None)


def test_only_an_admin_hides_and_a_namespace_only_its_admin(
    browser, stranger, scanned, source
):
    grant(to=stranger, on=source, level=AccessLevel.READ_WRITE)
    client, url = browser(stranger), f"{TAGS}/1.0/hide"
    assert client.get(url).status_code == 403
    grant(to=stranger, on=source, level=AccessLevel.ADMIN)
    data = {"vulnerability": "CVE-2021-1", "reason": "x", "days": "never"}
    refused = client.post(url, data | {"scope": "namespace"})
    assert refused.context["form"].errors.keys() == {"scope"}
    client.post(url, data | {"scope": "repository"})
    assert VulnerabilityException.objects.get().repository == source


def test_what_is_hidden_is_listed_and_ended(browser, dana, stranger, scanned, source):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    one, whole = hide(dana, source), hide(dana, source.namespace)
    client, url = browser(dana), "/r/dev/website/scans/hidden"
    page = client.get(url)
    assert {row.pk for row in page.context["page"].rows} == {one.pk, whole.pk}
    assert "Let it count" not in browser(stranger).get(url).text
    assert browser(stranger).post(f"{url}/{one.uuid}/end").status_code == 403
    client.post(f"{url}/{one.uuid}/end")
    assert list(client.get(url).context["page"].rows) == [whole]
    ended = client.get(url, {"ended": "1"})
    assert list(ended.context["page"].rows) == [one]
    assert "by dana" in words(ended.text)
    assert browser(stranger).post(f"{url}/{whole.uuid}/end").status_code == 404
    client.post(f"/r/dev/scans/hidden/{whole.uuid}/end")
    assert not client.get("/r/dev/scans/hidden").context["page"].rows


@pytest.mark.parametrize("page", ["/", TAGS, f"{TAGS}/1.0"])
def test_an_end_within_seven_days_is_warned_about(
    browser, dana, stranger, scanned, source, page
):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    now = timezone.now()
    hide(dana, source, vulnerability="CVE-SOON", expires_at=now + timedelta(days=6))
    hide(dana, source, vulnerability="CVE-LATER", expires_at=now + timedelta(days=8))
    shown = browser(dana).get(page).text
    assert "CVE-SOON in" in shown
    assert "CVE-LATER in" not in shown
    assert "CVE-SOON" not in browser(stranger).get(page).text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"q": "CVE-2021-1"}, 1),
        ({"q": " cve-2021-1 "}, 1),
        ({"q": "CVE-2021"}, 0),
        ({"for": "component", "q": "openssl"}, 1),
        ({"for": "component", "q": "openssl", "version": "3.0.1"}, 1),
        ({"for": "component", "q": "openssl", "version": "1"}, 0),
        ({"for": "component", "q": "pkg:deb/debian/openssl"}, 1),
        ({"for": "license", "q": "GPL-3.0-only"}, 1),
        ({"for": "layer", "q": LAYER}, 1),
        ({"for": "nonsense", "q": "CVE-2021-1"}, 1),
        ({"q": "\0"}, None),
    ],
)
def test_images_are_found_by_whoever_may_pull_them(
    browser, dana, quinn, scanned, query, count
):
    shown = browser(dana).get("/search", query).context
    assert (len(shown["hits"]) if shown["page"] else None) == count
    assert browser(quinn).get("/search", query).context["hits"] == []


def test_found_images_are_paged(browser, dana, source):
    for number in range(27):
        tag = make_tag(repository=source, name=f"1.{number}")
        make_scan(manifest=tag.manifest, vulnerabilities={"CVE-1": 9.0})
    client = browser(dana)
    first = client.get("/search", {"q": "CVE-1"}).context
    key = first["page"].following
    rest = client.get("/search", {"q": "CVE-1", "after": key}).context
    seen = [hit.tag.name for hit in first["hits"] + rest["hits"]]
    assert sorted(seen) == sorted(f"1.{number}" for number in range(27))


@pytest.mark.parametrize("few", [1_000, 0], ids=["listed", "walked"])
def test_two_tenants_of_one_digest_do_not_see_each_other(
    browser, dana, quinn, monkeypatch, few
):
    """Upload, own scanner, exception and names of `qa` stay there."""
    monkeypatch.setattr("repositories.services.answers.search.FEW", few)
    ours = make_repository(name="ours/app")
    theirs = make_repository(name="theirs/app")
    grant(to=dana, on=ours, level=AccessLevel.ADMIN)
    grant(to=quinn, on=theirs, level=AccessLevel.ADMIN)
    image = make_manifest(repository=ours, content="same")
    assert make_manifest(repository=theirs, content="same") == image
    for repository in (ours, theirs):
        make_tag(repository=repository, manifest=image)
    make_scan(manifest=image, vulnerabilities={"CVE-ALL": 9.0})
    make_scan(
        manifest=image,
        origin="their-ci",
        source="secret tool",
        trusted_repository=theirs,
        components={"theirpart": "LicenseRef-theirs"},
        vulnerabilities={"CVE-THEIRS": 9.0},
    )
    make_scan(
        manifest=image,
        origin="their-scanner",
        trusted_namespace=theirs.namespace,
        vulnerabilities={"CVE-SCANNED": 9.0},
    )
    hide(quinn, theirs, vulnerability="CVE-ALL", reason="their reason")
    urls = ["/r/ours/app/tags", "/r/ours/app/scans/hidden", "/"]
    urls += [f"/r/ours/app/tags/1.0/{tab}" for tab in TABS]
    urls += [f"/r/ours/app/tags/1.0/{table}.csv" for table in TABS[:2]]
    urls += [f"/search?q={name}" for name in ("CVE-ALL", "CVE-THEIRS", "CVE-SCANNED")]
    urls += ["/search?for=component&q=theirpart", "/search?for=component&q=openssl"]
    for url in urls:
        response = browser(dana).get(url)
        text = response.getvalue().decode()
        for word in ("their-", "theirs/", "secret tool", "their reason"):
            assert word not in text, url
    assert browser(dana).get("/search?q=CVE-THEIRS").context["hits"] == []
    for name in ("CVE-ALL", "CVE-THEIRS", "CVE-SCANNED"):
        (hit,) = browser(quinn).get("/search", {"q": name}).context["hits"]
        assert hit.tag.repository == theirs
    (hit,) = browser(dana).get("/search?q=CVE-ALL").context["hits"]
    assert (hit.tag.repository, hit.places[0].hidden_by) == (ours, None)


def test_a_platform_that_is_only_elsewhere_is_not_told_of(browser, dana, source):
    """An index may name an image that another tenant holds and had scanned."""
    other = make_repository(name="other/app")
    index = make_index(repository=other, platforms=("linux/amd64",))
    make_tag(repository=source, manifest=index)
    child = index.children.get().child
    make_scan(manifest=child, vulnerabilities={"CVE-1": 9.0})
    client = browser(dana)
    assert client.get("/search", {"q": "CVE-1"}).context["hits"] == []
    assert "critical" not in client.get(TAGS).text


@pytest.mark.parametrize("few", [1_000, 0], ids=["listed", "walked"])
def test_images_of_an_index_are_found(browser, dana, source, monkeypatch, few):
    monkeypatch.setattr("repositories.services.answers.search.FEW", few)
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    make_tag(repository=source, manifest=index)
    child = index.children.latest("id").child
    make_scan(manifest=child, vulnerabilities={"CVE-1": 9.0})
    layer = ManifestLayer.objects.create(
        manifest=child, position=0, digest=LAYER, size=1
    )
    for query in ({"q": "CVE-1"}, {"for": "layer", "q": layer.digest}):
        (hit,) = browser(dana).get("/search", query).context["hits"]
        assert (hit.tag.name, hit.manifest) == ("1.0", child)


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
