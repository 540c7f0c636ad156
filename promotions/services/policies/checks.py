"""What is refused when a version is saved or agreed to, beside its single fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from accounts.access import Action
from promotions.models import PromotionPolicy
from promotions.rules import TagTemplate, compile_rules, parse_rules
from promotions.rules.repository_pattern import RepositoryPattern, TargetPattern
from promotions.services.cycles import refuse_cycle
from promotions.services.policies.survey import survey
from repositories.models import Repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.access import Actor
    from promotions.models import PolicyVersion
    from promotions.services.policies.draft import Draft
    from promotions.services.policies.survey import Pair

NAMED = 3


def checked_version(
    *, actor: Actor, draft: Draft, policy: PromotionPolicy | None = None
) -> PolicyVersion:
    """Return the version that a draft describes, to be tried; nothing is saved.

    `policy` is the one it is to be a version of. Raises ValidationError as on saving,
    but for what depends on other policies and on what exists.
    """
    version = draft.as_version(actor, policy)
    check_version(version)
    return version


def check_version(version: PolicyVersion) -> None:
    """Raise ValidationError for fields that make no sense, alone or together."""
    version.full_clean(
        exclude=["policy", "created_by", "source_repository", "target_namespace"],
        validate_unique=False,
        validate_constraints=False,
    )
    _refuse_foreign_source(version)
    _refuse_pattern_of_one(version)
    _refuse_onto_itself(version)
    _refuse_missing_groups(version)


def check_effects(actor: Actor, version: PolicyVersion) -> None:
    """Raise ValidationError for a loop, or images that would become public unasked.

    For who may know the target; asked again when a proposal is accepted.
    """
    if not version.allow_cycle:
        refuse_cycle(actor=actor, draft_version=version, policy=version.policy)
    if version.source_pattern and not version.allow_public_target:
        _refuse_publishing(actor, version)


def _refuse_foreign_source(version: PolicyVersion) -> None:
    """Keep the policies of a namespace within it."""
    namespace = version.policy.source_namespace
    if not version.source_pattern or namespace is None:
        return
    if RepositoryPattern.parse(version.source_pattern).namespace != namespace.name:
        message = (
            f"A policy of the namespace {namespace} is about its own repositories:"
            f" write {namespace}/** or another pattern that begins with {namespace}/."
        )
        raise ValidationError({"source_pattern": message})


def _refuse_pattern_of_one(version: PolicyVersion) -> None:
    if version.policy.scope != PromotionPolicy.Scope.REPOSITORY:
        return
    target = version.target_pattern
    if target and not TargetPattern.parse(target).names_repository:
        message = "The policy has one source: write the full name of its target."
        raise ValidationError({"target_repository": message})


def _refuse_onto_itself(version: PolicyVersion) -> None:
    if version.source == version.target and version.tag_template == "%n":
        message = (
            "The policy would promote each image onto itself: choose another target"
            " repository, or a template that makes another tag."
        )
        raise ValidationError({"tag_template": message})


def _refuse_missing_groups(version: PolicyVersion) -> None:
    wanted = TagTemplate.parse(version.tag_template).highest_group
    captured = compile_rules(parse_rules(version.rules)).group_count
    if wanted > captured:
        message = (
            f"%{{{wanted}}} names a group, but the rules capture {captured}: add a"
            " rule “tag matches” with that many groups in parentheses."
        )
        raise ValidationError({"tag_template": message})


def _refuse_publishing(actor: Actor, version: PolicyVersion) -> None:
    publishing = survey(version).publishing
    if not publishing:
        return
    message = (
        "Images of private repositories would become public"
        f"{_listed(actor, publishing)}. Allow that, or choose targets that are private."
    )
    raise ValidationError({"allow_public_target": message})


def _listed(actor: Actor, pairs: Sequence[Pair]) -> str:
    """Name some of the pairs, and of those only what the actor may know.

    Who accepts for the target was told a pattern, not what there is of it.
    """
    among = Repository.objects.permitted(actor, Action.PULL)
    known = [one for one in pairs if among.named(one.source).exists()][:NAMED]
    if not known:
        return ""
    listed = ", ".join(f"{one.source} → {one.target}" for one in known)
    more = len(pairs) - len(known)
    return f": {listed}{f' and {more} more' if more > 0 else ''}"
