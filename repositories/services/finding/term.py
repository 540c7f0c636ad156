"""What was typed or pasted: a word, a reference to an image, a digest, an id."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

LONGEST = 700
DIGEST = re.compile(r"(?:(sha256|sha512):)?([0-9a-f]{6,128})")
WHOLE_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
VULNERABILITY = re.compile(r"CVE-\d{4}-\d{4,19}|GHSA(?:-[0-9a-z]{4}){3}", re.IGNORECASE)
SCHEMES = ("docker://", "oci://", "https://", "http://")


@dataclass(frozen=True, slots=True)
class Term:
    """`text` as it was typed, and what it may mean; "" for what it does not say.

    `paths` are the names of repositories that may be meant: the first part of a
    reference can be a registry's host, or a namespace with a dot.
    """

    text: str
    paths: list[str] = field(default_factory=list)
    tag: str = ""
    digest: str = ""
    is_reference: bool = False
    """Whether it names one thing: with a tag, a digest, a host or a command."""

    @classmethod
    def read(cls, typed: str, host: str) -> Self:
        """Read what was typed; `host` is what the registry is called by docker."""
        text = typed.strip()[:LONGEST]
        word = _reference_in(text)
        if WHOLE_DIGEST.fullmatch(word.lower()):
            return cls(text, digest=word.lower(), is_reference=True)
        name, _, digest = word.partition("@")
        path, tag = _split_tag(name)
        paths = _without_host(path, host)
        if not paths:
            return cls(text)
        is_reference = bool(tag or digest or word != text or paths != [path])
        return cls(text, paths, tag, digest, is_reference)

    @property
    def vulnerability(self) -> str:
        """The id of a vulnerability, when it is one."""
        return self.text if VULNERABILITY.fullmatch(self.text) else ""

    @property
    def purl(self) -> str:
        """The package URL, when it is one."""
        return self.text if self.text.startswith("pkg:") else ""

    @property
    def digest_prefix(self) -> str:
        """The beginning of a digest with its algorithm, when it can be one."""
        found = DIGEST.fullmatch((self.digest or self.text).lower())
        return f"{found[1] or 'sha256'}:{found[2]}" if found else ""


def _reference_in(text: str) -> str:
    """Return the last word of a command that can name an image, without its scheme."""
    words = text.split()
    named = [word for word in words if "/" in word] if len(words) > 1 else words
    word = named[-1] if named else ""
    for scheme in SCHEMES:
        word = word.removeprefix(scheme)
    return word


def _split_tag(name: str) -> tuple[str, str]:
    """Return path and tag; the colon of a port stands before a slash."""
    head, colon, tag = name.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (name, "")


def _without_host(path: str, host: str) -> list[str]:
    """Return the names that can be meant; none where there is no slash."""
    first, slash, rest = path.partition("/")
    if not slash or not rest:
        return []
    if first.lower() == host.lower() or ":" in first or first == "localhost":
        return [rest] if "/" in rest else []
    return [path, rest] if "." in first and "/" in rest else [path]
