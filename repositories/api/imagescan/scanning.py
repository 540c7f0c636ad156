"""Start scans: of one image, of all; and scan on push, everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.access import Action
from accounts.api import Form, Operation
from accounts.permissions import require_administrator
from repositories.api.imagescan.reading import manifest_of
from repositories.api.lookup import repository_of
from repositories.models import Repository
from repositories.services import repositories
from repositories.services.answers.images import images_of
from repositories.services.scans import everything, requesting

if TYPE_CHECKING:
    from rest_framework.request import Request

NO_UPDATE = (
    "Advisories are not uploaded here: load them with “manage.py load_advisories”, on"
    " the machine of a worker; images are matched against them by themselves."
)


class ScanOptions(Form):
    """MSR: forms.ScanOptions; here a scan is always followed by its check."""

    scan = serializers.BooleanField(default=True)
    check = serializers.BooleanField(default=True)


class ToggleForm(Form):
    """MSR: forms.ToggleScanOnPush."""

    scan_on_push = serializers.BooleanField()


class ScanAll(Operation):
    """`/imagescan/scan`."""

    def post(self, _request: Request) -> Response:
        """Have all images scanned; for administrators."""
        self.body(ScanOptions)
        everything.request_all(actor=self.actor)
        return Response({})


class ScanUpdate(Operation):
    """`/imagescan/scan/update`."""

    def put(self, _request: Request) -> Response:
        """Say how advisories get here; MSR uploads a database."""
        require_administrator(self.actor)
        raise ValidationError(NO_UPDATE, code="SCANNING_DB_NOT_READY")


class ScanImage(Operation):
    """`/imagescan/scan/{namespace}/{reponame}/{tag}/{os}/{arch}`."""

    missing = "NO_SUCH_TAG"

    def post(self, _request: Request, **names: str) -> Response:
        """Scan one image of a tag; for who may push there."""
        repository = repository_of(self.actor, f"{names['namespace']}/{names['name']}")
        pushed, _ = manifest_of(repository, names["tag"], "NO_SUCH_TAG")
        images = images_of([(repository.pk, pushed)])[repository.pk, pushed.pk]
        platform = (names["os"], names["arch"])
        wanted = [one for one in images if (one.os, one.architecture) == platform]
        if not wanted:
            message = f"“{names['tag']}” has no image for {'/'.join(platform)}."
            raise NotFound(message, code="NO_SUCH_TAG")
        for image in wanted:
            requesting.request(actor=self.actor, repository=repository, manifest=image)
        return Response({})


class Toggle(Operation):
    """`/repositories/scan/toggle`."""

    def post(self, _request: Request) -> Response:
        """Switch scan on push in every repository that the client administers."""
        wanted = self.body(ToggleForm)["scan_on_push"]
        rows = Repository.objects.permitted(self.actor, Action.ADMIN)
        changed = rows.exclude(scan_on_push=wanted).select_related("namespace")
        for repository in changed.iterator():
            repositories.update(
                actor=self.actor, repository=repository, scan_on_push=wanted
            )
        return Response({})
