"""Promote one tag by hand, as MSR's one-off promotion does."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from accounts.services import audit
from promotions.models import Promotion
from promotions.permissions import require_promoter
from repositories.validators import validate_tag_name

if TYPE_CHECKING:
    from accounts.access import Actor
    from repositories.models import Repository, Tag


def promote_by_hand(
    *,
    actor: Actor,
    tag: Tag,
    target: Repository,
    target_tag: str,
    comment: str = "",
    request_uuid: UUID | None = None,
) -> Promotion:
    """Write the promotion of what `tag` points to now; the caller enqueues its run.

    Needs pull on the source and push on the target, checked again when it runs. The
    same `request_uuid` twice is one promotion. Raises ValidationError.
    """
    source = tag.repository
    require_promoter(actor, source, target)
    if not isinstance(actor.user, User):
        message = "Sign in to promote by hand."
        raise PermissionDenied(message)
    validate_tag_name(target_tag)
    if (source.pk, tag.name) == (target.pk, target_tag):
        message = "Choose another repository or tag: this would change nothing."
        raise ValidationError(message)
    with transaction.atomic():
        promotion, created = Promotion.objects.get_or_create(
            idempotency_key=f"request:{request_uuid or uuid4()}:{actor.user.pk}",
            defaults={
                "requested_by": actor.user,
                "comment": comment,
                "source_repository": source,
                "source_tag": tag.name,
                "tag_move": tag.current_move,
                "manifest": tag.manifest,
                "target_namespace": target.namespace,
                "target_name": target.name,
                "target_repository": target,
                "target_tag": target_tag,
                "root_move": tag.current_move,
                "originated_by": tag.current_move.originated_by or actor.user.person,
            },
        )
        if created:
            _audit(actor, promotion)
    return promotion


def _audit(actor: Actor, promotion: Promotion) -> None:
    audit.record(
        actor=actor,
        action="promote by hand",
        subject=promotion,
        namespace=promotion.source_repository.namespace,
        after={"target": promotion.target, "comment": promotion.comment},
    )
