from __future__ import annotations

import pytest

from repositories.scanning import trivy
from repositories.scanning.trivy import TrivyCode, TrivyFailed
from tests.repositories.scanning import fake_trivy, programs
from tests.repositories.scanning.fake_trivy import LIMITS


@pytest.fixture(autouse=True)
def nothing_left(tmp_path):
    """No process of a test knows its folder afterwards."""
    yield
    programs.wait_until_gone(str(tmp_path))


DOWNLOADS = """
name = "java-db" if "--download-java-db-only" in given else "db"
write_database(name, dict.fromkeys(("trivy.db", "metadata.json"), "new"))
"""


def test_an_update_replaces_both_databases(tmp_path):
    chosen = fake_trivy.install(
        tmp_path,
        DOWNLOADS,
        mirror="mirror:5000/trivy-db",
        java_mirror="mirror:5000/java",
    )
    opened = (tmp_path / "databases" / "db" / "trivy.db").open()

    trivy.update_databases(chosen, limits=LIMITS)

    first, second = fake_trivy.calls(tmp_path)
    assert "--download-db-only" in first["argv"]
    assert "--db-repository=mirror:5000/trivy-db" in first["argv"]
    assert "--download-java-db-only" in second["argv"]
    assert "--java-db-repository=mirror:5000/java" in second["argv"]
    databases = tmp_path / "databases"
    assert {path.name for path in databases.iterdir()} == {".lock", "db", "java-db"}
    assert (databases / "db" / "trivy.db").read_text() == "new"
    assert (databases / "java-db" / "metadata.json").read_text() == "new"
    with opened:  # a scan that began before goes on with what it opened
        assert opened.read() == "old"


def test_an_update_without_java_leaves_it_out(tmp_path):
    trivy.update_databases(
        fake_trivy.install(tmp_path, DOWNLOADS, java=False), limits=LIMITS
    )

    assert len(fake_trivy.calls(tmp_path)) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            (
                "sys.stderr.write('FATAL\\tinit error: DB error: failed to download "
                "vulnerability DB: GET https://u:p@mirror/v2/: DENIED: denied')\n"
                "sys.exit(1)"
            ),
            "not downloaded. Check mirror, proxy, network: FATAL init error",
        ),
        ("sys.exit(0)", "ended without a database"),
    ],
)
def test_an_update_that_fails_keeps_what_was_there(tmp_path, body, words):
    with pytest.raises(TrivyFailed) as caught:
        trivy.update_databases(fake_trivy.install(tmp_path, body), limits=LIMITS)

    assert caught.value.code == TrivyCode.DOWNLOAD
    assert words in caught.value.sentence
    assert "u:p" not in caught.value.sentence
    databases = tmp_path / "databases"
    assert (databases / "db" / "trivy.db").read_text() == "old"
    assert {path.name for path in databases.iterdir()} == {".lock", "db"}


def test_what_a_killed_update_left_is_tidied_up_by_the_next(tmp_path):
    chosen = fake_trivy.install(tmp_path, DOWNLOADS)
    (tmp_path / "databases" / ".update-left" / "cache").mkdir(parents=True)

    trivy.update_databases(chosen, limits=LIMITS)

    assert not (tmp_path / "databases" / ".update-left").exists()


def test_one_update_runs_at_a_time(tmp_path):
    chosen = fake_trivy.install(tmp_path, "time.sleep(600)")
    seen = []

    def update_again() -> None:
        with pytest.raises(TrivyFailed, match="Wait for its end") as caught:
            trivy.update_databases(chosen, limits=LIMITS)
        seen.append(caught.value.code)
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        trivy.update_databases(chosen, limits=LIMITS, on_beat=update_again)

    assert seen == [TrivyCode.BUSY]


def test_a_mirror_with_an_unknown_certificate_is_told_as_such(tmp_path):
    said = "DB error: Get https://mirror/v2/: x509: certificate has expired"

    with pytest.raises(TrivyFailed, match="Name its authority in SSL_CERT_FILE"):
        trivy.update_databases(
            fake_trivy.install(tmp_path, f"sys.exit({said!r})"), limits=LIMITS
        )
