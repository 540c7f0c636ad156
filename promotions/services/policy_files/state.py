"""The policies in the scope of a file as they are now, and a fingerprint of them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.http import Http404

from accounts.access import Action
from accounts.models import Namespace
from accounts.permissions import require, require_administrator
from promotions.models import PromotionPolicy
from repositories.models import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.access import Actor
    from promotions.services.policy_files.shape import Identity, PolicyFile, Scope


def namespaces_in(actor: Actor, scope: Scope) -> list[Namespace]:
    """Return the namespaces of a scope, by name; the actor administers each.

    Raises Http404 for one that is not there, or must look so, and PermissionDenied.
    A global scope is for administrators.
    """
    if scope.is_global:
        require_administrator(actor)
    found = {
        row.name: row for row in Namespace.objects.filter(name__in=scope.namespaces)
    }
    for name in scope.namespaces:
        if name not in found:
            message = "No namespace with this name is visible to you."
            raise Http404(f"{name}: {message}")
        _require(actor, found[name])
    return [found[name] for name in sorted(found)]


def _require(actor: Actor, namespace: Namespace) -> None:
    try:
        require(actor, Action.ADMIN, namespace)
    except Http404 as error:
        raise Http404(f"{namespace.name}: {error}") from error


def repositories_in(actor: Actor, file: PolicyFile) -> dict[str, Repository]:
    """Return the repositories that a file names and the actor sees, by full name."""
    names = {name for one in file.entries for name in (one.source, one.target)}
    parts = [name.partition("/") for name in names]
    rows = Repository.objects.permitted(actor, Action.PULL).filter(
        namespace__name__in={part[0] for part in parts},
        name__in={part[2] for part in parts},
    )
    found = {row.full_name: row for row in rows.select_related("namespace")}
    return {name: row for name, row in found.items() if name in names}


def policies_of(scope: Scope, *, locked: bool = False) -> list[PromotionPolicy]:
    """Return the policies in a scope, the oldest first.

    With `locked`, whoever else applies a file to the same scope, or changes one of
    them, waits for the end of this transaction.
    """
    inside = Q(source_namespace__name__in=scope.namespaces)
    if scope.is_global:
        inside |= Q(scope=PromotionPolicy.Scope.GLOBAL)
    if locked:
        _lock(scope, inside)
    rows = PromotionPolicy.objects.kept().with_consents().filter(inside)
    found = list(rows.order_by("created_at", "id"))
    for policy in found:
        for version in (policy.current_version, policy.proposed_version):
            if version is not None:
                version.policy = policy  # so that nobody fetches it again
    return found


def _lock(scope: Scope, inside: Q) -> None:
    spaces = Namespace.objects.filter(name__in=scope.namespaces).order_by("pk")
    list(spaces.select_for_update(no_key=True).values_list("pk"))
    rows = PromotionPolicy.objects.filter(inside, deleted_at=None).order_by("pk")
    list(rows.select_for_update(of=("self",), no_key=True).values_list("pk"))


def identity_of(policy: PromotionPolicy) -> Identity:
    """Return what a file finds the policy by; the key is "" where it has none."""
    namespace = policy.source_namespace
    return (namespace.name if namespace else "", policy.key)


def fingerprint(
    content: bytes | str, options: Any, policies: Iterable[PromotionPolicy]
) -> str:
    """Return what changes with the file, the options, or any policy in its scope."""
    text = content.encode() if isinstance(content, str) else content
    seen = {
        "file": hashlib.sha256(text).hexdigest(),
        "options": options,
        "policies": sorted(map(_traits, policies)),
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def _traits(policy: PromotionPolicy) -> list[str]:
    current, proposed = policy.current_version, policy.proposed_version
    return [
        str(policy.uuid),
        policy.key,
        policy.managed_by,
        str(policy.managed_enabled),
        str(policy.enabled),
        policy.standing.value,
        str(current and current.uuid),
        str(proposed and proposed.uuid),
    ]
