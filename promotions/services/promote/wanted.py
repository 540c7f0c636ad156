"""Whether a promotion is still wanted, asked at the last moment before the copy."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypedDict, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404

from accounts.access import Actor
from promotions.models import (
    NamespaceAdmission,
    PolicyConsent,
    PolicyVersion,
    Promotion,
    PromotionPolicy,
)
from promotions.permissions import require_promoter, target_of
from promotions.services.placement import NotPlaced
from repositories.models import Repository, RepositoryManifest, Tag

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import WithAnnotations

    class Wanted(TypedDict):
        """Whether the source still holds the image, and its tag points to it.

        And whether each side still agrees to the version of the policy that decided.
        """

        is_held: bool
        is_current: bool
        source_agrees: bool
        target_agrees: bool

    WantedPromotion = WithAnnotations[Promotion, Wanted]


def load(promotion_id: int) -> WantedPromotion:
    """Return the promotion with what a copy needs; claiming it is another matter."""
    return cast("WantedPromotion", _rows().get(pk=promotion_id))


@cache
def _rows() -> QuerySet[Promotion]:
    """Return the query of `load`, built once per process.

    The repositories are left to queries of their own: with them PostgreSQL plans the
    join longer than it answers both.
    """
    held = RepositoryManifest.objects.filter(
        repository=OuterRef("source_repository"),
        manifest=OuterRef("manifest"),
        gone_at__isnull=True,
    )
    pointing = Tag.objects.filter(
        repository=OuterRef("source_repository"),
        name=OuterRef("source_tag"),
        manifest=OuterRef("manifest"),
    )
    rows: QuerySet[Promotion] = Promotion.objects.all()
    rows = rows.select_related("policy", "policy_version", "manifest")
    return rows.annotate(
        is_held=Exists(held),
        is_current=Exists(pointing),
        source_agrees=_agreed(PolicyConsent.Side.SOURCE),
        target_agrees=_agreed(PolicyConsent.Side.TARGET),
    )


def _agreed(side: str) -> Exists:
    return Exists(
        PolicyConsent.objects.filter(
            policy_version=OuterRef("policy_version"),
            side=side,
            answer=PolicyConsent.Answer.GIVEN,
        )
    )


def check_still_wanted(promotion: WantedPromotion) -> None:
    """Raise NotPlaced where what held when the promotion was decided holds no more."""
    if promotion.requested_by_id is not None:
        _check_rights(promotion)
    if promotion.policy_version is not None:
        _check_policy(promotion, promotion.policy_version)
    if not promotion.is_held or promotion.source_repository.deleted_at:
        raise source_gone()


def source_gone() -> NotPlaced:
    """Return why an image is not copied that its repository does not hold any more."""
    message = "The image was deleted from the source repository."
    return NotPlaced("SOURCE_GONE", message)


def superseded(source: str) -> NotPlaced:
    """Return why an image is not copied that its tag does not point to any more."""
    return NotPlaced("SUPERSEDED", f"{source} points to another image by now.")


def _check_policy(promotion: WantedPromotion, version: PolicyVersion) -> None:
    policy = promotion.policy
    if policy is None or not policy.enabled or policy.deleted_at:
        message = "The policy was disabled or deleted before the image was copied."
        raise NotPlaced("POLICY_DISABLED", message)
    if not (promotion.source_agrees and promotion.target_agrees):
        raise NotPlaced("CONSENT_WITHDRAWN", _who_disagrees(promotion, version))
    _check_admission(promotion, policy)
    every_push = version.on_moved_tag == PolicyVersion.OnMovedTag.EVERY_PUSH
    if not (every_push or promotion.is_current):
        raise superseded(promotion.source)


def _who_disagrees(promotion: WantedPromotion, version: PolicyVersion) -> str:
    side = "target" if promotion.source_agrees else "source"
    rows = version.consents.filter(side=side).select_related("decided_by")
    consent = rows.first()
    if consent is None:
        return f"The {side} of the policy has not agreed to it."
    verb = "declined" if consent.answer == consent.Answer.DECLINED else "withdrew"
    return f"{consent.decided_by or 'The portal'} {verb} the consent of its {side}."


def _check_admission(promotion: Promotion, policy: PromotionPolicy) -> None:
    """Ask of a global policy whether an administrator let it act in the namespace."""
    if policy.scope != PromotionPolicy.Scope.GLOBAL:
        return
    namespace = promotion.source_repository.namespace
    rows = NamespaceAdmission.objects.filter(policy=policy, namespace=namespace)
    if not rows.exists():
        # Not named: readers of the target see the sentence, too.
        message = "The global policy is not admitted to the namespace of the source."
        raise NotPlaced("NOT_ADMITTED", message)


def _check_rights(promotion: Promotion) -> None:
    """Ask again whether the person who asked for it is still allowed to promote."""
    user, target = promotion.requested_by, target_of(promotion)
    if user is None or target is None:
        return
    try:
        require_promoter(Actor(user), promotion.source_repository, target)
    except (PermissionDenied, Http404) as error:
        message = f"{user} may not promote here any more."
        raise NotPlaced("NOT_AUTHORIZED", message) from error


def refuse_publishing(
    version: PolicyVersion | None, source: Repository, target: Repository
) -> None:
    """Raise NotPlaced where a pattern would make a private repository's image public.

    A repository that is named was looked at by who saved the policy.
    """
    if version is None or version.allow_public_target:
        return
    if not (version.source_pattern or version.target_pattern):
        return
    if target.is_public and not source.is_public:
        message = (
            f"{target} is public and {source} is private: save the policy with its"
            " consent to public targets, or make the target private."
        )
        raise NotPlaced("PRIVATE_TO_PUBLIC", message)
