"""Reports that CI made: uploaded for a tag, or for a digest that the report names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.response import Response

from accounts.access import Action
from accounts.api import Form, Operation, no_such, raw_body
from accounts.authentication import ReportAuthentication, ReportBearerAuthentication
from accounts.permissions import require
from repositories.api.lookup import tag_of
from repositories.models import Repository
from repositories.scanning.report import Kind
from repositories.services.scans.uploading import Upload, upload

if TYPE_CHECKING:
    from rest_framework.request import Request

    from repositories.models import Scan


class ReportQuery(Form):
    """What the caller says of a report, beside what the report itself says."""

    digest = serializers.CharField(default="", allow_blank=True, max_length=140)
    upload_label = serializers.CharField(default="", allow_blank=True, max_length=60)
    complete = serializers.CharField(default="", allow_blank=True, max_length=100)

    def validate_complete(self, value: str) -> frozenset[Kind]:
        """Read kinds of evidence that are separated by commas."""
        words = {word.strip() for word in value.split(",")} - {""}
        unknown = sorted(words - set(Kind))
        if unknown:
            message = f"“{unknown[0]}” is none of {', '.join(Kind)}."
            raise serializers.ValidationError(message)
        return frozenset(map(Kind, words))


class RegistryReportQuery(ReportQuery):
    """The same with the repository, which the address does not name."""

    repository = serializers.CharField(max_length=300)


class _Reports(Operation):
    missing = "NO_SUCH_REPOSITORY"
    invalid = "INVALID_SCAN_REPORT"

    def repository(self, full_name: str) -> Repository:
        """Return the repository if reports may be uploaded for it.

        The right to do so does not include to pull: a stranger is who has neither.
        """
        rows = Repository.objects.select_related("namespace").named(full_name)
        found = rows.first()
        message = f"No repository “{full_name}” is visible to you."
        if found is None:
            raise no_such(self.actor, self.missing, message)
        try:
            require(self.actor, Action.SCAN, found)
        except Http404 as error:
            raise no_such(self.actor, self.missing, message) from error
        return found

    def kept(self, repository: Repository, said: dict[str, Any]) -> Response:
        """Keep the report that the body is, and show what was read in it."""
        sent = Upload(
            body=raw_body(self.request),
            digest=said["digest"],
            label=said["upload_label"],
            complete=frozenset(said["complete"]),
        )
        scan = upload(actor=self.actor, repository=repository, sent=sent)
        return Response(rendered(scan), status=201)


class TagReports(_Reports):
    """`…/tags/{tag}/scans`."""

    def post(self, _request: Request, namespace: str, name: str, tag: str) -> Response:
        """Take in a report of the image that the tag points to now."""
        repository = self.repository(f"{namespace}/{name}")
        said = self.query(ReportQuery)
        said["digest"] = said["digest"] or tag_of(repository, tag).manifest.digest
        return self.kept(repository, said)


class RegistryReports(_Reports):
    """`/registry/scans`: the image is the one that the report or the caller names."""

    authentication_classes = (ReportAuthentication, ReportBearerAuthentication)

    def post(self, _request: Request) -> Response:
        """Take in a report of an image that the repository holds."""
        said = self.query(RegistryReportQuery)
        return self.kept(self.repository(said["repository"]), said)


def rendered(scan: Scan) -> dict[str, Any]:
    """Return what a report was understood to say."""
    return {
        "id": str(scan.uuid),
        "digest": scan.manifest.digest,
        "origin": scan.origin,
        "source": scan.source,
        "components": scan.component_count,
        "vulnerabilities": {
            "critical": scan.critical_count,
            "major": scan.major_count,
            "minor": scan.minor_count,
            "all": scan.vulnerability_count,
        },
        "coverage": scan.coverage,
    }
