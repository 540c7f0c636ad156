"""What can be found, and how: exact hits are asked for apart, before all others.

Names of tags and digests are compared from their beginning, which an index of either
database answers; those of namespaces and repositories, a hundredth of the rows, may
contain the word anywhere. Nothing is found that the reader may not pull.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Q, Subquery

from accounts.access import Action
from accounts.models import Namespace
from accounts.validators import MAX_NAME_LENGTH
from repositories.models import Repository, RepositoryManifest, Tag
from repositories.registry.reference import MAX_TAG

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.access import Actor
    from repositories.services.finding.term import Term


class Kind(StrEnum):
    """A group of results."""

    NAMESPACES = "namespaces"
    REPOSITORIES = "repositories"
    TAGS = "tags"
    IMAGES = "images"

    @property
    def order(self) -> str:
        """The field that pages go by, within a phase."""
        by_name = self in {Kind.NAMESPACES, Kind.REPOSITORIES}
        return "name" if by_name else "-created_at"


def phases(kind: Kind, actor: Actor, term: Term) -> list[QuerySet[Any]]:
    """Return lists to show one after the other, exact hits first; none overlap."""
    return _PHASES[kind](actor, term)


def _parted(rows: QuerySet[Any], exact: Q, like: Q) -> list[QuerySet[Any]]:
    return [rows.filter(exact), rows.filter(like).exclude(exact)]


def _namespaces(actor: Actor, term: Term) -> list[QuerySet[Any]]:
    word = term.text.lower()
    if "/" in word or ":" in word or len(word) > MAX_NAME_LENGTH:
        return []
    visible = Repository.objects.permitted(actor, Action.PULL).values("namespace")
    rows = Namespace.objects.concerning(actor, visible)
    return _parted(rows, Q(name=word), Q(name__contains=word))


def _repositories(actor: Actor, term: Term) -> list[QuerySet[Any]]:
    rows = Repository.objects.permitted(actor, Action.PULL)
    rows = rows.select_related("namespace")
    if not term.paths:
        word = term.text.lower()
        if ":" in word or len(word) > MAX_TAG:
            return []
        return _parted(rows, Q(name=word), Q(name__contains=word))
    exact, like = Q(pk__in=()), Q(pk__in=())
    for path in term.paths:
        namespace, _, name = path.lower().partition("/")
        exact |= Q(namespace__name=namespace, name=name)
        like |= Q(namespace__name=namespace, name__startswith=name)
    return _parted(rows, exact, like)


def _tags(actor: Actor, term: Term) -> list[QuerySet[Any]]:
    word = term.tag if term.paths else term.text
    if not word or len(word) > MAX_TAG or "/" in word:
        return []
    seen = Repository.objects.permitted(actor, Action.PULL)
    if term.paths:
        seen = seen.filter(named(term.paths))
    elif ":" in word:
        repository, _, word = word.rpartition(":")
        seen = seen.filter(name=repository)
    rows = Tag.objects.for_listing().filter(repository__in=seen.values("pk"))
    return _parted(rows, Q(name=word), Q(name__startswith=word))


def named(paths: list[str]) -> Q:
    """Return the condition "has one of these full names"."""
    found = Q(pk__in=())
    for path in paths:
        namespace, _, name = path.partition("/")
        found |= Q(namespace__name=namespace, name=name)
    return found


def _images(actor: Actor, term: Term) -> list[QuerySet[Any]]:
    prefix = term.digest_prefix
    if not prefix:
        return []
    seen = Repository.objects.permitted(actor, Action.PULL).values("pk")
    tags = Tag.objects.filter(
        repository=OuterRef("repository"), manifest=OuterRef("manifest")
    )
    newest = tags.order_by("-updated_at").values("name")[:1]
    held = RepositoryManifest.objects.filter(
        repository__in=seen, gone_at__isnull=True, manifest__digest__startswith=prefix
    )
    return [
        held.select_related("manifest", "repository__namespace")
        .defer("manifest__raw")
        .annotate(tag=Subquery(newest))
    ]


_PHASES = {
    Kind.NAMESPACES: _namespaces,
    Kind.REPOSITORIES: _repositories,
    Kind.TAGS: _tags,
    Kind.IMAGES: _images,
}
