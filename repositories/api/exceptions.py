"""Hidden vulnerabilities of a repository or a namespace: `…/vulnerabilityExceptions`.

Ours; MSR's `/imagescan/layeroverride` shows and makes those of single layers.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.api import Form, Operation
from accounts.models import Namespace
from repositories.api.lookup import namespace_of, repository_of
from repositories.models import VulnerabilityException
from repositories.services import exceptions

if TYPE_CHECKING:
    from datetime import datetime

    from rest_framework.request import Request

    from repositories.models import Repository

DEFAULT_DAYS = 90


class ExceptionForm(Form):
    """What is hidden, and why; `expiresAt` null is never, left out is 90 days."""

    vulnerability = serializers.CharField(max_length=100)
    reason = serializers.CharField(max_length=500)
    component = serializers.CharField(max_length=300, default="", allow_blank=True)
    component_version = serializers.CharField(
        max_length=200, default="", allow_blank=True
    )
    layer = serializers.CharField(max_length=140, default="", allow_blank=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class RepositoryExceptionForm(ExceptionForm):
    """Of one image of the repository too, by its digest."""

    digest = serializers.CharField(max_length=140, default="", allow_blank=True)


class ExceptionQuery(Form):
    """Whether those that ended or expired are listed too."""

    ended = serializers.BooleanField(default=False)


class _Exceptions(Operation):
    def listed(self, **scope: Any) -> Response:
        rows = VulnerabilityException.objects.filter(**scope)
        if not self.query(ExceptionQuery)["ended"]:
            rows = rows.in_force(timezone.now())
        rows = rows.select_related(
            "author", "ended_by", "namespace", "repository__namespace"
        )
        return self.paged(
            rows,
            lambda page: {"vulnerabilityExceptions": [_render(row) for row in page]},
        )

    def made(self, scope: Repository | Namespace) -> Response:
        form = (
            ExceptionForm if isinstance(scope, Namespace) else RepositoryExceptionForm
        )
        values = self.body(form)
        made = exceptions.hide(
            actor=self.actor,
            scope=scope,
            vulnerability=values["vulnerability"],
            reason=values["reason"],
            expires_at=_expiry(values),
            component_name=values["component"],
            component_version=values["component_version"],
            layer_digest=values["layer"],
            digest=values.get("digest", ""),
        )
        return Response(_render(made), status=201)

    def ended(self, key: str, **scope: Any) -> Response:
        rows = VulnerabilityException.objects.filter(**scope)
        try:
            found = rows.filter(uuid=key).first()
        except ValidationError:  # not a UUID
            found = None
        if found is None:
            message = f"There is no exception “{key}” here."
            raise NotFound(message, code="NO_SUCH_EXCEPTION")
        exceptions.unhide(actor=self.actor, exception=found)
        return Response(status=204)


class ExceptionList(_Exceptions):
    """`/repositories/{namespace}/{reponame}/vulnerabilityExceptions`."""

    missing = "NO_SUCH_REPOSITORY"

    def get(self, _request: Request, namespace: str, name: str) -> Response:
        """List what is hidden in a repository; its namespace has a list of its own."""
        return self.listed(repository=repository_of(self.actor, f"{namespace}/{name}"))

    def post(self, _request: Request, namespace: str, name: str) -> Response:
        """Hide a vulnerability; for admins of the repository."""
        return self.made(repository_of(self.actor, f"{namespace}/{name}"))


class ExceptionDetail(_Exceptions):
    """`/repositories/{namespace}/{reponame}/vulnerabilityExceptions/{id}`."""

    missing = "NO_SUCH_REPOSITORY"

    def delete(
        self, _request: Request, namespace: str, name: str, exception_id: str
    ) -> Response:
        """Let the vulnerability count again; no error where it does."""
        repository = repository_of(self.actor, f"{namespace}/{name}")
        return self.ended(exception_id, repository=repository)


class NamespaceExceptionList(_Exceptions):
    """`/repositoryNamespaces/{namespace}/vulnerabilityExceptions`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, namespace: str) -> Response:
        """List what is hidden in a whole namespace."""
        return self.listed(namespace=namespace_of(self.actor, namespace))

    def post(self, _request: Request, namespace: str) -> Response:
        """Hide a vulnerability in all its repositories; for admins of the namespace."""
        return self.made(namespace_of(self.actor, namespace))


class NamespaceExceptionDetail(_Exceptions):
    """`/repositoryNamespaces/{namespace}/vulnerabilityExceptions/{id}`."""

    missing = "NO_SUCH_ACCOUNT"

    def delete(self, _request: Request, namespace: str, exception_id: str) -> Response:
        """Let the vulnerability count again; no error where it does."""
        owner = namespace_of(self.actor, namespace)
        return self.ended(exception_id, namespace=owner)


def _expiry(values: dict[str, Any]) -> datetime | None:
    default = timezone.now() + timedelta(days=DEFAULT_DAYS)
    found: datetime | None = values.get("expires_at", default)
    return found


def _render(exception: VulnerabilityException) -> dict[str, Any]:
    ended_by = exception.ended_by
    return {
        "id": exception.uuid,
        "scope": exception.scope,
        "digest": exception.digest,
        "vulnerability": exception.vulnerability,
        "component": exception.component_name,
        "componentVersion": exception.component_version,
        "layer": exception.layer_digest,
        "reason": exception.reason,
        "author": exception.author.get_username(),
        "createdAt": exception.created_at,
        "expiresAt": exception.expires_at,
        "endedAt": exception.ended_at,
        "endedBy": ended_by.get_username() if ended_by else None,
    }
