"""Which of MSR's operations are here, and whether the README says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from msr.api.urls.absent import ABSENT
from tests.contract.calls import CALLS
from tests.contract.operations import here, operations

README = Path(__file__).parents[2] / "README.md"
OF_REPOSITORY = "/repositories/{namespace}/{reponame}"
ROW = re.compile(r"^\| `(?P<path>[^`]+)` \| (?P<methods>[A-Z, ]+) \|", re.MULTILINE)
SENTENCE = re.compile(
    r"Of the (\d+) operations of MSR's Swagger file \(2\.7\) (\d+) are"
)


@pytest.fixture(autouse=True)
def _swagger_file():
    if not operations():
        pytest.skip("MSR's Swagger file is not beside the repository")


def _listed() -> set[tuple[str, str]]:
    """Return what the README says is not here: method and path."""
    text = README.read_text(encoding="utf-8")
    table = text[text.index("| without |") :].partition("\n\n")[0]
    return {
        (method.strip(), "/api/v0" + row["path"].replace("…", OF_REPOSITORY))
        for row in ROW.finditer(table)
        for method in row["methods"].split(",")
    }


def test_the_readme_lists_what_is_not_here():
    known = set(here())
    missing = {
        (one.method, one.path)
        for name, one in operations().items()
        if name not in known
    }
    assert _listed() == missing


def test_the_readme_counts_the_operations():
    text = " ".join(README.read_text(encoding="utf-8").split())
    said = SENTENCE.search(text)
    assert said is not None
    assert said.groups() == (str(len(operations())), str(len(here())))


def test_the_readme_lists_what_makes_no_sense():
    absent = {f"/api/v0{path}" for path in ABSENT}
    assert absent <= {path for _, path in _listed()}


def test_every_operation_that_is_here_is_called():
    assert set(CALLS) == set(here())
