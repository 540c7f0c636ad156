"""The one thing that a pasted reference names, if the reader may pull it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.access import Action
from repositories.models import Repository, Tag
from repositories.services.finding.kinds import named

if TYPE_CHECKING:
    from accounts.access import Actor
    from repositories.querysets import RepositoryQuerySet
    from repositories.services.finding.term import Term


def the_tag(actor: Actor, term: Term) -> Tag | None:
    """Return the tag that is named, or the only one of the digest that is."""
    if not (term.is_reference and (term.tag or term.digest)):
        return None
    rows = Tag.objects.for_listing().filter(repository__in=_seen(actor, term))
    if term.tag:
        return rows.filter(name=term.tag).first()
    tags = rows.filter(manifest__digest=term.digest)
    found = list(tags.order_by("-updated_at", "-id")[:2])
    is_one = len(found) == 1 or (found and term.paths)
    return found[0] if is_one else None


def the_repository(actor: Actor, term: Term) -> Repository | None:
    """Return the repository that a reference without a tag names."""
    if not (term.is_reference and term.paths and not term.tag):
        return None
    return _seen(actor, term).select_related("namespace").first()


def _seen(actor: Actor, term: Term) -> RepositoryQuerySet:
    rows = Repository.objects.permitted(actor, Action.PULL)
    return rows.filter(named(term.paths)) if term.paths else rows
