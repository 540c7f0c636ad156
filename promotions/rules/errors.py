"""What the rule engine refuses."""

from __future__ import annotations


class InvalidRule(ValueError):
    """A rule that cannot be saved; the message is one sentence for people.

    Where it is about rules of a policy, `numbers` are theirs from 1, and `reason` says
    the same without naming them.
    """

    def __init__(
        self, message: str, *, numbers: tuple[int, ...] = (), reason: str = ""
    ) -> None:
        super().__init__(message)
        self.numbers = numbers
        self.reason = reason or message
