"""Create, change, switch and delete policies; every change makes a new version."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from accounts.services import audit
from promotions.models import PolicyConsent, PolicyVersion, PromotionPolicy
from promotions.permissions import require_policy_admin, require_policy_editor
from promotions.rules import TagTemplate, compile_rules, parse_rules
from promotions.services.cycles import refuse_cycle
from repositories.models import Repository

if TYPE_CHECKING:
    from accounts.access import Actor

CHOSEN = (
    "tag_template",
    "rules",
    "zone",
    "on_moved_tag",
    "on_conflict",
    "unscored",
    "unlicensed",
    "allow_unscannable",
    "origins",
    "exceptions_of",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a policy is to do: the content of its next version.

    `rules` are MSR's triples (`field`, `operator`, `values`), ANDed; none of them
    means that every tag matches. `allow_cycle` counts from administrators only.
    """

    source: Repository
    target: Repository
    tag_template: str
    rules: list[dict[str, Any]] = field(default_factory=list)
    zone: str = "UTC"
    on_moved_tag: str = PolicyVersion.OnMovedTag.LATEST_ONLY
    on_conflict: str = PolicyVersion.OnConflict.OVERWRITE
    unscored: str = PolicyVersion.Evidence.WAIT
    unlicensed: str = PolicyVersion.Evidence.WAIT
    allow_unscannable: bool = False
    origins: list[str] = field(default_factory=list)
    exceptions_of: str = PolicyVersion.Exceptions.SOURCE
    allow_cycle: bool = False

    @property
    def chosen(self) -> dict[str, Any]:
        """What is a column of the version under the same name."""
        return {name: getattr(self, name) for name in CHOSEN}

    @classmethod
    def of(cls, version: PolicyVersion, target: Repository) -> Draft:
        """Return the content of a version, to be changed into the next."""
        return cls(
            source=source_of(version),
            target=target,
            allow_cycle=version.allow_cycle,
            **{name: getattr(version, name) for name in CHOSEN},
        )


def create(
    *, actor: Actor, draft: Draft, enabled: bool = True, apply: bool = False
) -> PromotionPolicy:
    """Create a policy; needs admin on source and target.

    Raises ValidationError, with a sentence for each field, for rules or templates
    that cannot work. Existing tags are looked at only with `apply` (*Save & Apply*):
    the wish is stored with the policy, and the caller enqueues `apply_policy`.
    """
    require_policy_editor(actor, draft.source, draft.target)
    with transaction.atomic():
        policy = PromotionPolicy.objects.create(
            source_namespace=draft.source.namespace,
            enabled=enabled,
            apply_wanted_at=timezone.now() if apply and enabled else None,
        )
        _save_version(actor, policy, draft, number=1)
        _audit(actor, "create", policy, after=_shown(policy))
    return policy


def update(
    *,
    actor: Actor,
    policy: PromotionPolicy,
    changes: dict[str, Any],
    enabled: bool | None = None,
    apply: bool = False,
) -> PromotionPolicy:
    """Change what a policy does (a new version) and whether it is enabled.

    `changes` are fields of Draft; those that say what is so already make no new
    version. `apply` is as in `create`. Needs admin on source
    and target; switching off alone needs admin on either.
    """
    before = _shown(policy)
    draft = present = None
    if enabled is False and not changes:
        require_stopper(actor, policy)
    else:
        present = _present(actor, policy, changes)
        draft = replace(present, **changes)
        require_policy_editor(actor, draft.source, draft.target)
    with transaction.atomic():
        if draft and (draft != present or _is_elsewhere(policy, draft)):
            _save_version(actor, policy, draft, number=_version(policy).number + 1)
        _switch(policy, enabled=enabled, apply=apply)
        _audit(actor, "update", policy, before=before, after=_shown(policy))
    return policy


def delete(*, actor: Actor, policy: PromotionPolicy) -> None:
    """Delete a policy; needs admin on source or target. What it promoted stays."""
    require_stopper(actor, policy)
    with transaction.atomic():
        PromotionPolicy.objects.filter(pk=policy.pk).update(
            deleted_at=timezone.now(), enabled=False
        )
        _audit(actor, "delete", policy, before=_shown(policy))


def _switch(policy: PromotionPolicy, *, enabled: bool | None, apply: bool) -> None:
    """Write only what was asked for: somebody else may have switched meanwhile."""
    if enabled is not None:
        policy.enabled = enabled
        policy.save(update_fields=["enabled"])
    if apply and policy.enabled:
        policy.apply_wanted_at = timezone.now()
        policy.save(update_fields=["apply_wanted_at"])


def target_of(policy: PromotionPolicy) -> Repository:
    """Return the repository the policy promotes into; Http404 when it is gone."""
    found = find_target(policy)
    if found is None:
        target = _version(policy).target
        message = f"The target {target} does not exist any more."
        raise Http404(message)
    return found


def find_target(policy: PromotionPolicy) -> Repository | None:
    """Return the repository the policy promotes into; None when it is gone."""
    version = _version(policy)
    rows = Repository.objects.live().select_related("namespace")
    named = rows.filter(namespace=version.target_namespace, name=version.target_name)
    return named.first()


def source_of(version: PolicyVersion) -> Repository:
    """Return the one repository the version is about; Http404 for a pattern."""
    if version.source_repository is None:
        message = f"The source {version.source} is a pattern over repositories."
        raise Http404(message)
    return version.source_repository


def _present(actor: Actor, policy: PromotionPolicy, changes: dict[str, Any]) -> Draft:
    """Return what the policy does now, to who may change it.

    Where its target is gone, what is kept is changed by naming another one.
    """
    found = find_target(policy)
    target = found or changes.get("target") or target_of(policy)
    require_policy_editor(actor, source_of(_version(policy)), target)
    return Draft.of(_version(policy), target)


def _is_elsewhere(policy: PromotionPolicy, draft: Draft) -> bool:
    return _version(policy).target != draft.target.full_name


def require_stopper(actor: Actor, policy: PromotionPolicy) -> None:
    """Demand admin on source or target; where the target is gone, on the source."""
    source, target = source_of(_version(policy)), find_target(policy)
    require_policy_admin(actor, source, target or source)


def _version(policy: PromotionPolicy) -> PolicyVersion:
    version = policy.current_version
    if version is None:
        message = "The policy has no version."
        raise ValidationError(message)
    return version


def _save_version(
    actor: Actor, policy: PromotionPolicy, draft: Draft, *, number: int
) -> None:
    """Write the next version, after everything that can be checked was checked."""
    version = PolicyVersion(
        policy=policy,
        number=number,
        source_repository=draft.source,
        target_namespace=draft.target.namespace,
        target_name=draft.target.name,
        allow_cycle=draft.allow_cycle and actor.is_administrator,
        **draft.chosen,
        created_by=actor.user if isinstance(actor.user, User) else None,
    )
    version.full_clean(
        exclude=["created_by"], validate_unique=False, validate_constraints=False
    )
    _refuse_onto_itself(draft)
    _refuse_missing_groups(draft)
    if not version.allow_cycle:
        refuse_cycle(actor=actor, draft_version=version, policy=policy)
    try:
        with transaction.atomic():
            version.save()
    except IntegrityError as error:
        message = "Somebody else changed the policy meanwhile; reload and try again."
        raise ValidationError(message) from error
    for side in PolicyConsent.Side:
        PolicyConsent.objects.create(
            policy_version=version,
            side=side,
            answer=PolicyConsent.Answer.GIVEN,
            decided_by=version.created_by,
            decided_at=timezone.now(),
        )
    PromotionPolicy.objects.filter(pk=policy.pk).update(current_version=version)
    policy.current_version = version


def _refuse_onto_itself(draft: Draft) -> None:
    if draft.source == draft.target and draft.tag_template == "%n":
        message = (
            "The policy would promote each image onto itself: choose another target"
            " repository, or a template that makes another tag."
        )
        raise ValidationError({"tag_template": message})


def _refuse_missing_groups(draft: Draft) -> None:
    wanted = TagTemplate.parse(draft.tag_template).highest_group
    captured = compile_rules(parse_rules(draft.rules)).group_count
    if wanted > captured:
        message = (
            f"%{{{wanted}}} names a group, but the rules capture {captured}: add a"
            " rule “tag matches” with that many groups in parentheses."
        )
        raise ValidationError({"tag_template": message})


def _audit(
    actor: Actor,
    action: str,
    policy: PromotionPolicy,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=policy,
        namespace=policy.source_namespace,
        before=before,
        after=after,
    )


def _shown(policy: PromotionPolicy) -> dict[str, Any]:
    version = _version(policy)
    return {
        "enabled": policy.enabled,
        "version": version.number,
        "source": version.source,
        "target": version.target,
        "allow_cycle": version.allow_cycle,
        **{name: getattr(version, name) for name in CHOSEN},
    }
