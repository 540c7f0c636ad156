"""Policies as a file: what the actor administers and may know of, and nothing else."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.access import Action
from accounts.models import Namespace
from promotions.models import PromotionPolicy
from promotions.services.policies.draft import Draft
from promotions.services.policies.shown import shown, spoken_for
from promotions.services.policy_files.keys import give_keys
from promotions.services.policy_files.reading import MAX_BYTES
from promotions.services.policy_files.schema import (
    MAX_NAMESPACES,
    MAX_POLICIES,
    VERSION,
)
from promotions.services.policy_files.shape import DEFAULT_NAME, FIELDS, Scope
from promotions.services.policy_files.state import (
    identity_of,
    namespaces_in,
    policies_of,
)
from promotions.services.policy_files.writing import InLine, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.access import Actor
    from promotions.models import PolicyVersion
    from promotions.services.policies.shown import Shown

_DEFAULTS = {
    one.name: one.default if one.default is not MISSING else [] for one in fields(Draft)
}


def export(*, actor: Actor, scope: Scope, schema_url: str = "") -> str:
    """Return the policies of a scope as a file, always the same for the same policies.

    Each namespace is one that the actor administers; Http404 or PermissionDenied
    otherwise. A policy with an end that the actor may not know is left out, and a
    comment counts it; so are proposals to change what runs. Policies without a key are
    given one, which they keep. Raises ValidationError for more than a file may hold.
    `schema_url` is for the editor.
    """
    namespaces_in(actor, scope)
    with transaction.atomic():
        found = policies_of(scope, locked=True)
        give_keys(found)
    ends = shown(actor, [policy.shown_version for policy in found])
    known = [one for one in found if _is_known(one, ends)]
    known.sort(key=lambda one: (one.source_namespace is None, identity_of(one)))
    own = spoken_for(actor, [one.shown_version for one in known])
    value = {
        "version": VERSION,
        "name": _name(known),
        "scope": _scope(scope),
        "policies": [
            _entry(one, propose=one.shown_version.pk not in own) for one in known
        ],
    }
    content = f"{_comments(found, known, schema_url)}{written(value)}"
    _refuse_too_much(scope, known, content)
    return content


def _refuse_too_much(
    scope: Scope, policies: list[PromotionPolicy], content: str
) -> None:
    """Refuse to make a file that could not be read again."""
    is_too_much = (
        len(scope.namespaces) > MAX_NAMESPACES
        or len(policies) > MAX_POLICIES
        or len(content.encode()) > MAX_BYTES
    )
    if is_too_much:
        message = (
            f"A file holds at most {MAX_POLICIES} policies of {MAX_NAMESPACES}"
            f" namespaces, and {MAX_BYTES // 1024} KiB: export fewer namespaces at a"
            " time."
        )
        raise ValidationError(message)


def everything(actor: Actor) -> Scope:
    """Return the widest scope that the actor may export."""
    rows = Namespace.objects.permitted(actor, Action.ADMIN)
    own = PromotionPolicy.objects.filter(deleted_at=None)
    names = rows.filter(pk__in=own.values("source_namespace")).order_by("name")
    return Scope(
        tuple(names.values_list("name", flat=True)), is_global=actor.is_administrator
    )


def _is_known(policy: PromotionPolicy, ends: dict[int, Shown]) -> bool:
    version = policy.shown_version
    source = version.source_repository
    is_there = source is None or source.deleted_at is None
    return is_there and ends[version.pk].is_whole


def _name(policies: Iterable[PromotionPolicy]) -> str:
    """Return the name of the file that owns them, where it is one."""
    names = {policy.managed_by for policy in policies} - {""}
    return names.pop() if len(names) == 1 else DEFAULT_NAME


def _scope(scope: Scope) -> dict[str, Any]:
    value: dict[str, Any] = {}
    if scope.namespaces:
        value["namespaces"] = sorted(scope.namespaces)
    if scope.is_global:
        value["global"] = True
    return value


def _entry(policy: PromotionPolicy, *, propose: bool) -> dict[str, Any]:
    version = policy.shown_version
    entry: dict[str, Any] = {"key": policy.key}
    if version.source_pattern:
        entry["sourcePattern"] = version.source_pattern
    else:
        entry["sourceRepository"] = version.source
    if policy.scope == PromotionPolicy.Scope.GLOBAL:
        entry["global"] = True
    entry["targetRepository"] = version.target
    entry["tagTemplate"] = version.tag_template
    entry["enabled"] = policy.enabled
    if propose:
        entry["propose"] = True
    return entry | _chosen(version)


def _chosen(version: PolicyVersion) -> dict[str, Any]:
    """Return what differs from what a policy does that says nothing of it."""
    chosen = {name: getattr(version, column) for name, column in FIELDS.items()}
    del chosen["tagTemplate"]
    rules = [_rule(rule) for rule in chosen.pop("rules")]
    others = {
        name: value
        for name, value in chosen.items()
        if value != _DEFAULTS[FIELDS[name]]
    }
    return ({"rules": rules} if rules else {}) | others


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    if "any" in rule:
        return {"any": [_rule(one) for one in rule["any"]]}
    return InLine({name: rule[name] for name in ("field", "operator", "values")})


def _comments(
    found: list[PromotionPolicy], known: list[PromotionPolicy], schema_url: str
) -> str:
    lines = [f"# yaml-language-server: $schema={schema_url}"] if schema_url else []
    if hidden := len(found) - len(known):
        lines.append(f"# Left out, since an end is gone or hidden from you: {hidden}")
    proposals = [one for one in known if one.current_version and one.proposed_version]
    if proposals:
        lines.append(f"# Left out, proposals that wait for an answer: {len(proposals)}")
    return "".join(f"{line}\n" for line in lines)
