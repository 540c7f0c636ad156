"""Names in a registry: digests, repository names, tags (distribution's grammar).

Each is checked in its only constructor, so a value of these types is always legal.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from typing_extensions import override

if TYPE_CHECKING:
    from hashlib import _Hash

MAX_REPOSITORY_NAME = 255  # characters
MAX_TAG = 128  # characters

_HEX_LENGTHS = {"sha256": 64, "sha512": 128}
_HEX = re.compile(r"[0-9a-f]+")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_ATTACHMENT_TAG = re.compile(
    r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?|sha512-[0-9a-f]{64,128}"
)
_SHOWN = 60  # characters of a refused value that its message repeats


class InvalidReference(ValueError):
    """A name breaks the grammar; the message is a sentence that says how."""


def _shown(value: str) -> str:
    return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """The content address of a blob or manifest: sha256 or sha512, lower-case hex."""

    algorithm: str
    hex: str

    def __post_init__(self) -> None:
        length = _HEX_LENGTHS.get(self.algorithm)
        if length is None:
            raise InvalidReference(
                f"The digest algorithm {_shown(self.algorithm)} is not supported; "
                "use sha256 or sha512."
            )
        if len(self.hex) != length or not _HEX.fullmatch(self.hex):
            raise InvalidReference(
                f"The {self.algorithm} digest {_shown(self.hex)} must have "
                f"{length} lower-case hexadecimal digits."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `algorithm:hex`; raises InvalidReference."""
        algorithm, colon, digits = text.partition(":")
        if not colon:
            raise InvalidReference(
                f"{_shown(text)} is not a digest; a digest looks like "
                "sha256:<64 hexadecimal digits>."
            )
        return cls(algorithm, digits)

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Compute the sha256 digest of `content`."""
        return cls("sha256", hashlib.sha256(content).hexdigest())

    def hasher(self) -> _Hash:
        """Return an empty hash object of this digest's algorithm."""
        return hashlib.new(self.algorithm)

    def matches(self, content: bytes) -> bool:
        """Tell whether `content` has this digest."""
        return hashlib.new(self.algorithm, content).hexdigest() == self.hex

    @override
    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


@dataclass(frozen=True, slots=True, order=True)
class RepositoryName:
    """A repository's path in the registry, such as `dev/website`."""

    path: str

    def __post_init__(self) -> None:
        if len(self.path) > MAX_REPOSITORY_NAME:
            raise InvalidReference(
                f"The repository name {_shown(self.path)} is longer than "
                f"{MAX_REPOSITORY_NAME} characters."
            )
        if not _REPOSITORY.fullmatch(self.path):
            raise InvalidReference(
                f"The repository name {_shown(self.path)} is not legal: each part "
                "between slashes holds lower-case letters and digits, separated by "
                "one dot, one or two underscores, or dashes."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a path; raises InvalidReference."""
        return cls(text)

    @classmethod
    def of(cls, namespace: str, name: str) -> Self:
        """Join a namespace and the rest; an empty `name` gives a one-part path."""
        return cls(f"{namespace}/{name}" if name else namespace)

    @property
    def namespace(self) -> str:
        """The first part of the path."""
        return self.path.partition("/")[0]

    @property
    def name(self) -> str:
        """What follows the namespace, "" for a path of one part."""
        return self.path.partition("/")[2]

    @override
    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True, order=True)
class TagName:
    """A tag: at most 128 letters, digits, dots, dashes and underscores."""

    value: str

    def __post_init__(self) -> None:
        if not _TAG.fullmatch(self.value):
            raise InvalidReference(
                f"The tag {_shown(self.value)} is not legal: it has 1 to {MAX_TAG} "
                "letters, digits, dots, dashes and underscores, and begins with "
                "neither a dot nor a dash."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a tag; raises InvalidReference."""
        return cls(text)

    @property
    def is_attachment(self) -> bool:
        """True for tags of the referrers schema and cosign's .sig, .att and .sbom."""
        return _ATTACHMENT_TAG.fullmatch(self.value) is not None

    @property
    def attached_to(self) -> Digest | None:
        """The image that such a tag is about; None where the tag does not say."""
        if not self.is_attachment:
            return None
        algorithm, _, digits = self.value.partition(".")[0].partition("-")
        is_whole = len(digits) == _HEX_LENGTHS[algorithm]
        return Digest(algorithm, digits) if is_whole else None

    @override
    def __str__(self) -> str:
        return self.value


Reference = TagName | Digest
