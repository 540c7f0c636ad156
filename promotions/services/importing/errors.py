"""What keeps an import from going on; the messages are sentences with the address."""

from __future__ import annotations


class ImportFailed(Exception):
    """The import cannot go on; what was taken over so far stays."""


class UnusableAddress(ImportFailed):
    """The address may not be called, or the secret not be sent there."""


class NoAnswer(ImportFailed):
    """Nothing came, or not in time; asking again later may help."""


class UnusableAnswer(ImportFailed):
    """What came is not what MSR answers."""


class NotThere(ImportFailed):
    """The registry does not have what was asked for."""
