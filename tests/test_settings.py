"""The settings that exist and the settings that are documented are the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| `MSR_([A-Z_]+)` \|", re.MULTILINE)


def settings_read() -> set[str]:
    tree = ast.parse((PROJECT / "msr" / "settings.py").read_text(encoding="utf-8"))
    return {
        ast.literal_eval(call.args[0])
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
    }


def settings_documented() -> list[str]:
    return ROW.findall((PROJECT / "README.md").read_text(encoding="utf-8"))


def test_every_setting_stands_in_the_readme() -> None:
    assert settings_read() - set(settings_documented()) == set()


def test_the_readme_names_no_setting_that_is_not_read() -> None:
    assert set(settings_documented()) - settings_read() == set()


def test_the_readme_names_no_setting_twice() -> None:
    documented = settings_documented()

    assert len(documented) == len(set(documented))
