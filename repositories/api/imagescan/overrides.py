"""`/imagescan/layeroverride`: hidden vulnerabilities as MSR knows them, by layer.

MSR's override counts wherever the layer is. Here it counts where the client is an
admin: in the namespaces, else the repositories, that hold an image with the layer, or
in the `scope` that is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.access import Action
from accounts.api import Form, Operation
from accounts.models import Namespace
from repositories.api.imagescan.rendering import override
from repositories.api.lookup import namespace_of, repository_of
from repositories.models import Repository, VulnerabilityException
from repositories.services import exceptions
from repositories.services.answers.search import layer_digest

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

MAX_SCOPES = 100
MAX_SHOWN = 1000


class OverrideForm(Form):
    """MSR: forms.VulnOverrideOption; beyond it when it ends, and where it counts."""

    cve = serializers.CharField(max_length=100)
    component = serializers.CharField(max_length=300, allow_blank=True, default="")
    component_version = serializers.CharField(
        max_length=200, allow_blank=True, default=""
    )
    notes = serializers.CharField(max_length=500)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    scope = serializers.CharField(max_length=300, default="")


class LayerOverrideList(Operation):
    """`/imagescan/layeroverride`."""

    def get(self, _request: Request) -> Response:
        """List what is hidden in single layers, the newest first; unpaged, as MSR's."""
        rows = (
            VulnerabilityException.objects.visible_to(self.actor)
            .in_force(timezone.now())
            .exclude(layer_digest="")
            .select_related("author", "namespace", "repository__namespace")
        )
        found = rows.order_by("-created_at", "-id")[:MAX_SHOWN]
        return Response([override(one) for one in found])


class LayerOverride(Operation):
    """`/imagescan/layeroverride/{layerid}`, and to delete, the id of an override."""

    missing = "NO_SUCH_LAYER"
    invalid = "INVALID_SETTINGS"

    def post(self, _request: Request, key: str) -> Response:
        """Hide a vulnerability in a layer."""
        digest = layer_digest(key)
        holding = self._holding(digest)
        values = self.body(OverrideForm)
        made = [
            exceptions.hide(
                actor=self.actor,
                scope=scope,
                vulnerability=values["cve"],
                reason=values["notes"],
                expires_at=values.get("expires_at"),
                component_name=values["component"],
                component_version=values["component_version"],
                layer_digest=digest,
            )
            for scope in self._scopes(holding, values["scope"])
        ]
        return Response([override(one) for one in made])

    def delete(self, _request: Request, key: str) -> Response:
        """Let the vulnerability count again."""
        rows = VulnerabilityException.objects.visible_to(self.actor)
        try:
            found = rows.exclude(layer_digest="").filter(uuid=key).first()
        except ValidationError:  # not a UUID
            found = None
        if found is None:
            message = f"No override “{key}” is visible to you."
            raise NotFound(message, code="NO_SUCH_LAYER")
        exceptions.unhide(actor=self.actor, exception=found)
        return Response({})

    def _holding(self, digest: str) -> QuerySet[Repository]:
        """Return the repositories that have the layer; raises NO_SUCH_LAYER."""
        rows = Repository.objects.permitted(self.actor, Action.PULL).filter(
            held_manifests__manifest__layers__digest=digest,
            held_manifests__gone_at__isnull=True,
        )
        if rows.exists():
            return rows
        message = f"No image that you may pull has the layer “{digest}”."
        raise NotFound(message, code="NO_SUCH_LAYER")

    def _scopes(
        self, holding: QuerySet[Repository], named: str
    ) -> list[Repository | Namespace]:
        return [self._named(named)] if named else self._administered(holding)

    def _named(self, scope: str) -> Repository | Namespace:
        if "/" in scope:
            return repository_of(self.actor, scope)
        return namespace_of(self.actor, scope)

    def _administered(
        self, holding: QuerySet[Repository]
    ) -> list[Repository | Namespace]:
        """Return the namespaces, else the repositories, that the client administers."""
        rows = Repository.objects.permitted(self.actor, Action.ADMIN)
        mine = (
            rows.filter(pk__in=holding.values("pk"))
            .select_related("namespace")
            .order_by("pk")
        )
        keys = Namespace.objects.permitted(self.actor, Action.ADMIN).values("pk")
        whole = Namespace.objects.filter(
            pk__in=keys, repositories__in=mine.order_by().values("pk")
        )
        namespaces = list(whole.distinct().order_by("pk")[: MAX_SCOPES + 1])
        single = mine.exclude(namespace__in=namespaces)[: MAX_SCOPES + 1]
        found: list[Repository | Namespace] = [*namespaces, *single]
        if not found:
            message = "You administer no repository with this layer; ask an admin."
            raise PermissionDenied(message)
        if len(found) > MAX_SCOPES:
            message = f"The layer is in more than {MAX_SCOPES} places; name one."
            raise ValidationError({"scope": message})
        return found
