"""The fields of rules that exist and those that the README lists are the same."""

from __future__ import annotations

import re
from pathlib import Path

from promotions.rules import Field

README = Path(__file__).resolve().parent.parent / "README.md"
ROW = re.compile(r"^\| `([a-z_0-9.]+)` \| ((?:`[a-z]+` ?)+)\|", re.MULTILINE)


def test_the_readme_lists_every_field_with_its_operators() -> None:
    listed = ROW.findall(README.read_text(encoding="utf-8"))
    documented = {
        field: tuple(codes.replace("`", "").split()) for field, codes in listed
    }
    assert documented == {field.value: field.operators for field in Field}
