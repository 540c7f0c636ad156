"""Trivy as a scanner of the portal: what it is given, and what becomes of its ways."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from repositories.models import Scan, Scanner
from repositories.services.scans import requesting, running, trivy
from repositories.tasks import update_trivy
from tests.factories import make_manifest, make_repository
from tests.repositories.scanning import fake_trivy, programs
from tests.repositories.scans import reports

pytestmark = pytest.mark.django_db

VERSION = {
    "Version": "0.66.0",
    "VulnerabilityDB": {"UpdatedAt": "2026-11-20T06:00:00Z"},
}


@pytest.fixture(autouse=True)
def nothing_left(tmp_path):
    """No process of a test knows its folder afterwards."""
    trivy._version.cache_clear()
    yield
    trivy._version.cache_clear()
    programs.wait_until_gone(str(tmp_path))


@pytest.fixture
def install(tmp_path, settings, registry):
    """Put a program in Trivy's place that scans as the body says."""

    def put(body: str, version: dict[str, Any] = VERSION) -> None:
        said = json.dumps(version)
        program = f"if sys.argv[1] == 'version':\n    print({said!r})\nelse:\n"
        program += "\n".join(f"    {line}" for line in body.splitlines())
        found = fake_trivy.install(tmp_path, program)
        settings.TRIVY_PROGRAM = found.program
        settings.TRIVY_FOLDER = found.folder
        settings.SCAN_FOLDER = str(found.work_folder)
        Scanner.objects.filter(kind="built-in").update(is_enabled=False)
        Scanner.objects.filter(kind="trivy").update(is_enabled=True)

    return put


@pytest.fixture
def image():
    return make_manifest(repository=make_repository(name="dev/website"))


def scan(image) -> Scan:
    repository = image.holders.get().repository
    (made,) = requesting.want(
        repository=repository, manifest=image, trigger=Scan.Trigger.PUSH
    )
    running.run(scan_id=made.pk)
    made.refresh_from_db()
    return made


def reporting(image, **found) -> str:
    content = json.dumps(reports.trivy(image, **found)).encode()
    return f"write_report({content!r})"


def test_what_it_reports_counts_everywhere(install, image):
    install(reporting(image, vulnerabilities={"CVE-2026-1": 9.8}))

    done = scan(image)

    assert (done.state, done.error) == ("completed", "")
    assert (done.component_count, done.critical_count) == (1, 1)
    assert done.coverage == {"components": {}, "licenses": {}, "vulnerabilities": {}}
    assert done.advisories_at == datetime(2026, 11, 20, 6, tzinfo=UTC)
    assert list(Scan.objects.trusted_in(make_repository())) == [done]


def test_an_image_without_vulnerabilities_is_clean(install, image):
    """It was told to look for them, so that none listed is none found."""
    report = reports.trivy(image)
    del report["Results"][0]["Vulnerabilities"]
    install(f"write_report({json.dumps(report).encode()!r})")

    assert scan(image).coverage["vulnerabilities"] == {}


def test_it_may_pull_this_repository_until_the_deadline(install, image, tmp_path):
    install(reporting(image))

    done = scan(image)

    (_, call) = fake_trivy.calls(tmp_path)
    token = jwt.decode(
        call["env"]["TRIVY_REGISTRY_TOKEN"], options={"verify_signature": False}
    )
    (access,) = token["access"]
    assert access["name"] == "dev/website"
    assert access["actions"] == ["pull"]
    assert token["sub"] == f"scan:{done.uuid}"
    assert done.ends_by is not None
    assert token["exp"] <= done.ends_by.timestamp()
    assert call["argv"][-1].endswith(f"/dev/website@{image.digest}")
    assert not [name for name in call["env"] if name.startswith("MSR_")]


@pytest.mark.parametrize(
    ("body", "words", "caps"),
    [
        ("time.sleep(600)", "did not finish within", {"SCAN_DEADLINE": 1}),
        (
            "while True: print('x' * 10_000)",
            "of output",
            {"REPORT_MAX_BYTES": 1_000_000},
        ),
        (
            "kept = bytearray(400_000_000); time.sleep(60)",
            "memory",
            {"SCAN_MEMORY": 50_000_000},
        ),
        ("os.kill(os.getpid(), 11)", "SIGSEGV", {}),
        ("sys.exit('FATAL something broke')", "something broke", {}),
        ("write_report(b'no json')", "cannot be read", {}),
        ("pass", "report", {}),
    ],
    ids=["hangs", "floods", "eats", "crashes", "fails", "garbage", "nothing"],
)
def test_what_goes_wrong_fails_the_scan_with_a_sentence(
    install, image, settings, body, words, caps
):
    settings.SCAN_ATTEMPTS = 1
    for name, value in caps.items():
        setattr(settings, name, value)
    install(body)

    done = scan(image)

    assert done.state == "failed"
    assert words in done.error


def test_a_malicious_build_is_not_run_on_an_image(install, image, tmp_path):
    install(reporting(image), version={"Version": "0.69.5"})

    done = scan(image)

    assert done.state == "failed"
    assert "malicious" in done.error
    assert len(fake_trivy.calls(tmp_path)) == 1


def test_it_is_switched_on_the_first_time_it_is_found(install, settings):
    rows = Scanner.objects.filter(kind="trivy")
    install("pass")
    rows.update(is_enabled=False)

    trivy.enable_if_found()
    assert rows.get().is_enabled

    rows.update(is_enabled=False)  # by an administrator
    trivy.enable_if_found()
    assert not rows.get().is_enabled


def test_databases_are_updated_apart_from_scans(install, tmp_path):
    install("write_database('db', {'trivy.db': 'new', 'metadata.json': '{}'})")

    update_trivy()

    downloads = [call["argv"] for call in fake_trivy.calls(tmp_path)]
    assert any("--download-db-only" in argv for argv in downloads)
    assert (tmp_path / "databases" / "db" / "trivy.db").read_text() == "new"


def test_without_trivy_nothing_is_updated(settings):
    settings.TRIVY_PROGRAM = "no-trivy-here"

    update_trivy()

    assert not trivy.is_available()
