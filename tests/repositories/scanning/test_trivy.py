from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from repositories.scanning import trivy
from repositories.scanning.child import ChildLimits
from repositories.scanning.trivy import (
    ImageToScan,
    TrivyCode,
    TrivyFailed,
    TrivySettings,
)
from tests.repositories.scanning import fake_trivy, programs
from tests.repositories.scanning.fake_trivy import DIGEST, REFERENCE, REPORT, TOKEN


@pytest.fixture(autouse=True)
def nothing_left(tmp_path):
    """No process of a test knows its folder afterwards."""
    yield
    programs.wait_until_gone(str(tmp_path))


def test_a_scan_gives_trivys_report_and_leaves_nothing(tmp_path):
    assert json.loads(fake_trivy.scan(fake_trivy.install(tmp_path))) == REPORT
    assert list((tmp_path / "work").iterdir()) == []


def test_a_scan_downloads_nothing_and_asks_for_what_policies_need(tmp_path):
    fake_trivy.scan(fake_trivy.install(tmp_path), platform="linux/arm64")

    (call,) = fake_trivy.calls(tmp_path)
    options = {word.partition("=")[0] for word in call["argv"]}
    assert call["argv"][0] == "image"
    assert call["argv"][-1] == REFERENCE
    assert {"--skip-db-update", "--skip-java-db-update", "--offline-scan"} <= options
    assert {"--list-all-pkgs", "--quiet"} <= options
    assert {"--format=json", "--scanners=vuln,license", "--image-src=remote"} <= set(
        call["argv"]
    )
    assert "--platform=linux/arm64" in call["argv"]
    assert "--insecure" not in options
    for name in ("VERSION_CHECK", "CHECK_UPDATE", "VEX_REPO_UPDATE"):
        assert call["env"][f"TRIVY_SKIP_{name}"] == "true"


def test_secrets_are_given_by_environment_and_only_those_meant(tmp_path, monkeypatch):
    monkeypatch.setenv("MSR_SECRET_KEY", "the portal's secret")
    monkeypatch.setenv("TRIVY_USERNAME", "someone")
    monkeypatch.setenv("DOCKER_CONFIG", "/root/.docker")
    network = {
        "HTTPS_PROXY": "http://proxy:3128",
        "SSL_CERT_FILE": "/etc/ssl/portal.pem",
        "MSR_DATABASE_URL": "postgres://secret",
    }

    fake_trivy.scan(
        fake_trivy.install(
            tmp_path,
            server="https://trivy.example",
            server_token="token of the server",
            network=network,
        )
    )

    (call,) = fake_trivy.calls(tmp_path)
    env = call["env"]
    assert env["TRIVY_REGISTRY_TOKEN"] == TOKEN
    assert env["TRIVY_SERVER"] == "https://trivy.example"
    assert env["TRIVY_TOKEN"] == "token of the server"
    assert env["HTTPS_PROXY"] == "http://proxy:3128"
    assert env["SSL_CERT_FILE"] == "/etc/ssl/portal.pem"
    assert env["HOME"] == call["cwd"]
    foreign = {"MSR_SECRET_KEY", "MSR_DATABASE_URL", "TRIVY_USERNAME", "DOCKER_CONFIG"}
    assert not foreign & set(env)
    assert TOKEN not in " ".join(call["argv"])
    assert "token of the server" not in " ".join(call["argv"])


def test_the_token_of_the_server_is_for_the_server_only(tmp_path):
    fake_trivy.scan(fake_trivy.install(tmp_path, server_token="token of the server"))

    assert "TRIVY_TOKEN" not in fake_trivy.calls(tmp_path)[0]["env"]


def test_plain_http_is_asked_for_only_where_the_registry_speaks_it(tmp_path):
    fake_trivy.scan(fake_trivy.install(tmp_path), plain_http=True)

    assert "--insecure" in fake_trivy.calls(tmp_path)[0]["argv"]


def test_scans_share_databases_and_nothing_else(tmp_path):
    chosen = fake_trivy.install(tmp_path)
    (tmp_path / "databases" / "fanal").mkdir()  # findings of layers, by claimed name
    fake_trivy.scan(chosen)
    fake_trivy.scan(chosen)

    first, second = fake_trivy.calls(tmp_path)
    assert first["cache"] == second["cache"] == ["db"]
    assert first["cwd"] != second["cwd"]


def test_a_missing_database_is_said_before_anything_runs(tmp_path):
    chosen = fake_trivy.install(tmp_path)
    (tmp_path / "databases" / "db" / "metadata.json").unlink()

    failed = fake_trivy.failure(chosen)

    assert failed.code == TrivyCode.DATABASE
    assert "Run the update of Trivy's databases" in failed.sentence
    assert not (tmp_path / "calls.jsonl").exists()


def test_a_server_needs_no_database_here(tmp_path):
    chosen = fake_trivy.install(tmp_path, server="https://trivy.example")
    shutil.rmtree(tmp_path / "databases" / "db")

    assert json.loads(fake_trivy.scan(chosen)) == REPORT


def test_who_calls_may_end_a_scan(tmp_path):
    def lost() -> None:
        if (tmp_path / "calls.jsonl").exists():
            raise LookupError("lease lost")

    with pytest.raises(LookupError, match="lease lost"):
        fake_trivy.scan(fake_trivy.install(tmp_path, "time.sleep(600)"), on_beat=lost)

    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize(
    "reference",
    [
        "--server=http://evil",
        f"-x/dev@{DIGEST}",
        "127.0.0.1:5000/dev/website:latest",
        f"website@{DIGEST}",
        f"127.0.0.1:5000/dev/website@{DIGEST}\n--debug",
        f"127.0.0.1:5000/Dev/website@{DIGEST}",
        f"user:password@host/dev@{DIGEST}",
    ],
)
def test_only_references_by_digest_reach_the_command_line(reference):
    with pytest.raises(ValueError, match="Not a reference by digest"):
        ImageToScan(reference=reference)


def test_a_platform_is_no_option_either():
    with pytest.raises(ValueError, match="Not a platform"):
        ImageToScan(reference=REFERENCE, platform="--debug")


def test_secrets_are_in_no_representation():
    settings = TrivySettings(folder=Path("/"), server_token="hidden")
    image = ImageToScan(reference=REFERENCE, token="hidden")

    assert "hidden" not in repr(settings) + repr(image)


def test_a_program_that_is_not_installed_is_said_so(tmp_path):
    chosen = fake_trivy.install(tmp_path, program="trivy-that-nobody-installed")

    assert not trivy.is_available(chosen)
    assert fake_trivy.failure(chosen).code == TrivyCode.MISSING


def test_trivy_is_found_on_path(tmp_path, monkeypatch):
    chosen = fake_trivy.install(tmp_path, program="trivy")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")

    assert trivy.is_available(chosen)
    assert json.loads(fake_trivy.scan(chosen)) == REPORT


VERSION = {
    "Version": "0.69.4",
    "VulnerabilityDB": {
        "Version": 2,
        "NextUpdate": "2026-11-08T00:07:31.473969535Z",
        "UpdatedAt": "2026-11-07T18:07:31.473970035Z",
        "DownloadedAt": "0001-01-01T00:00:00Z",
    },
}


def test_the_version_tells_how_new_the_database_is(tmp_path):
    known = trivy.version(
        fake_trivy.install(tmp_path, f"print({json.dumps(VERSION)!r})")
    )

    assert known.number == "0.69.4"
    assert known.is_malicious
    assert known.java_database is None
    assert known.database == trivy.Database(
        updated_at=datetime(2026, 11, 7, 18, 7, 31, 473970, UTC),
        downloaded_at=None,
        next_update=datetime(2026, 11, 8, 0, 7, 31, 473969, UTC),
    )
    assert fake_trivy.calls(tmp_path)[0]["argv"][:2] == ["version", "--format=json"]


@pytest.mark.parametrize(
    "answer",
    ["Version: 0.20", "[]", "{}", '{"Version": "1", "JavaDB": {"UpdatedAt": "soon"}}'],
)
def test_a_version_that_cannot_be_read_is_a_failure(tmp_path, answer):
    with pytest.raises(TrivyFailed, match="as JSON") as caught:
        trivy.version(fake_trivy.install(tmp_path, f"print({answer!r})"))

    assert caught.value.code == TrivyCode.TOO_OLD


def test_a_trivy_that_cannot_even_tell_its_version_is_a_failure(tmp_path):
    settings = fake_trivy.install(tmp_path, "sys.exit('unknown flag: --format')")

    with pytest.raises(TrivyFailed, match="does not know an option"):
        trivy.version(settings)


@pytest.mark.skipif(
    shutil.which("trivy") is None, reason="no trivy on PATH, and none is installed here"
)
def test_a_real_trivy_knows_the_options_it_is_given(tmp_path):
    settings = TrivySettings(folder=tmp_path / "none", server="http://127.0.0.1:9")
    assert trivy.version(settings).number

    failed = fake_trivy.failure(settings, limits=ChildLimits(deadline=60))

    # Nothing listens there: it read its options, tried, and told so.
    assert failed.code == TrivyCode.UNREACHABLE
