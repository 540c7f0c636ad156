"""Which repositories, manifests and tags somebody may see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, cast

from django.db import models
from django.db.models import (
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Concat, TruncDate
from typing_extensions import override

from accounts.access import Action, Actor
from accounts.models import Namespace
from accounts.querysets import PermittedQuerySet, granted
from repositories.registry import MediaType

if TYPE_CHECKING:
    from repositories.models.manifest import Manifest
    from repositories.models.repository import Repository
    from repositories.models.tag import Tag, TagMove

RUN = ("", MediaType.OCI_CONFIG, MediaType.DOCKER_CONFIG)  # "" is of an index
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # sorts behind every push
ATTESTATION_LAYER = "application/vnd.in-toto+json"


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

    def belonging_to(self, actor: Actor) -> Self:
        """Return those the actor owns or was granted, not what is open to everybody.

        For administrators too, who may do everything with all the others.
        """
        own = Namespace.objects.all().allowed_to(actor, Action.PULL).values("pk")
        granted_here = granted("repositories.Repository", actor, Action.PULL)
        return self.filter(Q(namespace__in=own) | granted_here)

    def for_listing(self, search: str = "") -> Self:
        """Return those whose whole name holds `search`, with what lists show of each.

        That is `last_pushed_at`, `tag_count`, and to sort by the whole name `path` and
        `pushed_order`, which is never null.
        """
        tags = self.model.tags.rel.related_model._default_manager
        counted = tags.filter(repository=OuterRef("pk")).order_by()
        counts = counted.values("repository").annotate(count=Count("pk"))
        rows = self.select_related("namespace").with_last_push()
        rows = rows.annotate(
            tag_count=Coalesce(
                Subquery(counts.values("count")), 0, output_field=IntegerField()
            ),
            path=Concat("namespace__name", Value("/"), "name"),
            pushed_order=Coalesce("last_pushed_at", Value(NEVER)),
        )
        return rows.filter(path__icontains=search) if search else rows

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

    def layer_bytes(self) -> int:
        """Return the size of all their layers, each counted once however often used."""
        layers = self._related("layers").filter(manifest__in=self.values("pk"))
        found = layers.values("digest", "size").distinct()
        return int(found.aggregate(total=Sum("size"))["total"] or 0)

    def runnable(self) -> Self:
        """Leave out what stands in an index beside its images: what is about them.

        Going by what it is, not by what an index, of whichever tenant, calls it: what a
        container runtime would run must not pass for an attestation.
        """
        plain = Q(config_media_type__in=RUN)
        marked = Q(os="unknown") | ~Q(subject_digest="")
        layers = self._related("layers").filter(manifest=OuterRef("pk"))
        has_files = Exists(layers.exclude(media_type=ATTESTATION_LAYER))
        attests = Q(os="unknown") & ~Q(config_digest="") & ~has_files
        return self.exclude((marked & ~plain) | attests)

    def _related(self, field: str) -> models.QuerySet[Any]:
        model: Any = self.model._meta.get_field(field).related_model
        return cast("models.QuerySet[Any]", model._default_manager.all())


class TagQuerySet(models.QuerySet["Tag"]):
    """Tags."""

    def for_listing(self) -> Self:
        """Return the tags with what a list shows of each, in one query."""
        return self.select_related(
            "manifest", "current_move", "repository__namespace"
        ).defer("manifest__raw")

    def per_manifest(self) -> models.QuerySet[Tag, tuple[Any, ...]]:
        """Return the manifests pointed to and how many tags do, as `per_day` does.

        The day and what was before are None.
        """
        none = {
            "day": Value(None, output_field=models.DateField()),
            "before": Value(None, output_field=models.BigIntegerField()),
        }
        groups = self.order_by().values("manifest").annotate(moved=Count("pk"), **none)
        return groups.values_list("day", "before", "manifest", "moved")


class TagMoveQuerySet(models.QuerySet["TagMove"]):
    """Moves of tags."""

    def per_day(self) -> models.QuerySet[TagMove, tuple[Any, ...]]:
        """Return day (UTC), manifest before, manifest after, and how many moved so."""
        day = TruncDate("created_at", tzinfo=UTC)
        rows = self.order_by().annotate(day=day)
        groups = rows.values("day", "from_manifest", "to_manifest")
        return groups.annotate(moved=Count("pk")).values_list(
            "day", "from_manifest", "to_manifest", "moved"
        )

    def latest_of(self, repository: Repository, tag: str) -> TagMove | None:
        """Return the last move of the tag; None when it never existed."""
        moves = self.filter(repository=repository, tag=tag)
        return moves.order_by("-id").first()
