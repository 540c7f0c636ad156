"""What the quickstart raises when it cannot go on."""

from __future__ import annotations


class QuickstartError(Exception):
    """Says in a sentence, to whoever started it, what is wrong and what to do."""
