"""Why there is no answer, in two voices: for everybody, and for administrators."""

from __future__ import annotations


class OutboundError(Exception):
    """There is no answer.

    `str()` is the same sentence for every cause, so that nobody can explore a network
    by asking. `detail` is a sentence that tells the cause: for administrators only.
    """

    sentence = ""

    def __init__(self, detail: str) -> None:
        super().__init__(self.sentence)
        self.detail = detail


class OutboundRefused(OutboundError):
    """The address may not be called, or its name is not known."""

    sentence = (
        "This address cannot be called from here; check it, and ask an administrator"
        " of the portal whether it is allowed."
    )


class OutboundFailed(OutboundError):
    """The address was called, and no proper answer came."""

    sentence = "No proper answer came from this address."
