"""`/imagescan/status`: whether there are scanners, and how new advisories are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Max
from rest_framework.response import Response

from accounts.api import Operation
from repositories.api.imagescan.rendering import NEVER
from repositories.models import Scan, Scanner

if TYPE_CHECKING:
    from rest_framework.request import Request

READY, WITHOUT_SCANNER = 2, 0


class Status(Operation):
    """Ours beyond MSR: `scanners`, the names of those of the whole registry."""

    def get(self, _request: Request) -> Response:
        """Return responses.NautilusStatus; versions count what MSR's scanner did."""
        scanners = Scanner.objects.filter(namespace__isnull=True, is_enabled=True)
        rows = list(scanners)
        checked = max((one.checked_at for one in rows if one.checked_at), default=None)
        newest = Scan.objects.filter(is_current=True, scanner__in=rows).aggregate(
            at=Max("advisories_at")
        )
        return Response(
            {
                "state": READY if rows else WITHOUT_SCANNER,
                "scanner_version": 0,
                "scannerUpdatedAt": checked or NEVER,
                "db_version": 0,
                "db_updated_at": newest["at"] or NEVER,
                "lastDBUpdateFailed": False,
                "lastVulnOverridesDBUpdateFailed": False,
                "replicas": {},
                "scanners": [one.name for one in rows],
            }
        )
