"""The keys that rules on signatures name: of a namespace, and of the whole registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.api import Form, Operation
from accounts.models import Namespace
from repositories.api.lookup import namespace_of
from repositories.models import SigningKey
from repositories.services import signing_keys

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.access import Actor


class SigningKeyForm(Form):
    """A new key; `publicKey` is PEM."""

    name = serializers.CharField()
    public_key = serializers.CharField()


class _KeyList(Operation):
    def listed(self, owner: Namespace | None) -> Response:
        rows = SigningKey.objects.select_related("namespace", "created_by")
        return self.paged(
            rows.filter(namespace=owner),
            lambda page: {"signingKeys": [_render(key) for key in page]},
        )

    def created(self, owner: Namespace | None) -> Response:
        values = self.body(SigningKeyForm)
        made = signing_keys.create(actor=self.actor, namespace=owner, **values)
        return Response(_render(made), status=201)


class SigningKeyList(_KeyList):
    """`/signingKeys`: those of the whole registry."""

    def get(self, _request: Request) -> Response:
        """List the registry's keys, for everybody who signed in."""
        return self.listed(None)

    def post(self, _request: Request) -> Response:
        """Register a key for the whole registry; for administrators."""
        return self.created(None)


class NamespaceSigningKeyList(_KeyList):
    """`/repositoryNamespaces/{namespace}/signingKeys`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, namespace: str) -> Response:
        """List the keys of a namespace, for everybody who sees it."""
        return self.listed(_namespace(self.actor, namespace))

    def post(self, _request: Request, namespace: str) -> Response:
        """Register a key; for admins of the namespace."""
        return self.created(_namespace(self.actor, namespace))


class SigningKeyDetail(Operation):
    """`/signingKeys/{name}`."""

    def delete(self, _request: Request, name: str) -> Response:
        """Retire a key of the registry; no error where it is retired."""
        signing_keys.retire(actor=self.actor, key=_key(None, name))
        return Response(status=204)


class NamespaceSigningKey(Operation):
    """`/repositoryNamespaces/{namespace}/signingKeys/{name}`."""

    missing = "NO_SUCH_ACCOUNT"

    def delete(self, _request: Request, namespace: str, name: str) -> Response:
        """Retire a key of a namespace; no error where it is retired."""
        owner = _namespace(self.actor, namespace)
        signing_keys.retire(actor=self.actor, key=_key(owner, name))
        return Response(status=204)


def _namespace(actor: Actor, name: str) -> Namespace:
    """Return the namespace for its members, too; raises NO_SUCH_ACCOUNT."""
    known = Namespace.objects.visible_to(actor).filter(name=name).first()
    return known or namespace_of(actor, name)


def _key(owner: Namespace | None, name: str) -> SigningKey:
    rows = SigningKey.objects.select_related("namespace")
    key = rows.filter(namespace=owner, name=name).first()
    if key is None:
        message = f"There is no key “{f'{owner}/{name}' if owner else name}”."
        raise NotFound(message, code="NO_SUCH_SIGNING_KEY")
    return key


def _render(key: SigningKey) -> dict[str, Any]:
    return {
        "id": key.uuid,
        "reference": key.reference,
        "namespace": key.namespace.name if key.namespace else None,
        "name": key.name,
        "publicKey": key.public_key,
        "fingerprint": key.fingerprint,
        "createdAt": key.created_at,
        "createdBy": key.created_by.get_username(),
        "retiredAt": key.retired_at,
    }
