"""Which scan answers for an image, and what a list of tags says of it."""

from __future__ import annotations

from datetime import timedelta
from time import process_time

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.access import Actor
from promotions.rules import EvidenceKind, Missing
from promotions.services.evidence.scans import choose as choose_for_rules
from repositories.models import Manifest, Scan, Scanner, VulnerabilityException
from repositories.scanning.report import Kind
from repositories.scanning.severity import Counts
from repositories.services import exceptions
from repositories.services.answers.choosing import choose
from repositories.services.answers.exporting import lines
from repositories.services.answers.found import Found, known_in
from repositories.services.answers.summary import (
    Progress,
    images_with_scans,
    summaries_of,
)
from tests.factories import (
    make_index,
    make_manifest,
    make_repository,
    make_scan,
    make_user,
)

GAPS: tuple[dict[str, str] | None, ...] = (None, {}, {"reason": "a layer was skipped"})
COVERAGE = st.fixed_dictionaries(
    {}, optional={kind.value: st.sampled_from(GAPS[1:]) for kind in Kind}
)
SCANS = st.builds(
    Scan,
    origin=st.sampled_from(("built-in", "trivy")),
    coverage=COVERAGE,
    is_current=st.just(value=True),
    finished_at=st.sampled_from((1, 30)).map(
        lambda days: timezone.now() - timedelta(days=days)
    ),
)


@pytest.fixture
def repository(db):
    return make_repository(name="dev/website")


@pytest.fixture
def image(repository):
    return make_manifest(repository=repository)


def answering(repository, image, kind=Kind.VULNERABILITIES):
    (shown,) = images_with_scans(repository, [image])[image.pk]
    return shown.answers[kind].scan


def the_trivy(**values):
    return Scanner.objects.update_or_create(name="trivy", defaults=values)[0]


def summary_of(repository, image):
    return summaries_of(repository, [image])[image.pk]


@given(st.lists(SCANS, max_size=4))
def test_people_are_told_what_policies_decide_by(scans):
    for number, scan in enumerate(scans):
        scan.pk = number + 1
    shown = choose(scans)
    decided = choose_for_rules(Manifest(), scans)
    for kind in Kind:
        by = decided[EvidenceKind(kind.value)]
        if isinstance(by, Missing):
            assert shown[kind].scan is None or shown[kind].gap
        else:
            assert (shown[kind].scan, shown[kind].gap) == (by, "")


def test_the_first_scanner_in_the_repositorys_order_answers(repository, image):
    trivy = the_trivy(position=10)
    own = Scanner.objects.get(name="built-in")
    first = make_scan(manifest=image, scanner=own)
    second = make_scan(manifest=image, origin="trivy", scanner=trivy)
    assert answering(repository, image) == second
    repository.scanners = ["built-in", "trivy"]
    assert answering(repository, image) == first


def test_a_namespaces_own_scanner_answers_after_the_registrys(repository, image):
    own = Scanner.objects.create(
        name="dev.own", url="https://x", position=0, namespace=repository.namespace
    )
    scope = {"scanner": own, "trusted_namespace": repository.namespace}
    second = make_scan(manifest=image, origin="dev.own", **scope)
    make_scan(manifest=image, origin="upload", trusted_repository=repository)
    assert answering(repository, image) == second
    registrys = Scanner.objects.get(name="built-in")
    first = make_scan(manifest=image, scanner=registrys)
    assert answering(repository, image) == first


def test_kinds_are_answered_one_by_one(repository, image):
    trivy = the_trivy(position=10)
    found = make_scan(
        manifest=image, origin="trivy", scanner=trivy, coverage={"vulnerabilities": {}}
    )
    listed = make_scan(manifest=image)
    assert answering(repository, image) == found
    assert answering(repository, image, Kind.COMPONENTS) == listed


def test_very_many_names_of_one_vulnerability_are_read_at_once():
    named = [
        ("CVE-2026-1", [f"X-{number}-{other}" for other in range(20)])
        for number in range(2_000)
    ]
    found = [
        Found(1, 1, name, aliases, "", None, None, "", "a", "1", "", "")
        for name, aliases in named
    ]
    before = process_time()
    (known,) = known_in(found, [])
    assert known.names[:2] == ["CVE-2026-1", "X-0-0"]
    assert len(known.names) == 40_001
    assert process_time() - before < 3


def test_an_upload_answers_where_nothing_else_does(repository, image):
    uploaded = make_scan(manifest=image, origin="ci", trusted_repository=repository)
    assert answering(repository, image) == uploaded
    trusted = make_scan(manifest=image, scanner=Scanner.objects.get(name="built-in"))
    assert answering(repository, image) == trusted


def test_what_was_replaced_or_runs_does_not_answer(repository, image):
    make_scan(manifest=image, is_current=False)
    Scan.objects.create(manifest=image, origin="built-in", state="running")
    assert answering(repository, image) is None
    assert summary_of(repository, image).progress is Progress.RUNNING


def test_a_rescan_that_fails_leaves_the_answer(repository, image):
    made = make_scan(manifest=image, vulnerabilities={"CVE-1": 9.0})
    Scan.objects.create(
        manifest=image, origin="built-in", state="failed", finished_at=timezone.now()
    )
    assert answering(repository, image) == made
    summary = summary_of(repository, image)
    assert (summary.progress, summary.counts) == (
        Progress.SCANNED,
        Counts(critical=1, all=1),
    )


def test_an_exception_that_expired_or_is_of_another_image_hides_nothing(
    repository, image
):
    make_scan(manifest=image, vulnerabilities={"CVE-1": 9.0, "CVE-2": 9.0})
    admin = Actor(make_user(is_superuser=True))
    other = make_manifest(repository=repository)
    for vulnerability, digest in (("CVE-1", other.digest), ("CVE-2", "")):
        exceptions.hide(
            actor=admin,
            scope=repository,
            vulnerability=vulnerability,
            reason="x",
            digest=digest,
        )
    assert summary_of(repository, image).counts == Counts(critical=1, all=1)
    VulnerabilityException.objects.update(expires_at=timezone.now())
    assert summary_of(repository, image).counts == Counts(critical=2, all=2)


def test_one_hidden_finding_does_not_hide_the_vulnerability_elsewhere(
    repository, image
):
    scan = make_scan(manifest=image, vulnerabilities={"CVE-1": 9.0})
    (found,) = scan.findings.all()
    twin = scan.findings.model(
        scan=scan,
        vulnerability=found.vulnerability,
        component=make_scan(
            manifest=make_manifest(repository=repository), components={"bash": "MIT"}
        )
        .contents.get()
        .component,
        cvss3_score=5.0,
    )
    twin.save()
    exceptions.hide(
        actor=Actor(make_user(is_superuser=True)),
        scope=repository,
        vulnerability="CVE-1",
        reason="x",
        component_name="openssl",
    )
    assert summary_of(repository, image).counts == Counts(major=1, all=1)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_list_costs_the_same_however_long(
    repository, hidden, django_assert_num_queries
):
    rows = []
    for _ in range(5):
        index = make_index(repository=repository, platforms=("linux/amd64", "a/b"))
        rows.append(index)
        for below in index.children.all():
            make_scan(manifest=below.child, vulnerabilities={"CVE-1": 9.0})
    if hidden:
        exceptions.hide(
            actor=Actor(make_user(is_superuser=True)),
            scope=repository,
            vulnerability="CVE-1",
            reason="x",
        )
    rows = list(Manifest.objects.filter(pk__in=[row.pk for row in rows]))
    with django_assert_num_queries(4 if hidden else 3):
        found = summaries_of(repository, rows)
    expected = Counts() if hidden else Counts(critical=1, all=1)
    assert {one.counts for one in found.values()} == {expected}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(start):
    (header, line) = lines(["name"], [[f'{start}1+"1"']])
    assert header == "name\r\n"
    assert line.strip('"').startswith(f"'{start}1+")


def test_text_keeps_its_quotes_and_commas():
    (_, line) = lines(["a", "b", "c"], [['say "hi", you', None, 1.5]])
    assert line == '"say ""hi"", you",,1.5\r\n'
