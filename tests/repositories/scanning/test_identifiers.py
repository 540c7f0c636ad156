"""Ids of vulnerabilities: one form, and where to read about them."""

from __future__ import annotations

import pytest

from repositories.scanning.identifiers import canonical, page_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" cve-2024-3094 ", "CVE-2024-3094"),
        ("ghsa-JFH8-c2jp-5v3q", "GHSA-jfh8-c2jp-5v3q"),
        ("pysec-2021-1", "PYSEC-2021-1"),
    ],
)
def test_an_id_has_one_form(text, expected):
    assert canonical(text) == expected


@pytest.mark.parametrize(
    ("identifier", "page"),
    [
        ("CVE-2024-3094", "https://nvd.nist.gov/vuln/detail/CVE-2024-3094"),
        ("GHSA-jfh8-c2jp-5v3q", "https://github.com/advisories/GHSA-jfh8-c2jp-5v3q"),
        ("PYSEC-2021-1", "https://osv.dev/vulnerability/PYSEC-2021-1"),
        ("TEMP-0000000-ABC", ""),
        ("CVE-2024-1/../../evil", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_its_page_is_that_of_its_database(identifier, page):
    assert page_of(identifier) == page
