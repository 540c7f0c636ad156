"""In which namespaces a global policy may act: administrators say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.permissions import require_administrator
from accounts.services import audit
from promotions.models import NamespaceAdmission, PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services.policies.survey import namespaces_of

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import Namespace
    from promotions.models import PolicyVersion


def admit(*, actor: Actor, policy: PromotionPolicy, namespace: Namespace) -> None:
    """Let a global policy act in a namespace that its pattern meets."""
    require_administrator(actor)
    _refuse_elsewhere(policy, namespace)
    with transaction.atomic():
        if admit_all(actor, policy, [namespace]):
            _audit(actor, "admit", policy, namespace)


def dismiss(*, actor: Actor, policy: PromotionPolicy, namespace: Namespace) -> None:
    """Keep a global policy out of a namespace; what it promoted stays."""
    require_administrator(actor)
    rows = NamespaceAdmission.objects.filter(policy=policy, namespace=namespace)
    with transaction.atomic():
        if rows.delete()[0]:
            _audit(actor, "dismiss", policy, namespace)


def admit_all(
    actor: Actor, policy: PromotionPolicy, namespaces: list[Namespace]
) -> list[NamespaceAdmission]:
    """Write the admissions that are missing; the caller has checked the right."""
    known = NamespaceAdmission.objects.filter(policy=policy)
    present = set(known.values_list("namespace", flat=True))
    by = actor.user if isinstance(actor.user, User) else None
    rows = [
        NamespaceAdmission(policy=policy, namespace=one, admitted_by=by)
        for one in namespaces
        if one.pk not in present
    ]
    return NamespaceAdmission.objects.bulk_create(rows, ignore_conflicts=True)


def admit_reached(actor: Actor, version: PolicyVersion) -> None:
    """Admit the namespaces that a global version meets when it is saved."""
    admit_all(actor, version.policy, namespaces_of(version))


def _refuse_elsewhere(policy: PromotionPolicy, namespace: Namespace) -> None:
    if policy.scope != PromotionPolicy.Scope.GLOBAL:
        message = "Only a global policy is admitted to namespaces."
        raise ValidationError(message)
    pattern = RepositoryPattern.parse(policy.shown_version.source_pattern)
    if not pattern.admits(namespace.name, is_personal=namespace.is_personal):
        message = (
            f"The policy is not about repositories of {namespace}; a personal namespace"
            " has to be named by its pattern."
        )
        raise ValidationError(message)


def _audit(
    actor: Actor, action: str, policy: PromotionPolicy, namespace: Namespace
) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=policy,
        namespace=namespace,
        after={"namespace": namespace.name},
    )
