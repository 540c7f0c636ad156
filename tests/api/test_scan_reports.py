"""Uploading scan reports: for a tag, or for the digest that the report names."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from rest_framework.test import APIClient

from accounts.access import SYSTEM, AccessLevel, TokenScope
from accounts.services import access_tokens
from repositories.models import Scan
from tests.api import factories
from tests.factories import grant, make_manifest, make_tag
from tests.repositories.scans import reports

URL = "/api/v0/repositories/dev/website/tags/1.0/scans"


@pytest.fixture
def tag(world):
    image = make_manifest(repository=world.website)
    return make_tag(repository=world.website, name="1.0", manifest=image)


@pytest.fixture
def ci(world, tag):
    """Who may upload reports for dev/website, and nothing else."""
    user = factories.person("ci")
    grant(to=user, on=world.website, level=AccessLevel.SCAN)
    return user


def post(client, url, report, **headers):
    body = json.dumps(report) if isinstance(report, dict) else report
    return client.generic(
        "POST", url, body, content_type="application/octet-stream", **headers
    )


def uploaded():
    return Scan.objects.filter(trigger=Scan.Trigger.UPLOAD)


def problem(response):
    return response.json()["errors"][0]


def client_with(user, secret):
    client = APIClient()
    pair = b64encode(f"{user.username}:{secret}".encode()).decode()
    client.credentials(HTTP_AUTHORIZATION=f"Basic {pair}")
    return client


def test_a_report_for_a_tag_is_kept(world, tag, ci):
    report = reports.trivy(vulnerabilities={"CVE-2024-1": 9.8, "CVE-2024-2": 5.5})

    response = post(world.client("ci"), f"{URL}?uploadLabel=nightly", report)

    assert response.status_code == 201
    scan = uploaded().get()
    assert response.json() == {
        "id": str(scan.uuid),
        "digest": tag.manifest.digest,
        "origin": "upload:nightly",
        "source": "Trivy 0.60.0",
        "components": 1,
        "vulnerabilities": {"critical": 1, "major": 1, "minor": 0, "all": 2},
        "coverage": {"components": {}, "licenses": {}, "vulnerabilities": {}},
    }


def test_a_report_that_names_its_digest_needs_no_tag(world, tag, ci):
    report = reports.trivy(tag.manifest)

    url = "/registry/scans?repository=dev/website"
    response = post(world.client("ci"), url, report)

    assert response.status_code == 201
    assert response.json()["digest"] == tag.manifest.digest


def test_a_token_for_scans_alone_will_do_there(world, tag, ci):
    token = access_tokens.issue(
        actor=SYSTEM, user=ci, label="ci", scopes=[TokenScope.SCAN]
    )
    client = client_with(ci, token.secret)
    report = reports.trivy(tag.manifest)

    url = "/registry/scans?repository=dev/website"
    assert post(client, url, report).status_code == 201
    assert post(client, URL, report).status_code == 401


def test_the_right_to_push_is_not_the_right_to_upload(world, tag):
    for url in (URL, "/registry/scans?repository=dev/website"):
        response = post(world.client("dana"), url, reports.trivy(tag.manifest))
        assert (response.status_code, problem(response)["code"]) == (
            403,
            "NOT_AUTHORIZED",
        )
    assert not uploaded().exists()


@pytest.mark.parametrize(("who", "status"), [("quinn", 404), ("", 401)])
def test_a_stranger_learns_nothing(world, tag, who, status):
    client = world.client(who)
    there = post(client, "/registry/scans?repository=dev/website", reports.trivy())
    absent = post(client, "/registry/scans?repository=dev/nothing", reports.trivy())

    assert there.status_code == absent.status_code == status
    assert problem(there)["code"] == problem(absent)["code"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "empty"),
        ("no json", "JSON"),
        ('{"a": 1}', "Trivy JSON"),
        ("[" * 100_000, "deep"),
        ('{"SchemaVersion": 2, "Results": 5}', "Results"),
        (b"\xff\xff", "JSON"),
    ],
)
def test_what_cannot_be_read_is_refused(world, tag, ci, body, words):
    response = post(world.client("ci"), URL, body)

    assert response.status_code == 400
    assert problem(response)["code"] == "INVALID_SCAN_REPORT"
    assert words in problem(response)["message"]


def test_a_long_report_is_refused(world, tag, ci, settings):
    settings.REPORT_MAX_BYTES = 2 * 1024 * 1024
    response = post(world.client("ci"), URL, b" " * (settings.REPORT_MAX_BYTES + 1))

    assert response.status_code == 400
    assert "2 MiB" in problem(response)["message"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("complete=everything", "is none of components"),
        ("uploadLabel=Not%20a%20name", "lower-case"),
        ("digest=sha256:00", "holds no image"),
        ("digest=%00", "Null characters"),
    ],
)
def test_what_the_caller_says_is_checked(world, tag, ci, query, words):
    response = post(world.client("ci"), f"{URL}?{query}", reports.trivy())

    assert response.status_code == 400
    assert words in json.dumps(response.json(), ensure_ascii=False)


def test_kinds_can_be_stated_to_be_complete(world, tag, ci):
    report = reports.trivy()
    del report["Results"][0]["Vulnerabilities"]

    post(world.client("ci"), f"{URL}?complete=vulnerabilities,licenses", report)

    assert uploaded().get().coverage["vulnerabilities"] == {}


def test_a_chunked_body_is_read(world, tag, ci):
    chunked = {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_LENGTH": "",
        "wsgi.input": reports.body(reports.trivy(tag.manifest)),
    }
    response = post(world.client("ci"), URL, "", **chunked)

    assert response.status_code == 201
