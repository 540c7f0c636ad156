"""The pages of one tag: what is attached, its licenses, its raw manifest."""

from __future__ import annotations

import json

import pytest

from accounts.access import AccessLevel
from repositories.models import Manifest, Scan
from repositories.registry import Digest, MediaType
from repositories.services import manifests
from tests import signing
from tests.factories import (
    grant,
    make_index,
    make_manifest,
    make_organization,
    make_repository,
    make_scan,
    make_signature,
    make_signing_key,
    make_tag,
)
from tests.portal.scanned import TAGS, words

HOSTILE = "</pre><script>alert(1)</script>\u202egnp.exe"


def hostile_manifest(repository, text=HOSTILE) -> Manifest:
    body = {
        "schemaVersion": 2,
        "mediaType": MediaType.OCI_INDEX,
        "manifests": [],
        "annotations": {"title": text},
    }
    raw = json.dumps(body, ensure_ascii=False).encode()
    row = Manifest.objects.create(
        digest=str(Digest.of(raw)), media_type=MediaType.OCI_INDEX, raw=raw, size=9
    )
    manifests.hold(repository=repository, manifests=[row.pk])
    return row


def test_a_platform_leads_to_what_is_in_it(browser, dana, source):
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    make_tag(repository=source, name="1.0", manifest=index)
    child = index.children.latest("id").child
    make_scan(manifest=child, vulnerabilities={"CVE-2021-1": 9.8})
    page = browser(dana).get(f"{TAGS}/1.0").text
    assert "1 critical" in page
    assert "Not scanned" in page  # the other platform
    quoted = child.digest.replace(":", "%3A")
    for tab in ("components", "vulnerabilities", "manifest"):
        assert f"{TAGS}/1.0/{tab}?image={quoted}" in page


def test_what_is_being_scanned_asks_again(browser, dana, source):
    tag = make_tag(repository=source, name="1.0")
    client = browser(dana)
    assert "hx-get" not in client.get(f"{TAGS}/1.0").text
    Scan.objects.create(manifest=tag.manifest, origin="built-in")
    page = client.get(f"{TAGS}/1.0").text
    assert 'hx-select="#scan-state"' in page
    assert 'id="scan-state"' in page


def test_a_tag_says_whence_each_move_went(browser, dana, source):
    first, second = (make_manifest(repository=source) for _ in range(2))
    for manifest in (first, second):
        make_tag(repository=source, name="1.0", manifest=manifest, pushed_by="dana")
    page = words(browser(dana).get(f"{TAGS}/1.0").text)
    assert f'before: <code title="{first.digest}">' in page
    assert f"docker pull localhost:5000/dev/website@{second.digest}" in page


def test_signatures_name_the_keys_that_made_them(browser, dana, source):
    ours, foreign = signing.new_key(), signing.new_key()
    make_signing_key(reference="dev/release", private=ours)
    make_organization(name="other")
    make_signing_key(reference="other/secret", private=foreign)
    tag = make_tag(repository=source, name="1.0")
    make_signature(repository=source, image=tag.manifest, by=ours)
    make_signature(repository=source, image=tag.manifest, by=foreign, way="tag")
    response = browser(dana).get(f"{TAGS}/1.0/attachments")
    found = response.context["attachments"]
    assert [one.kind for one in found] == ["signature", "signature"]
    assert {tuple(one.keys) for one in found} == {("dev/release",), ()}
    assert {bool(one.tag) for one in found} == {True, False}
    assert "no registered key" in response.text
    assert "other/secret" not in response.text


def test_attachments_of_another_tenant_are_not_shown(browser, dana, source):
    tag = make_tag(repository=source, name="1.0")
    elsewhere = make_repository(name="secret/prod")
    manifests.hold(repository=elsewhere, manifests=[tag.manifest_id])
    attached = make_signature(
        repository=elsewhere, image=tag.manifest, by=signing.new_key()
    )
    client = browser(dana)
    page = client.get(f"{TAGS}/1.0/attachments")
    assert page.context["attachments"] == []
    assert "Nothing is attached" in page.text
    for name in ("manifest", "manifest.json"):
        url = f"{TAGS}/1.0/{name}?image={attached.digest}"
        assert client.get(url).status_code == 404


def test_what_is_attached_to_a_platform_says_so(browser, dana, source):
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    make_tag(repository=source, name="1.0", manifest=index)
    child = index.children.latest("id").child
    make_signature(repository=source, image=child, by=signing.new_key())
    (found,) = browser(dana).get(f"{TAGS}/1.0/attachments").context["attachments"]
    assert found.platform == "linux/arm64"


def test_a_raw_manifest_is_text_and_nothing_else(browser, dana, source):
    make_tag(repository=source, name="1.0", manifest=hostile_manifest(source))
    page = browser(dana).get(f"{TAGS}/1.0/manifest").text
    assert "<script>alert" not in page
    assert "&lt;/pre&gt;&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    assert "\\u202egnp.exe" in page


def test_a_raw_manifest_is_kept_and_never_shown_by_the_browser(browser, dana, source):
    row = hostile_manifest(source)
    make_tag(repository=source, name="1.0", manifest=row)
    answer = browser(dana).get(f"{TAGS}/1.0/manifest.json")
    assert answer.content == row.raw
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    name = row.digest.replace(":", "-")
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.json"'


def test_a_huge_manifest_is_shown_in_part(browser, dana, source):
    row = hostile_manifest(source, "x" * 300_000)
    make_tag(repository=source, name="1.0", manifest=row)
    page = browser(dana).get(f"{TAGS}/1.0/manifest").text
    assert "The beginning is shown; the download is whole." in page
    assert len(page) < 300_000


@pytest.mark.parametrize("raw", [b"[" * 100_000, b"\xff\x00<b>", b""])
def test_what_is_no_json_does_not_break_the_page(browser, dana, source, raw):
    tag = make_tag(repository=source, name="1.0")
    Manifest.objects.filter(pk=tag.manifest_id).update(raw=raw)
    answer = browser(dana).get(f"{TAGS}/1.0/manifest")
    assert answer.status_code == 200
    assert "<b>" not in answer.text


def test_components_without_a_license_come_first(browser, dana, scanned):
    response = browser(dana).get(f"{TAGS}/1.0/licenses")
    rows = response.context["page"].rows
    assert [(one.name, one.count) for one in rows] == [
        ("", 1),
        ("Apache-2.0", 1),
        ("MIT OR GPL-3.0-only", 1),
    ]
    assert rows[0].components == ["odd 3.0.1"]
    assert "no license found" in response.text
    assert "components?license=none&amp;image=" in response.text
    assert "components?license=Apache-2.0&amp;image=" in response.text


def test_licenses_are_searched(browser, dana, scanned):
    client = browser(dana)
    for text, expected in (("gpl", 1), ("no license", 1), ("nothing like it", 0)):
        page = client.get(f"{TAGS}/1.0/licenses", {"q": text}).context["page"]
        assert len(page.rows) == expected


@pytest.mark.parametrize("tab", ["licenses", "attachments", "manifest", "lineage"])
def test_a_stranger_finds_no_page_of_the_tag(browser, stranger, source, tab):
    make_tag(repository=source, name="1.0")
    assert browser(stranger).get(f"{TAGS}/1.0/{tab}").status_code == 404


@pytest.mark.parametrize("tab", ["", "/licenses", "/attachments", "/manifest"])
def test_pages_of_a_tag_cost_few_queries(
    browser, stranger, source, tab, django_assert_max_num_queries
):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    platforms = tuple(f"linux/arch{number}" for number in range(12))
    index = make_index(repository=source, platforms=platforms)
    make_tag(repository=source, name="1.0", manifest=index)
    key = signing.new_key()
    make_signing_key(reference="dev/release", private=key)
    for child in index.children.all():
        make_scan(manifest=child.child, vulnerabilities={"CVE-2021-1": 9.8})
        make_signature(repository=source, image=child.child, by=key)
    client = browser(stranger)
    with django_assert_max_num_queries(12):
        assert client.get(f"{TAGS}/1.0{tab}").status_code == 200
