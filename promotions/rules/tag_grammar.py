"""The grammar of tags, from the OCI distribution specification."""

from __future__ import annotations

import re

TAG_MAX_LENGTH = 128
TAG_GRAMMAR = (
    'a tag has 1 to 128 letters, digits, "_", "." or "-", '
    'and does not start with "." or "-"'
)

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_SHORTER_THAN_TAG = re.compile(r"[A-Za-z0-9._-]{0,127}")


def is_tag(text: str) -> bool:
    """Tell whether the text is a legal tag."""
    return _TAG.fullmatch(text) is not None


def may_occur_in_tag(text: str) -> bool:
    """Tell whether some legal tag contains the text."""
    return is_tag(text) or _SHORTER_THAN_TAG.fullmatch(text) is not None
