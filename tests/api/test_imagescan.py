"""`/imagescan`: what scans found, in MSR's shapes."""

from __future__ import annotations

import csv
import io

import pytest
from django.utils import timezone

from accounts.access import Actor
from repositories.models import ManifestLayer, Scan, Scanner, VulnerabilityException
from repositories.registry import MediaType
from repositories.services import exceptions
from repositories.services.scans import everything
from tests.api import factories
from tests.api.swagger import assert_is
from tests.factories import make_scan

API = "/api/v0/imagescan"
SUMMARY = f"{API}/scansummary/repositories/dev/website"
LAYER = "sha256:" + "a" * 64
FOUND = {"CVE-2021-1": 9.8, "CVE-2021-2": 5.0, "CVE-2021-3": 1.0, "CVE-2021-4": None}


@pytest.fixture
def scanned(world):
    """`dev/website:v1`, scanned by the built-in scanner, with one layer."""
    image = factories.manifest(
        world.website,
        "scanned",
        image_author="someone",
        config_media_type=MediaType.OCI_CONFIG,
    )
    ManifestLayer.objects.update_or_create(
        manifest=image, position=0, defaults={"digest": LAYER, "size": 7}
    )
    factories.push(world.website, "v1", image)
    make_scan(
        manifest=image,
        components={"openssl": "Apache-2.0", "bash": "MIT OR GPL-3.0-only"},
        vulnerabilities=FOUND,
        places={"openssl": (LAYER, "usr/lib/libssl.so")},
    )
    return image


def hide(world, **values):
    values = {"scope": world.website, "vulnerability": "CVE-2021-1", **values}
    actor = Actor(world.people.olga)
    return exceptions.hide(actor=actor, reason="not reachable", **values)


def test_a_summary_has_msrs_shape_and_all_that_was_found(world, scanned):
    (shown,) = world.client("drew").get(f"{SUMMARY}/v1").json()
    assert_is("responses.ScanSummary", shown)
    image = shown["scannedImage"]
    assert shown["scanStatus"] == 6
    assert image["totalVulnCount"] == {"critical": 1, "major": 1, "minor": 1, "all": 4}
    assert image["maxCVSSValue"] == 9.8
    assert [one["name"] for one in image["licenses"]] == [
        "Apache-2.0",
        "MIT OR GPL-3.0-only",
    ]
    openssl, bash = image["components"]
    assert openssl["name"] == "openssl"
    assert openssl["cves"][0] == "CVE-2021-1"
    assert openssl["filepaths"] == ["usr/lib/libssl.so"]
    assert bash["cves"] == []
    assert image["layers"][0]["components"] == [openssl["componentPK"]]


def test_a_digest_is_a_reference_too(world, scanned):
    (shown,) = world.client("drew").get(f"{SUMMARY}/{scanned.digest}").json()
    assert shown["scannedImage"]["tag"] == "v1"
    answer = world.client("drew").get(f"{SUMMARY}/sha256:{'0' * 64}")
    assert answer.json()["errors"][0]["code"] == "NO_SUCH_REF"


@pytest.mark.parametrize(
    ("query", "platforms"),
    [("", ["amd64", "arm64"]), ("?os=linux&arch=arm64", ["arm64"]), ("?os=plan9", [])],
)
def test_an_index_is_shown_by_its_platforms(world, query, platforms):
    children = [
        factories.manifest(world.website, one, architecture=one)
        for one in ("amd64", "arm64")
    ]
    row = factories.index(world.website, *children)
    for child in children:
        row.children.create(child=child)
        make_scan(manifest=child)
    factories.push(world.website, "v1", row)
    found = world.client("drew").get(f"{SUMMARY}/v1{query}").json()
    digests = {child.digest: child.architecture for child in children}
    shown = [digests[one["scannedImage"]["manifestDigest"]] for one in found]
    assert shown == platforms


@pytest.mark.parametrize(
    ("state", "expected"),
    [(None, 1), ("queued", 3), ("running", 2), ("failed", 0)],
)
def test_the_status_is_msrs(world, state, expected):
    image = factories.push(world.website, "v1").manifest
    if state:
        ended = timezone.now() if state == "failed" else None
        values = {"origin": "x", "state": state, "finished_at": ended}
        Scan.objects.create(manifest=image, error="no", **values)
    (shown,) = world.client("drew").get(f"{SUMMARY}/v1").json()
    assert shown["scanStatus"] == expected


def test_a_list_of_components_is_not_yet_checked(world):
    image = factories.push(world.website, "v1").manifest
    make_scan(manifest=image, coverage={"components": {}})
    (shown,) = world.client("drew").get(f"{SUMMARY}/v1").json()
    assert shown["scanStatus"] == 4
    assert shown["shouldRescan"]


def test_what_is_hidden_does_not_count_and_is_named(world, scanned):
    hide(world)
    (shown,) = world.client("drew").get(f"{SUMMARY}/v1").json()
    assert_is("responses.ScanSummary", shown)
    image = shown["scannedImage"]
    assert image["totalVulnCount"]["critical"] == 0
    assert [one["cve"] for one in image["vulnOverrides"]] == ["CVE-2021-1"]
    assert "CVE-2021-1" not in {one["cvePK"] for one in image["cves"]}


def test_the_deprecated_summary_has_its_shape(world, scanned):
    (shown,) = world.client("drew").get(f"{API}/repositories/dev/website/v1").json()
    assert_is("responses.OldScanSummary", shown)
    assert (shown["critical"], shown["last_scan_status"]) == (1, 6)


def test_tags_carry_their_counts(world, scanned):
    client, url = world.client("drew"), "/api/v0/repositories/dev/website/tags"
    (listed,), (shown,) = client.get(url).json(), client.get(f"{url}/v1").json()
    assert_is("responses.ListTag", listed)
    assert_is("responses.Tag", shown)
    for tag in (listed, shown):
        assert tag["vuln_summary"]["critical"] == 1
    assert [one["name"] for one in shown["components"]] == ["openssl", "bash"]
    hide(world)
    (listed,), (shown,) = client.get(url).json(), client.get(f"{url}/v1").json()
    for tag in (listed, shown):
        assert tag["vuln_summary"]["critical"] == 0


def test_counts_of_several_tags(world, scanned):
    other = factories.manifest(world.target, "theirs")
    make_scan(manifest=other, vulnerabilities=FOUND)
    images = [
        {"name": "dev/website:v1", "digest": scanned.digest},
        {"name": "qa/website:v1", "digest": other.digest},
        {"name": "dev/website", "digest": other.digest},
    ]
    answer = (
        world.client("drew").post(f"{API}/scansummary/tags", {"images": images}).json()
    )
    assert_is("responses.ThinScanSummaries", answer)
    assert list(answer["images"]) == [scanned.digest]


def test_a_table_of_vulnerabilities(world, scanned):
    hide(world, vulnerability="CVE-2021-2")
    client = world.client("drew")
    answer = client.get(f"{SUMMARY}/v1/export", HTTP_ACCEPT="text/csv")
    text = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    names = [row["vulnerability"] for row in rows]
    assert names == ["CVE-2021-1", "CVE-2021-3", "CVE-2021-4", "CVE-2021-2"]
    assert [row["hidden"] for row in rows] == ["no", "no", "no", "yes"]
    assert answer["Content-Disposition"] == 'attachment; filename="vulnerabilities.csv"'
    assert answer["Content-Type"].startswith("text/csv")
    (shown,) = client.get(f"{SUMMARY}/v1/export").json()
    assert_is("responses.ScanSummary", shown)
    missing = client.get(f"{SUMMARY}/v9/export", HTTP_ACCEPT="text/csv")
    assert missing.json()["errors"][0]["code"] == "NO_SUCH_TAG"


def test_a_tag_may_be_called_export(world):
    factories.push(world.app, "export")
    url = f"{API}/scansummary/repositories/dev/team/app/export"
    (shown,) = world.client("dana").get(url).json()
    assert shown["scannedImage"]["repository"] == "team/app"


@pytest.mark.parametrize(
    ("what", "count"),
    [
        ("cve/CVE-2021-1", 1),
        ("cve/cve-2021-1", 1),
        ("cve/CVE-1", 0),
        ("component/openssl", 1),
        ("component/openssl@3.0.1", 1),
        ("component/openssl@9", 0),
        ("component/pkg:deb/debian/openssl@3.0.1", 1),
        ("component/pkg:deb%2Fdebian%2Fopenssl", 1),
        ("license/gpl-3.0", 1),
        ("license/GPL-2.0-only", 0),
        (f"layer/{LAYER}", 1),
        (f"layer/{'a' * 64}", 1),
        (f"layer/{'b' * 64}", 0),
    ],
)
def test_images_are_found_by_what_is_in_them(world, scanned, what, count):
    url = f"{API}/scansummary/{what}?count=true"
    answer = world.client("drew").get(url)
    found = answer.json()
    assert answer["X-Resource-Count"] == str(count)
    assert [one["scannedImage"]["tag"] for one in found] == ["v1"] * count
    for one in found:
        assert_is("responses.ScanSummary", one)
        assert one["scannedImage"]["totalVulnCount"]["critical"] == 1
    assert world.client("quinn").get(url).json() == []


def test_found_images_are_paged(world):
    for number in range(5):
        image = factories.push(world.website, f"v{number}").manifest
        make_scan(manifest=image, vulnerabilities=FOUND)
    client, url = world.client("drew"), f"{API}/scansummary/cve/CVE-2021-1?pageSize=3"
    first = client.get(url)
    rest = client.get(f"{url}&pageStart={first['X-Next-Page-Start']}")
    tags = [one["scannedImage"]["tag"] for one in first.json() + rest.json()]
    assert tags == [f"v{number}" for number in range(5)]


def test_the_status_of_scanning(world, scanned):
    shown = world.client("drew").get(f"{API}/status").json()
    assert_is("responses.NautilusStatus", shown)
    assert (shown["state"], shown["scanners"]) == (2, ["built-in"])
    Scanner.objects.update(is_enabled=False)
    assert world.client("drew").get(f"{API}/status").json()["state"] == 0


def test_who_may_push_starts_a_scan(world, scanned):
    url = f"{API}/scan/dev/website/v1/linux/amd64"
    assert world.client("drew").post(url).status_code == 403
    assert world.client("dana").post(url).status_code == 200
    (scan,) = Scan.objects.open()
    assert (scan.manifest, scan.requested_by) == (scanned, world.people.dana)
    missing = world.client("dana").post(f"{API}/scan/dev/website/v1/linux/s390x")
    assert missing.json()["errors"][0]["code"] == "NO_SUCH_TAG"


def test_an_administrator_scans_all(world, scanned):
    body = {"scan": True, "check": True}
    assert world.client("root").post(f"{API}/scan", body).status_code == 200
    assert everything.is_wanted()
    answer = world.client("root").put(f"{API}/scan/update", {})
    assert answer.status_code == 400
    assert "manage.py load_advisories" in answer.json()["errors"][0]["message"]


def test_scan_on_push_is_switched_where_the_client_is_admin(world):
    url = "/api/v0/repositories/scan/toggle"
    assert world.client("olga").post(url, {"scanOnPush": True}).status_code == 200
    world.website.refresh_from_db()
    world.target.refresh_from_db()
    assert (world.website.scan_on_push, world.target.scan_on_push) == (True, False)


def test_an_override_hides_where_the_client_is_admin(world, scanned):
    body = {"cve": "CVE-2021-1", "component": "openssl", "componentVersion": "3.0.1"}
    body["notes"] = "not reachable"
    url = f"{API}/layeroverride"
    assert world.client("drew").post(f"{url}/{LAYER}", body).status_code == 403
    assert world.client("olga").post(f"{url}/{'a' * 64}", body).status_code == 200
    (row,) = VulnerabilityException.objects.all()
    assert (row.namespace, row.layer_digest) == (world.dev.namespace, LAYER)
    (shown,) = world.client("dana").get(url).json()
    assert_is("responses.LayerVulnOverride", shown)
    assert (shown["digest"], shown["notes"]) == (LAYER, "not reachable")
    assert world.client("quinn").get(url).json() == []
    pk = shown["pk"]
    assert world.client("dana").delete(f"{url}/{pk}").status_code == 403
    assert world.client("olga").delete(f"{url}/{pk}").status_code == 200
    assert world.client("olga").get(url).json() == []


def test_an_override_may_name_its_scope_and_its_end(world, scanned):
    ends = "2100-01-01T00:00:00Z"
    body = {"cve": "CVE-2021-1", "notes": "x", "scope": "dev/website"}
    url = f"{API}/layeroverride/{LAYER}"
    answer = world.client("olga").post(url, body | {"expiresAt": ends})
    (shown,) = answer.json()
    assert (shown["scope"], shown["expiresAt"]) == ("dev/website", ends)
    refused = world.client("olga").post(url, body | {"scope": "qa"})
    assert refused.json()["errors"][0]["code"] == "NO_SUCH_ACCOUNT"
    unknown = world.client("olga").post(f"{API}/layeroverride/{'f' * 64}", body)
    assert unknown.json()["errors"][0]["code"] == "NO_SUCH_LAYER"


@pytest.mark.parametrize(
    "place", ["repositories/dev/website", "repositoryNamespaces/dev"]
)
def test_exceptions_are_made_listed_and_ended(world, place):
    url = f"/api/v0/{place}/vulnerabilityExceptions"
    body = {"vulnerability": "CVE-2021-1", "reason": "not reachable"}
    assert world.client("dana").post(url, body).status_code == 403
    made = world.client("olga").post(url, body)
    assert made.status_code == 201
    assert made.json()["expiresAt"] is not None
    never = world.client("olga").post(url, body | {"expiresAt": None})
    assert never.json()["expiresAt"] is None
    rows = world.client("dana").get(url).json()["vulnerabilityExceptions"]
    assert [row["author"] for row in rows] == ["olga", "olga"]
    one = f"{url}/{made.json()['id']}"
    assert world.client("dana").delete(one).status_code == 403
    assert world.client("olga").delete(one).status_code == 204
    rows = world.client("dana").get(url).json()["vulnerabilityExceptions"]
    assert len(rows) == 1
    rows = world.client("dana").get(f"{url}?ended=true").json()
    assert rows["vulnerabilityExceptions"][0]["endedBy"] == "olga"
    without = world.client("olga").post(url, body | {"reason": " "})
    assert without.status_code == 400


def test_an_exception_of_one_place_is_not_ended_at_another(world):
    made = hide(world)
    url = f"/api/v0/repositories/dev/team/app/vulnerabilityExceptions/{made.uuid}"
    assert world.client("olga").delete(url).status_code == 404
