"""The search over the whole registry: by whoever may pull."""

from __future__ import annotations

import pytest

from accounts.access import AccessLevel
from repositories.models import ManifestLayer
from tests.factories import (
    grant,
    make_index,
    make_manifest,
    make_repository,
    make_scan,
    make_tag,
)
from tests.portal.scanned import LAYER, TABS, TAGS, hide


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
    layer, _ = ManifestLayer.objects.update_or_create(
        manifest=child, position=0, defaults={"digest": LAYER, "size": 1}
    )
    for query in ({"q": "CVE-1"}, {"for": "layer", "q": layer.digest}):
        (hit,) = browser(dana).get("/search", query).context["hits"]
        assert (hit.tag.name, hit.manifest) == ("1.0", child)
