"""What the tests say when a program they need is not on this machine."""

from __future__ import annotations


class MissingProgram(Exception):
    """Names the Debian package that a test needs; `make test` installs it."""

    def __init__(self, package: str) -> None:
        super().__init__(f"needs Debian's package {package}: run make install-test")
