"""The pushes that a trial asks a policy about."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Concat

from accounts.access import Action
from accounts.models import Namespace
from promotions.models import Promotion, PromotionPolicy
from promotions.services.evaluate import is_subject
from repositories.models import Repository, Tag, TagMove

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

    from accounts.access import Actor
    from promotions.models import PolicyVersion
    from repositories.querysets import RepositoryQuerySet

T = TypeVar("T")

_WITH = ("repository__namespace", "to_manifest", "originated_by")
_RAW = "to_manifest__raw"
_WILD_OR_PLAIN = re.compile(r"\*\*?|[^*]+")
_WILD = {"*": "[^/]*", "**": ".*"}


def sources_of(actor: Actor, version: PolicyVersion) -> RepositoryQuerySet:
    """Return the repositories the version is about, as far as the actor may pull."""
    rows = Repository.objects.permitted(actor, Action.PULL)
    if version.source_repository_id is not None:
        return rows.filter(pk=version.source_repository_id)
    full_name = Concat("namespace__name", Value("/"), "name", output_field=CharField())
    matching = rows.alias(full=full_name).filter(
        full__regex=_expression(version.source_pattern)
    )
    return _in_scope(matching, version)


def _expression(pattern: str) -> str:
    """Return a repository pattern as a regular expression that both databases read.

    Names hold letters, digits and `._-/`; of these the dot alone means more.
    """
    tokens = _WILD_OR_PLAIN.findall(pattern)
    parts = [_WILD.get(token, token.replace(".", "[.]")) for token in tokens]
    return f"^{''.join(parts)}$"


def _in_scope(rows: RepositoryQuerySet, version: PolicyVersion) -> RepositoryQuerySet:
    """Leave out where the policy would not act once the version is saved.

    Saving a global one admits the namespaces that its pattern comes to meet.
    """
    policy = version.policy
    if policy.scope == PromotionPolicy.Scope.NAMESPACE:
        return rows.filter(namespace=policy.source_namespace_id)
    if "*" in version.source_pattern.partition("/")[0]:
        rows = rows.exclude(namespace__kind=Namespace.Kind.USER)
    current = policy.current_version
    if current is None or current.source_pattern != version.source_pattern:
        return rows
    return rows.filter(namespace__in=policy.admissions.values("namespace"))


def current_moves(
    sources: QuerySet[Repository], limit: int
) -> tuple[list[TagMove], bool]:
    """Return the moves that the newest tags are at, and whether there are more tags.

    They are in the order in which *Save & Apply* looks at the tags.
    """
    moves = [f"current_move__{name}" for name in _WITH]
    tags = Tag.objects.filter(repository__in=sources.values("pk"))
    rows = tags.select_related(*moves).defer(f"current_move__{_RAW}")
    newest = rows.order_by("-updated_at", "-id").iterator()
    subjects = (tag for tag in newest if is_subject(tag.current_move))
    kept, is_cut = _first(subjects, limit)
    kept.sort(key=lambda tag: tag.pk)
    return [tag.current_move for tag in kept], is_cut


def past_moves(
    sources: QuerySet[Repository],
    *,
    since: datetime,
    until: datetime,
    policy: PromotionPolicy | None,
    limit: int,
) -> tuple[list[TagMove], bool]:
    """Return the newest pushes of that time, in order, and whether there were more.

    What the policy itself promoted is no push to ask it about.
    """
    moves = not_by(policy, TagMove.objects.all()).filter(
        repository__in=sources.values("pk"),
        to_manifest__isnull=False,
        is_baseline=False,
        moved_at__range=(since, until),
        # No move is written down before it happens, and this column has an index.
        created_at__gte=since,
    )
    rows = moves.select_related(*_WITH).defer(_RAW).order_by("-moved_at", "-id")
    kept, is_cut = _first(filter(is_subject, rows.iterator()), limit)
    return kept[::-1], is_cut


def not_by(
    policy: PromotionPolicy | None, moves: QuerySet[TagMove]
) -> QuerySet[TagMove]:
    """Leave out what promotions of the policy did."""
    if policy is None:
        return moves
    own = Promotion.objects.filter(policy=policy, uuid=OuterRef("promotion_uuid"))
    return moves.filter(~Exists(own))


def _first(rows: Iterable[T], limit: int) -> tuple[list[T], bool]:
    found = list(islice(rows, limit + 1))
    return found[:limit], len(found) > limit
