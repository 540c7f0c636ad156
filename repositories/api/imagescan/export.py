"""`…/scansummary/repositories/{ns}/{repo}/{tag}/export`: a table, or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import serializers
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response
from typing_extensions import override

from accounts.access import Action
from accounts.api import Operation
from repositories.api.imagescan.reading import PlatformQuery, manifest_of, read
from repositories.api.imagescan.rendering import Named, scan_summary
from repositories.api.lookup import repository_of
from repositories.models import Repository
from repositories.services.answers import exporting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from django.http import HttpResponseBase
    from rest_framework.request import Request

CSV = "text/csv"


class CsvRenderer(BaseRenderer):
    """Lets a client ask for CSV; errors are JSON all the same."""

    media_type = CSV
    format = "csv"
    charset = "utf-8"

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return JSONRenderer().render(data)


class ExportQuery(PlatformQuery):
    """Which table: ours, MSR has that of vulnerabilities only."""

    table = serializers.ChoiceField(tuple(exporting.TABLES), default="vulnerabilities")


class ExportSummary(Operation):
    """Also `…/{ns}/{repo with slashes}/export`, of a tag that is called `export`."""

    missing = "NO_SUCH_REPOSITORY"
    permission_classes = (IsAuthenticatedOrReadOnly,)
    renderer_classes = (JSONRenderer, CsvRenderer)

    def get(
        self, request: Request, namespace: str, name: str, reference: str
    ) -> Response | HttpResponseBase:
        """Show all of an image, in CSV where the client accepts that only."""
        asked = self.query(ExportQuery)
        repository, reference, as_table = self._named(namespace, name, reference)
        manifest, tag = manifest_of(repository, reference, "NO_SUCH_TAG")
        found = read(repository, manifest, asked)
        if as_table and request.accepted_media_type == CSV:
            header, rows = exporting.TABLES[asked["table"]]
            table = rows(repository.full_name, tag or reference, found)
            return exporting.download(asked["table"], header, table)
        self._answer_json()
        named = Named(repository, tag)
        return Response([scan_summary(named, one) for one in found])

    @override
    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        self._answer_json()
        return response

    def _answer_json(self) -> None:
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = JSONRenderer.media_type

    def _named(
        self, namespace: str, name: str, reference: str
    ) -> tuple[Repository, str, bool]:
        """Read the address as the export of a tag, else as that of a tag `export`."""
        visible = Repository.objects.permitted(self.actor, Action.PULL)
        full_name, longer = f"{namespace}/{name}", f"{namespace}/{name}/{reference}"
        if visible.named(longer).exists() and not visible.named(full_name).exists():
            return repository_of(self.actor, longer), "export", False
        return repository_of(self.actor, full_name), reference, True
