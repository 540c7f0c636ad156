"""Run one promotion: claim it, copy the image by digest, record what happened.

The row is the job. Whoever runs it holds a lease, renews it while copying, and every
write names the lease, so that a worker thought dead cannot overwrite its successor.
"""

from __future__ import annotations

from promotions.services.promote.job import run

__all__ = ["run"]
