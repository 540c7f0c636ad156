"""Reads: which repositories and tags somebody may see, and which work is open."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, uuid4

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from typing_extensions import override

from accounts.access import Action, Actor
from accounts.models import Namespace
from accounts.querysets import PermittedQuerySet, granted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repositories.models.attachment import (
        AttachmentNotice,
    )
    from repositories.models.event import RegistryEvent
    from repositories.models.exception import (
        VulnerabilityException,
    )
    from repositories.models.manifest import Manifest
    from repositories.models.repository import Repository
    from repositories.models.scan import Scan
    from repositories.models.signing_key import (
        ImageSignature,
        SigningKey,
    )
    from repositories.models.tag import Tag, TagMove


class RepositoryQuerySet(PermittedQuerySet["Repository"]):
    """Repositories."""

    def live(self) -> Self:
        """Return those that were not deleted."""
        return self.filter(deleted_at__isnull=True)

    def named(self, full_name: str) -> Self:
        """Return the live repository of that OCI name, or nothing."""
        namespace, _, name = full_name.partition("/")
        return self.live().filter(namespace__name=namespace, name=name)

    def granted_to(self, actor: Actor) -> Self:
        """Return those on which the actor has a grant, alone or with a team."""
        return self.live().filter(
            granted("repositories.Repository", actor, Action.PULL)
        )

    def with_last_push(self) -> Self:
        """Add `last_pushed_at`, the newest move of a tag; None without tags."""
        tags = self.model.tags.rel.related_model._default_manager
        newest = tags.filter(repository=OuterRef("pk")).order_by("-updated_at")
        return self.annotate(last_pushed_at=Subquery(newest.values("updated_at")[:1]))

    @override
    def permitted(self, actor: Actor, action: Action) -> Self:
        return super().permitted(actor, action).live()

    @override
    def open_to_all(self, action: Action) -> Self:
        if action != Action.PULL:
            return self.none()
        return self.filter(visibility="public")

    @override
    def allowed_to(self, actor: Actor, action: Action) -> Self:
        namespaces = Namespace.objects.permitted(actor, action).values("pk")
        allowed = Q(namespace__in=namespaces)
        allowed |= granted("repositories.Repository", actor, action)
        if action == Action.PULL:
            allowed |= Q(visibility="public")
        return self.filter(allowed)

    @override
    def within(self, actor: Actor) -> Self:
        limit = actor.namespace_limit
        return self if limit is None else self.filter(namespace=limit)


class ManifestQuerySet(models.QuerySet["Manifest"]):
    """Manifests, always read through a repository that holds them."""

    def held_by(self, repository: Repository) -> Self:
        return self.filter(
            holders__repository=repository, holders__gone_at__isnull=True
        )


class TagQuerySet(models.QuerySet["Tag"]):
    """Tags."""

    def for_listing(self) -> Self:
        """Return the tags with what a list shows of each, in one query."""
        return self.select_related(
            "manifest", "current_move", "repository__namespace"
        ).defer("manifest__raw")


class TagMoveQuerySet(models.QuerySet["TagMove"]):
    """Moves of tags."""

    def latest_of(self, repository: Repository, tag: str) -> TagMove | None:
        """Return the last move of the tag; None when it never existed."""
        moves = self.filter(repository=repository, tag=tag)
        return moves.order_by("-id").first()


class ScanQuerySet(models.QuerySet["Scan"]):
    """Scans."""

    def trusted_in(self, repository: Repository, origins: Iterable[str] = ()) -> Self:
        """Return the current scans that count for a repository.

        Those without a trust scope always do; those made for the repository or its
        namespace only when `origins` names theirs.
        """
        everywhere = Q(trusted_repository__isnull=True, trusted_namespace__isnull=True)
        here = Q(trusted_repository=repository) | Q(
            trusted_namespace=repository.namespace_id
        )
        named = here & Q(origin__in=list(origins))
        return self.filter(everywhere | named, is_current=True)


class VulnerabilityExceptionQuerySet(models.QuerySet["VulnerabilityException"]):
    """Hidden vulnerabilities."""

    def in_force(self, at: datetime) -> Self:
        """Return those that neither ended nor expired at that time."""
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=at), ended_at__isnull=True
        )

    def covering(self, repository: Repository, digests: Iterable[str]) -> Self:
        """Return those in whose scope images of the repository lie."""
        in_repository = Q(repository=repository) & (
            Q(digest="") | Q(digest__in=list(digests))
        )
        return self.filter(in_repository | Q(namespace=repository.namespace_id))


class SigningKeyQuerySet(models.QuerySet["SigningKey"]):
    """Keys by which signatures are recognised."""

    def usable(self) -> Self:
        return self.filter(retired_at__isnull=True)

    def overlooked(self, before: datetime) -> Self:
        """Return those made or retired before, after which nobody decided again."""
        changed = Coalesce("retired_at", "created_at")
        rows = self.alias(changed_at=changed).filter(changed_at__lt=before)
        return rows.filter(noticed_at__isnull=True)

    def called(self, references: Iterable[str]) -> Self:
        """Return those that rules call so: `namespace/name`, or `name`."""
        found = Q(pk__in=())
        for reference in references:
            namespace, slash, name = reference.rpartition("/")
            of = Q(namespace__name=namespace) if slash else Q(namespace__isnull=True)
            found |= of & Q(name=name)
        return self.filter(found).select_related("namespace")


class ImageSignatureQuerySet(models.QuerySet["ImageSignature"]):
    """Signatures, always read through a repository that holds them."""

    def held_by(self, repository: Repository) -> Self:
        return self.filter(
            manifest__holders__repository=repository,
            manifest__holders__gone_at__isnull=True,
        )


class AttachmentNoticeQuerySet(models.QuerySet["AttachmentNotice"]):
    """News of what is attached to images."""

    def overlooked(self, before: datetime) -> Self:
        """Return those whose message was lost, or whose worker died."""
        return self.filter(noticed_at__isnull=True, changed_at__lt=before)


class RegistryEventQuerySet(models.QuerySet["RegistryEvent"]):
    """The inbox."""

    def unfinished(self) -> Self:
        return self.filter(state__in=("pending", "processing"))

    def due(self) -> Self:
        """Return the events that a worker should have taken by now."""
        now = timezone.now()
        waiting = Q(state="pending") & (Q(due_at__isnull=True) | Q(due_at__lte=now))
        abandoned = Q(state="processing", leased_until__lt=now)
        return self.filter(waiting | abandoned)

    def next_of_their_tag(self) -> Self:
        """Return those with no unfinished earlier event of the same tag.

        The moves of one tag are ingested in the order in which they were reported.
        """
        earlier = self.model._default_manager.unfinished().filter(
            repository=OuterRef("repository"),
            tag=OuterRef("tag"),
            id__lt=OuterRef("id"),
        )
        return self.filter(~Exists(earlier))

    def claim(self, event_id: str, *, lease_seconds: int) -> UUID | None:
        """Take an event for this worker; None when it is not to be had now."""
        token = uuid4()
        lease: dict[str, Any] = {
            "state": "processing",
            "lease_token": token,
            "leased_until": timezone.now() + timedelta(seconds=lease_seconds),
            "attempts": F("attempts") + 1,
        }
        free = self.due().next_of_their_tag().filter(event_id=event_id)
        return token if free.update(**lease) else None
