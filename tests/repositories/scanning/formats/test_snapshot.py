from __future__ import annotations

import pytest

from repositories.scanning import formats
from repositories.scanning.formats.reading import NO_COMPONENT
from repositories.scanning.report import FoundComponent, Kind, Place
from tests.repositories.scanning.formats import samples


def read(document, *complete):
    return formats.read(samples.encoded(document), complete=frozenset(complete))


def test_components_and_nothing_else():
    report = read(samples.snapshot())

    assert report.format == "GitHub dependency snapshot"
    assert (report.source, report.digests) == ("trivy 0.55.1", {samples.DIGEST})
    assert report.coverage == {Kind.COMPONENTS: None}
    assert report.components == (
        FoundComponent(samples.EXPRESS, (), (Place(path="app/package-lock.json"),)),
    )


def test_a_package_without_purl_is_known_by_its_key():
    document = samples.snapshot(manifests={"x": {"resolved": {"thing": {}}}})

    assert read(document).components[0].purl == "pkg:generic/thing"


@pytest.mark.parametrize("manifests", [{}, {"x": {}}, {"x": {"resolved": {}}}])
def test_an_empty_snapshot_is_not_clean(manifests):
    document = samples.snapshot(manifests=manifests)

    assert read(document).coverage == {Kind.COMPONENTS: NO_COMPONENT}


@pytest.mark.parametrize(
    "manifests",
    [None, [], {"x": []}, {"x": {"resolved": []}}, {"x": {"resolved": {"y": 1}}}],
)
def test_what_cannot_be_read_is_refused(manifests):
    with pytest.raises(
        formats.UnreadableReport, match=r"manifests.* must be an object"
    ):
        read(samples.snapshot(manifests=manifests))
