"""Repositories: list, create, show, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from accounts.access import Action
from accounts.api import Form, Operation
from repositories.api.lookup import namespace_of, repository_of
from repositories.models import Repository
from repositories.services import repositories

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

EVERY_TAG = "*"


class RepositoryForm(Form):
    """MSR: forms.UpdateRepo; beyond it `promotionsOnly`, `scanners` and patterns."""

    short_description = serializers.CharField(required=False, allow_blank=True)
    long_description = serializers.CharField(required=False, allow_blank=True)
    visibility = serializers.ChoiceField(Repository.Visibility.choices, required=False)
    scan_on_push = serializers.BooleanField(required=False)
    scanners = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False
    )
    immutable_tags = serializers.BooleanField(required=False)
    immutable_tag_patterns = serializers.ListField(
        child=serializers.CharField(max_length=128), required=False, max_length=100
    )
    enable_manifest_lists = serializers.BooleanField(required=False)
    promotions_only = serializers.BooleanField(required=False)
    tag_limit = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1
    )


class NewRepositoryForm(RepositoryForm):
    """MSR: forms.CreateRepo, of which only the name must be there."""

    name = serializers.CharField()


class RepositoryList(Operation):
    """`/repositories`."""

    def get(self, _request: Request) -> Response:
        """List every repository the client may see."""
        rows = Repository.objects.permitted(self.actor, Action.PULL)
        return self.paged(_listed(rows), _list)


class NamespaceRepositories(Operation):
    """`/repositories/{namespace}`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, namespace: str) -> Response:
        """List the repositories of a namespace that the client may see."""
        owner = namespace_of(self.actor, namespace)
        rows = Repository.objects.permitted(self.actor, Action.PULL)
        return self.paged(_listed(rows.filter(namespace=owner)), _list)

    def post(self, _request: Request, namespace: str) -> Response:
        """Create a repository."""
        owner = namespace_of(self.actor, namespace)
        values = self.body(NewRepositoryForm)
        name = values.pop("name")
        _set_immutable(values, [])
        made = repositories.create(
            actor=self.actor, namespace=owner, name=name, **values
        )
        return Response(render(made), status=201)


class RepositoryDetail(Operation):
    """`/repositories/{namespace}/{reponame}`."""

    missing = "NO_SUCH_REPOSITORY"
    permission_classes = (IsAuthenticatedOrReadOnly,)

    def get(self, _request: Request, namespace: str, name: str) -> Response:
        """Show one repository."""
        return Response(render(repository_of(self.actor, f"{namespace}/{name}")))

    def patch(self, _request: Request, namespace: str, name: str) -> Response:
        """Change what was sent of a repository; its name stays."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        values = self.body(RepositoryForm)
        _set_immutable(values, repository.immutable_tags)
        repositories.update(actor=self.actor, repository=repository, **values)
        return Response(render(repository))

    def delete(self, _request: Request, namespace: str, name: str) -> Response:
        """Delete a repository."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        repositories.delete(actor=self.actor, repository=repository)
        return Response(status=204)


def render(repository: Repository) -> dict[str, Any]:
    """Return responses.Repository, with all that is shown of a single one."""
    long_description = repository.long_description
    return {**_render_listed(repository), "longDescription": long_description}


def _listed(rows: QuerySet[Repository]) -> QuerySet[Repository]:
    return rows.select_related("namespace").defer("long_description")


def _list(page: list[Repository]) -> dict[str, Any]:
    return {"repositories": [_render_listed(repository) for repository in page]}


def _render_listed(repository: Repository) -> dict[str, Any]:
    return {
        "id": repository.uuid,
        "namespace": repository.namespace.name,
        "namespaceType": repository.namespace.kind,
        "name": repository.name,
        "shortDescription": repository.short_description,
        "visibility": repository.visibility,
        "scanOnPush": repository.scan_on_push,
        "scanners": repository.scanners,
        "immutableTags": EVERY_TAG in repository.immutable_tags,
        "immutableTagPatterns": repository.immutable_tags,
        "promotionsOnly": repository.promotions_only,
        "enableManifestLists": repository.enable_manifest_lists,
        "tagLimit": repository.tag_limit,
        "pulls": repository.pull_count,
        "pushes": repository.push_count,
    }


def _set_immutable(values: dict[str, Any], current: list[str]) -> None:
    """Turn MSR's switch into patterns; patterns stay where the switch does not move.

    MSR's clients send the switch with every change, knowing nothing of patterns.
    """
    wanted = values.pop("immutable_tags", None)
    patterns = values.pop("immutable_tag_patterns", None)
    if patterns is None and wanted not in (None, EVERY_TAG in current):
        patterns = [EVERY_TAG] if wanted else []
    if patterns is not None:
        values["immutable_tags"] = patterns
