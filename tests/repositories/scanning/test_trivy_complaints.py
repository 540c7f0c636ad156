from __future__ import annotations

from dataclasses import replace

import pytest

from repositories.scanning.trivy import TrivyCode
from tests.repositories.scanning import fake_trivy, programs
from tests.repositories.scanning.fake_trivy import DIGEST, REFERENCE, TOKEN


@pytest.fixture(autouse=True)
def nothing_left(tmp_path):
    """No process of a test knows its folder afterwards."""
    yield
    programs.wait_until_gone(str(tmp_path))


HEAD = "2026-10-09T15:35:19Z\tFATAL\tFatal error\trun error: "
IMAGE = "image scan error: scan error: unable to initialize a scan service: "
REMOTE = (
    f'{IMAGE}unable to find the specified image "{REFERENCE}" in ["remote"]: '
    "1 error occurred:\n\t* remote error: "
)


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (
            (
                "init error: DB error: database error: --skip-db-update cannot be "
                "specified on the first run"
            ),
            TrivyCode.DATABASE,
            "database of vulnerabilities. Run the update",
        ),
        (
            (
                f"{IMAGE}Unable to initialize the Java DB: Java DB update failed: "
                "'--skip-java-db-update' cannot be specified on the first run"
            ),
            TrivyCode.DATABASE,
            "holds Java archives",
        ),
        (
            (
                "DB error: --skip-db-update cannot be specified with the old DB "
                "schema. Local DB: 1, Expected: 2"
            ),
            TrivyCode.DATABASE,
            "different ages",
        ),
        (
            (
                "init error: DB error: the version of DB schema doesn't match. "
                "Local DB: 3, Expected: 2"
            ),
            TrivyCode.DATABASE,
            "different ages",
        ),
        (
            (
                f"{IMAGE}unable to initialize fs cache: cache may be in use by another "
                "process: timeout"
            ),
            TrivyCode.BUSY,
            "one scan run at a time",
        ),
        (
            (
                f"{REMOTE}GET http://127.0.0.1:5000/v2/dev/website/manifests/{DIGEST}: "
                f"UNAUTHORIZED: authentication required; [map[Token:Bearer {TOKEN}]]"
            ),
            TrivyCode.REFUSED,
            "refused Trivy's token for this image",
        ),
        (
            (
                f"{REMOTE}GET http://127.0.0.1:5000/v2/dev/website/manifests/{DIGEST}: "
                "MANIFEST_UNKNOWN: manifest unknown; map[Digest:sha256]"
            ),
            TrivyCode.NOT_FOUND,
            "no such image",
        ),
        (
            (
                f'{REMOTE}Get "https://127.0.0.1:5000/v2/": http: server gave HTTP '
                "response to HTTPS client"
            ),
            TrivyCode.UNREACHABLE,
            "plain HTTP",
        ),
        (
            (
                f'{REMOTE}Get "https://127.0.0.1:5000/v2/": tls: failed to verify '
                "certificate: x509: certificate signed by unknown authority"
            ),
            TrivyCode.REFUSED,
            "SSL_CERT_FILE",
        ),
        (
            (
                f'{REMOTE}Get "http://127.0.0.1:5000/v2/": dial tcp 127.0.0.1:5000: '
                "connect: connection refused"
            ),
            TrivyCode.UNREACHABLE,
            "could not reach the registry",
        ),
        (
            (
                f"{IMAGE}failed analysis: analyze error: pipeline error: failed to "
                "analyze layer: walk error: context deadline exceeded"
            ),
            TrivyCode.DEADLINE,
            "did not finish in time",
        ),
        (
            "image scan error: twirp error unauthenticated: invalid token",
            TrivyCode.REFUSED,
            "server refused its token",
        ),
        (
            "unknown flag: --image-src",
            TrivyCode.TOO_OLD,
            "Install Trivy 0.50 or later",
        ),
        (
            f"panic: what nobody expected, Bearer {TOKEN}",
            TrivyCode.CRASHED,
            "trivy failed with exit code 1: 2026-10-09T15:35:19Z FATAL Fatal error",
        ),
    ],
)
def test_what_trivy_complains_of_says_what_to_do(tmp_path, said, code, words):
    body = f"sys.stderr.write({HEAD + said!r}); sys.exit(1)"

    failed = fake_trivy.failure(fake_trivy.install(tmp_path, body))

    assert failed.code == code
    assert words in failed.sentence
    assert failed.temporary == (code in {TrivyCode.BUSY, TrivyCode.UNREACHABLE})
    assert "\n" not in failed.sentence


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("time.sleep(600)", TrivyCode.DEADLINE),
        (programs.STUBBORN + "time.sleep(600)", TrivyCode.DEADLINE),
        ("while True: sys.stderr.write('x' * 10_000)", TrivyCode.OUTPUT),
        ("while True: print('x' * 10_000)", TrivyCode.OUTPUT),
        ("write_report(b'[' * 2_000_000)", TrivyCode.OUTPUT),
        ("write_report(b'[' * 20_000_000)", TrivyCode.DISK),
        ("os.mkfifo(given['--output'])", TrivyCode.OUTPUT),
        ("os.symlink('/etc/passwd', given['--output'])", TrivyCode.CRASHED),
        ("kept = bytearray(600 * 1024 * 1024)", TrivyCode.MEMORY),
        ("os.kill(os.getpid(), 11)", TrivyCode.CRASHED),
        ("sys.exit(0)", TrivyCode.CRASHED),
    ],
)
def test_a_trivy_that_misbehaves_ends_in_a_sentence_and_leaves_nothing(
    tmp_path, body, code
):
    deadline = 2 if code == TrivyCode.DEADLINE else 20
    limits = replace(fake_trivy.LIMITS, deadline=deadline)

    failed = fake_trivy.failure(fake_trivy.install(tmp_path, body), limits=limits)

    assert failed.code == code
    assert failed.sentence.lower().startswith("trivy")
    assert list((tmp_path / "work").iterdir()) == []
