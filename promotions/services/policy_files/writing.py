"""YAML that `reading` reads back to the same values, and always the same bytes."""

from __future__ import annotations

import re
from typing import Any

import yaml
from typing_extensions import override

_WIDTH = 4096
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_/.-]*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


class InLine(dict[str, Any]):
    """A mapping that is written in one line."""


class _Dumper(yaml.SafeDumper):
    @override
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        del indentless
        return super().increase_indent(flow, indentless=False)

    @override
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Quote whatever some reader of YAML could take for something else than a text."""
    is_bare = _BARE.fullmatch(text) and text.lower() not in _WORDS
    style = None if is_bare else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _in_line(dumper: yaml.SafeDumper, value: InLine) -> yaml.MappingNode:
    pairs = dict(value)
    return dumper.represent_mapping("tag:yaml.org,2002:map", pairs, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(InLine, _in_line)


def written(value: Any) -> str:
    """Return the YAML of plain values, in the order they have."""
    return yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_WIDTH,
        default_flow_style=False,
    )
