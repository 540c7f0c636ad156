"""What scans found in one image, and the counts of several tags at once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db.models import Q
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from accounts.access import Action
from accounts.api import Form, Operation
from repositories.api.imagescan.reading import PlatformQuery, manifest_of, read
from repositories.api.imagescan.rendering import (
    Named,
    count,
    old_summary,
    scan_summary,
)
from repositories.api.lookup import repository_of
from repositories.models import Manifest, Repository
from repositories.services.answers.summary import summaries_of, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from rest_framework.request import Request

MAX_IMAGES = 200


class ImageForm(Form):
    """MSR: forms.Image; `name` is `namespace/repository`, with or without a tag."""

    name = serializers.CharField(max_length=400)
    digest = serializers.CharField(max_length=140)


class ImagesForm(Form):
    """MSR: forms.ImagesForm."""

    images = serializers.ListField(child=ImageForm(), max_length=MAX_IMAGES)


class ReferenceSummary(Operation):
    """`/imagescan/scansummary/repositories/{namespace}/{reponame}/{reference}`."""

    missing = "NO_SUCH_REPOSITORY"
    permission_classes = (IsAuthenticatedOrReadOnly,)

    def get(
        self, _request: Request, namespace: str, name: str, reference: str
    ) -> Response:
        """Show all of an image: of an index, each platform."""
        platform = self.query(PlatformQuery)
        repository = repository_of(self.actor, f"{namespace}/{name}")
        manifest, tag = manifest_of(repository, reference)
        named = Named(repository, tag)
        found = read(repository, manifest, platform)
        return Response([scan_summary(named, one) for one in found])


class OldSummary(Operation):
    """`/imagescan/repositories/{namespace}/{reponame}/{tag}`: deprecated by MSR."""

    missing = "NO_SUCH_REPOSITORY"
    permission_classes = (IsAuthenticatedOrReadOnly,)

    def get(
        self, _request: Request, namespace: str, name: str, reference: str
    ) -> Response:
        """Show the counts of each platform of a tag."""
        platform = self.query(PlatformQuery)
        repository = repository_of(self.actor, f"{namespace}/{name}")
        manifest, tag = manifest_of(repository, reference, "NO_SUCH_TAG")
        named = Named(repository, tag)
        found = read(repository, manifest, platform)
        return Response(
            [old_summary(named, summary_of(one.image, one.counts)) for one in found]
        )


class TagSummaries(Operation):
    """`/imagescan/scansummary/tags`."""

    def post(self, _request: Request) -> Response:
        """Return responses.ThinScanSummaries, by digest.

        Left out is what the client may not pull, what nobody looked for
        vulnerabilities in, and what is not there.
        """
        digests: dict[str, set[str]] = defaultdict(set)
        for image in self.body(ImagesForm)["images"]:
            digests[image["name"].partition(":")[0]].add(image["digest"])
        found = {}
        for repository in self._repositories(digests):
            held = Manifest.objects.held_by(repository).defer("raw")
            rows = list(held.filter(digest__in=digests[repository.full_name]))
            summaries = summaries_of(repository, rows)
            for row in rows:
                if (counts := summaries[row.pk].counts) is not None:
                    found[row.digest] = count(counts)
        return Response({"images": found})

    def _repositories(self, names: Iterable[str]) -> QuerySet[Repository]:
        named = Q(pk__in=())
        for full_name in names:
            namespace, _, name = full_name.partition("/")
            named |= Q(namespace__name=namespace, name=name)
        rows = Repository.objects.permitted(self.actor, Action.PULL)
        return rows.filter(named).select_related("namespace")
