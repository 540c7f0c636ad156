"""Whatever a report holds: a report, or one sentence of what is wrong with it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repositories.scanning import formats, purls
from repositories.scanning.formats import document, reading
from repositories.scanning.report import Kind, Report
from tests.repositories.scanning.formats import samples

DOCUMENTS: dict[str, Any] = {build.__name__: build() for build in samples.BUILDERS}
DOCUMENTS |= {
    "trivy schema 1": samples.trivy()["Results"],
    "harbor sbom": samples.harbor_sbom(samples.spdx()),
    "statement": samples.statement(samples.cyclonedx(), "https://cyclonedx.org/bom"),
    "harbor api": {
        "application/vnd.security.vulnerability.report; version=1.1": samples.harbor()
    },
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(
        [10**400, -1, 0, "", "\x00", "\ud800", "9" * 3000, "pkg:", "pkg:npm/@", "CVE-1"]
    ),
    st.text(max_size=20),
    st.sampled_from([[], {}, [[]], [None], [{}], {"": None}, {"a": []}, ["x", {}]]),
    st.recursive(
        st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=5,
    ),
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(document, dict):
        for key, value in document.items():
            found += places(value, (*path, key))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            found += places(value, (*path, number))
    return found


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = deepcopy(document)
    owner = copy
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = value
    return copy


def read_or_refused(document: Any) -> Report | None:
    try:
        report = formats.read(samples.encoded(document))
    except formats.UnreadableReport as error:
        sentence = str(error)
    else:
        return usable(report)
    assert sentence.endswith(".")
    assert len(sentence) < 1000
    return None


def usable(report: Report) -> Report:
    found = [component.purl for component in report.components]
    for purl in found + [finding.purl for finding in report.vulnerabilities]:
        assert purls.canonical(purl) == purl
        purls.name_of(purl)
    json.dumps([repr(report)]).encode("utf-8")
    return report


@pytest.mark.parametrize("name", DOCUMENTS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_value_in_any_place(name, data):
    document = DOCUMENTS[name]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(document)))
        document = changed(document, path, data.draw(ODD))

    read_or_refused(document)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_list_of_findings_that_is_none_is_refused_and_not_clean(name):
    document = DOCUMENTS[name]
    for path in places(document):
        if path and path[-1] in ("Vulnerabilities", "matches", "vulnerabilities"):
            with pytest.raises(formats.UnreadableReport, match=r"must be a list"):
                formats.read(samples.encoded(changed(document, path, "none")))


@pytest.mark.parametrize("wrong", ["none", 0, {"a": 1}, [1], [None]])
@pytest.mark.parametrize("key", ["Packages", "Vulnerabilities", "Licenses"])
def test_trivys_lists_must_be_lists_of_objects(key, wrong):
    document = samples.trivy()
    document["Results"][1][key] = wrong

    with pytest.raises(formats.UnreadableReport, match=rf"Results\[1\]\.{key}"):
        formats.read(samples.encoded(document))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "The report is empty."),
        (b" \n ", "The report is empty."),
        (b"hello", "The report cannot be read: it is not JSON."),
        (b"<bom/>", "The report cannot be read: it is not JSON."),
        (b"{} {}", "The report cannot be read: it is not JSON."),
        (b"\x1f\x8b\x08\x00", "The report cannot be read: it is not JSON."),
        (b"[" * 100_000, "The report cannot be read: it is nested too deeply."),
        (b'{"a":' * 100_000, "The report cannot be read: it is nested too deeply."),
        (b"9" * 5000, "The report cannot be read: it is not JSON."),
    ],
)
def test_what_is_no_document_is_refused(raw, message):
    with pytest.raises(formats.UnreadableReport) as refused:
        formats.read(raw)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    "document", [None, 1, "x", [], [1], {}, {"a": 1}, {"SPDX": 1}, {"sbom": []}]
)
def test_what_is_no_report_is_refused(document):
    with pytest.raises(formats.UnreadableReport):
        formats.read(samples.encoded(document))


@pytest.mark.parametrize("limit", ["MAX_CONTAINERS", "MAX_VALUES"])
def test_what_would_need_too_much_memory_is_refused_before_it_is_parsed(
    limit, monkeypatch
):
    monkeypatch.setattr(document, limit, 20)

    with pytest.raises(formats.UnreadableReport, match="has more than 20"):
        formats.read(samples.encoded(samples.trivy()))


def test_syfts_own_format_is_refused_by_name():
    with pytest.raises(formats.UnreadableReport, match="write cyclonedx-json"):
        formats.read(b'{"artifacts": [], "artifactRelationships": []}')


def test_what_can_be_read_is_named():
    with pytest.raises(formats.UnreadableReport, match=r"CycloneDX 1\.2 to 1\.7"):
        formats.read(b'{"a": 1}')


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_what_windows_writes_is_read(encoding):
    raw = json.dumps(samples.trivy()).encode(encoding)

    assert formats.read(raw).digests == {samples.DIGEST}


def test_broken_bytes_are_replaced():
    raw = samples.encoded(samples.trivy()).replace(b"reads too far", b"reads \xff far")

    assert "\ufffd" in formats.read(raw).vulnerabilities[0].summary


def test_a_body_over_the_limit_is_refused_without_reading_on():
    class Endless:
        served = 0

        def read(self, size):
            self.served += size
            return b" " * size

    stream = Endless()
    with pytest.raises(formats.UnreadableReport, match=r"larger than 1 MiB"):
        formats.read(stream, max_bytes=1024 * 1024)

    assert stream.served <= 2 * 1024 * 1024


def test_long_texts_are_cut():
    long = "x" * 10_000_000
    finding = samples.trivy_vulnerability(Title=long, FixedVersion=long, PkgName=long)
    document = samples.trivy(SchemaVersion=long)
    document["Results"][0]["Vulnerabilities"] = [finding]
    document["Results"][0]["Packages"][0]["Licenses"] = [long]
    report = formats.read(samples.encoded(document))

    assert len(repr(report)) < 20_000


def test_controls_and_half_characters_are_kept_out():
    document = samples.cyclonedx()
    document["components"][0] |= {"purl": "", "name": "a\x00b\ud800", "version": "1\n2"}
    document["vulnerabilities"][0]["description"] = "one\r\ntwo\x00\x1b[31m\ud800"
    report = formats.read(samples.encoded(document))

    assert report.components[0].purl == "pkg:generic/a%20b%3F@1%202"
    assert report.vulnerabilities[0].summary == "one two [31m?"


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "//evil.test", "http://a b", "ftp://x"],
)
def test_only_links_of_the_web_are_kept(address):
    document = samples.trivy()
    finding = samples.trivy_vulnerability(PrimaryURL=address)
    document["Results"][0]["Vulnerabilities"] = [finding]

    assert formats.read(samples.encoded(document)).vulnerabilities[0].link == ""


@pytest.mark.parametrize("value", [-1, 0, 11, 1e400, "NaN", "9e999", True, [], "x"])
def test_what_is_no_score_is_none(value):
    document = samples.trivy()
    rating = {"nvd": {"V3Score": value}}
    finding = samples.trivy_vulnerability(CVSS=rating)
    document["Results"][0]["Vulnerabilities"] = [finding]

    assert formats.read(samples.encoded(document)).vulnerabilities[0].cvss3 is None


def test_components_that_contain_each_other_deeply_are_read():
    inner: dict[str, Any] = {"name": "x0"}
    for number in range(1, 200):
        inner = {"name": f"x{number}", "components": [inner]}
    report = formats.read(samples.encoded(samples.cyclonedx(components=[inner])))

    assert len(report.components) == 200


def test_wrappers_have_an_end():
    document: dict[str, Any] = {"sbom": samples.spdx()}
    for _ in range(10):
        document = {"sbom": document}
    with pytest.raises(formats.UnreadableReport, match="wrapped too often"):
        formats.read(samples.encoded(document))


def test_too_many_components_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_COMPONENTS", 10)
    components = [{"name": f"p{n}"} for n in range(11)]

    with pytest.raises(formats.UnreadableReport, match="more than 10 components"):
        formats.read(samples.encoded(samples.cyclonedx(components=components)))


def test_too_many_licenses_of_one_component_are_refused():
    licenses = [{"license": {"name": f"license {n}"}} for n in range(600)]
    component = {"name": "x", "licenses": licenses}

    with pytest.raises(formats.UnreadableReport, match="more than 500 licenses"):
        formats.read(samples.encoded(samples.cyclonedx(components=[component])))


def test_too_many_findings_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_VULNERABILITIES", 10)
    components = [{"bom-ref": str(n), "name": f"p{n}"} for n in range(100)]
    document = samples.cyclonedx(components=components)
    affects = [{"ref": str(n)} for n in range(100)]
    document["vulnerabilities"] = [{"id": "CVE-2024-0001", "affects": affects}]

    with pytest.raises(formats.UnreadableReport, match="more than 10 vulnerabilities"):
        formats.read(samples.encoded(document))


def purls_of_one_rule_for_each_result():
    listed = [f"pkg:npm/p{n}@1" for n in range(5_000)]
    rule = {"id": "CVE-2024-0001", "properties": {"purls": listed}}
    results = [{"ruleId": "CVE-2024-0001"}] * 50_000
    run = {"tool": {"driver": {"rules": [rule]}}, "results": results}
    return samples.sarif(runs=[run])


def packages_of_one_name_for_each_license():
    packages = [{"Name": "x", "Version": str(n)} for n in range(5_000)]
    licenses = [{"PkgName": "x", "Name": "MIT"}] * 50_000
    result = {"Target": "x", "Class": "lang-pkgs", "Type": "npm"}
    return samples.trivy(
        Results=[result | {"Packages": packages, "Licenses": licenses}]
    )


def names_of_one_vulnerability_for_each_component():
    components = [{"bom-ref": str(n), "name": f"p{n}"} for n in range(5_000)]
    references = [{"id": f"CVE-2024-{n:05}"} for n in range(5_000)]
    affects = [{"ref": str(n)} for n in range(5_000)]
    found = {"id": "DSA-1-1", "references": references, "affects": affects}
    return samples.cyclonedx(components=components, vulnerabilities=[found])


@pytest.mark.parametrize(
    "build",
    [
        purls_of_one_rule_for_each_result,
        packages_of_one_name_for_each_license,
        names_of_one_vulnerability_for_each_component,
    ],
)
def test_few_bytes_cannot_ask_for_hours_of_work(build, monkeypatch):
    monkeypatch.setattr(reading, "MAX_STEPS", 200_000)

    with pytest.raises(formats.UnreadableReport, match="repeats itself too often"):
        formats.read(samples.encoded(build()))


def test_texts_that_are_slow_to_search_are_not():
    document = samples.sarif()
    results = document["runs"][0]["results"]
    results[0]["message"]["text"] = "\n" * 20_000
    results += [{"ruleId": "CVE-2024-0001", "message": {"text": " " * 20_000}}] * 200
    document["runs"][0]["results"] = results * 3
    started = time.process_time()
    formats.read(samples.encoded(document))

    assert time.process_time() - started < 30


LARGE = """
import json, resource, sys, time
from repositories.scanning import formats
kind = sys.argv[1]
if kind == "components":
    parts = [{"type": "library", "name": f"p{n}", "purl": f"pkg:npm/p{n}@{n}",
              "licenses": [{"license": {"id": "MIT"}}]} for n in range(200_000)]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": parts}
elif kind == "findings":
    found = [{"id": f"CVE-2024-{n:07}", "package": f"p{n}", "version": "1",
              "severity": "High", "preferred_cvss": {"score_v3": 7.5}}
             for n in range(200_000)]
    document = {"scanner": {"name": "x"}, "vulnerabilities": found}
if kind == "objects":
    raw = b'{"x":[' + b'{"a":1},' * 1_900_000 + b"1]}"
elif kind == "texts":
    raw = b'{"x":[' + b'"abcdefgh",' * 3_900_000 + b"1]}"
elif kind == "keys":
    raw = b"{" + b",".join(b'"%07d":1' % n for n in range(3_900_000)) + b"}"
elif kind == "wide":
    raw = '{"x":"'.encode() + ("\\U0001f600" * 16_000_000).encode() + b'"}'
elif kind == "braces":
    raw = b"[" + b"{}," * 20_000_000 + b"{}]"
else:
    raw = json.dumps(document).encode()
document = parts = found = None
started = time.monotonic()
try:
    report = formats.read(raw)
    counts = len(report.components), len(report.vulnerabilities)
except formats.UnreadableReport:
    counts = 0, 0
took = time.monotonic() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps([*counts, took, peak]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        ("components", [200_000, 0]),
        ("findings", [0, 200_000]),
        ("objects", [0, 0]),
        ("texts", [0, 0]),
        ("keys", [0, 0]),
        ("wide", [0, 0]),
        ("braces", [0, 0]),
    ],
)
def test_the_largest_documents_fit(kind, counts):
    """Time and memory: less than a GB, also for what is made to need much of it."""
    command = [sys.executable, "-c", LARGE, kind]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    *found, took, megabytes = json.loads(done.stdout)

    assert found == counts
    assert took < 60
    assert megabytes < 1024


def test_a_report_over_all_is_still_covered_kind_by_kind():
    report = formats.read(samples.encoded(samples.trivy()))

    assert report.coverage == dict.fromkeys(Kind)
