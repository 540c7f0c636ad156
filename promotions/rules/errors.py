"""What the rule engine refuses."""

from __future__ import annotations


class InvalidRule(ValueError):
    """A rule that cannot be saved; the message is one sentence for people."""
