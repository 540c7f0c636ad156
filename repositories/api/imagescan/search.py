"""Which images contain a CVE, a component, a license or a layer, over the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from accounts.api import Operation
from repositories.api.imagescan.rendering import STATUS, count, cve
from repositories.scanning import severity
from repositories.services.answers.hits import hits_of
from repositories.services.answers.search import Search, Subject

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

    from repositories.models import Tag
    from repositories.services.answers.hits import Hit, Place


class _BySubject(Operation):
    """Answers responses.ScanSummary of each image, with only what was looked for.

    Of `components` and `cves` that is; `scansummary/repositories` has all of them.
    The total counts are as stored: what is hidden is not subtracted.
    """

    is_costly = True

    missing = "NO_SUCH_TAG"
    subject: ClassVar[Subject]

    def get(self, _request: Request, term: str) -> Response:
        """List images that the client may pull; pages are of tags."""
        search = self.search(term)
        rows = search.tags(self.actor)

        def render(page: list[Tag]) -> list[dict[str, Any]]:
            return [_render(hit) for hit in hits_of(search, page)]

        return self.paged(rows, render)

    def search(self, term: str) -> Search:
        return Search(self.subject, term)


class ByCve(_BySubject):
    """`/imagescan/scansummary/cve/{cve}`: also by another name of it."""

    subject = Subject.CVE


class ByComponent(_BySubject):
    """`/imagescan/scansummary/component/{component}`: a name, name@version or purl."""

    subject = Subject.COMPONENT

    @override
    def search(self, term: str) -> Search:
        name, at, version = term.rpartition("@")
        if term.startswith("pkg:") or not (at and name):
            return Search(self.subject, term)
        return Search(self.subject, name, version)


class ByLicense(_BySubject):
    """`/imagescan/scansummary/license/{license}`: an SPDX id, or a name as found."""

    subject = Subject.LICENSE


class ByLayer(_BySubject):
    """`/imagescan/scansummary/layer/{layerid}`."""

    missing = "NO_SUCH_LAYER"
    subject = Subject.LAYER


def _render(hit: Hit) -> dict[str, Any]:
    repository = hit.tag.repository
    names = sorted({name for place in hit.places for name in place.licenses})
    return {
        "scanStatus": STATUS[hit.image.progress],
        "shouldRescan": False,
        "scannedImage": {
            "pk": str(hit.manifest.uuid),
            "namespace": repository.namespace.name,
            "repository": repository.name,
            "tag": hit.tag.name,
            "manifestDigest": hit.manifest.digest,
            "totalVulnCount": count(hit.counts),
            "licenses": [{"name": name, "url": "", "type": ""} for name in names],
            "layers": _layers(hit),
            "components": [_component(place) for place in hit.places],
            "cves": [cve(known) for known in hit.known],
            "maxCVSSValue": max((one.score or 0.0 for one in hit.known), default=0.0),
            "scannerFingerprint": {
                "scannerType": 0,
                "version": sorted({one.scan.source for one in hit.places} - {""}),
            },
            "vulnOverrides": [],
        },
    }


def _component(place: Place) -> dict[str, Any]:
    found = place.found
    return {
        "componentPK": place.purl,
        "name": place.name,
        "version": place.version,
        "filepaths": [one.path for one in place.places if one.path],
        "cves": [found.id] if found else [],
        "licenses": place.licenses,
        "source": place.purl.partition("/")[0].removeprefix("pkg:"),
        "vulnCount": count(severity.counts([found] if found else [])),
        "hidden": place.hidden_by is not None,
        "fixedVersion": found.fixed_version if found else "",
        "origin": place.scan.origin,
    }


def _layers(hit: Hit) -> list[dict[str, Any]]:
    return [
        {
            "digest": layer.digest,
            "mediaType": layer.media_type,
            "author": hit.manifest.image_author,
            "size": layer.size,
            "components": [],
        }
        for layer in hit.layers
    ]
