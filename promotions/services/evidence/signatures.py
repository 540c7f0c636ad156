"""By which of the keys that rules name an image is signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotions.rules import Evidence
from repositories.models import ImageSignature, SigningKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repositories.models import Manifest, Repository

SOURCE = "the portal, by the key registered"
MAX_ASKED = 200  # signatures of one image, the newest

Used = set[tuple[int, int]]
"""Which signatures were verified by which keys."""


def verified(
    repository: Repository, image: Manifest, names: Iterable[str]
) -> tuple[Evidence[tuple[str, ...]], Used]:
    """Verify what the repository holds by the keys of these names, in two queries.

    A signature that only another repository holds does not count, nor does one whose
    payload names another digest, nor a key that was retired.
    """
    keys = list(SigningKey.objects.usable().called(names).order_by("id"))
    rows = ImageSignature.objects.held_by(repository).filter(
        subject_digest=image.digest
    )
    found = list(rows.order_by("-id")[:MAX_ASKED]) if keys else []
    signed = [(one, key) for key in keys if (one := _first(key, found)) is not None]
    evidence = Evidence(
        tuple(sorted(key.reference for _, key in signed)),
        SOURCE,
        max((one.created_at for one, _ in signed), default=None),
    )
    return evidence, {(one.pk, key.pk) for one, key in signed}


def _first(key: SigningKey, found: Iterable[ImageSignature]) -> ImageSignature | None:
    return next((one for one in found if key.signed(one)), None)
