"""Look again at what was promoted: what is known by now, and does it still pass.

A promotion is watched while its target tag stands on it. Its policy is the version that
promoted it; what was promoted by hand has none, and is watched for vulnerabilities.
"""

from __future__ import annotations

from promotions.services.watch.reviewing import (
    review,
    review_exception,
    review_one,
    review_some,
)

__all__ = ["review", "review_exception", "review_one", "review_some"]
