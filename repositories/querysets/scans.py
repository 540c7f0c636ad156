"""Which scans count, which are to be run, and what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from django.db import models
from django.db.models import Case, F, Max, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.access import Action
from accounts.models import Namespace
from repositories.scanning.identifiers import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from accounts.access import Actor
    from accounts.querysets import PermittedQuerySet
    from repositories.models.exception import VulnerabilityException
    from repositories.models.repository import Repository
    from repositories.models.scan import Scan
    from repositories.models.scanner import Scanner
    from repositories.models.vulnerability import VulnerabilityAlias

EVERYWHERE = Q(trusted_repository__isnull=True, trusted_namespace__isnull=True)


class ScannerQuerySet(models.QuerySet["Scanner"]):
    """Scanners."""

    def visible_to(self, actor: Actor) -> Self:
        """Return the registry's, and those of the namespaces that the actor sees."""
        if actor.is_anonymous or not actor.is_active:
            return self.none()
        namespaces = Namespace.objects.visible_to(actor)
        own = Q(namespace__in=namespaces.values("pk"))
        return self.filter(Q(namespace__isnull=True) | own)

    def of(self, repository: Repository) -> list[Scanner]:
        """Return the enabled scanners of a repository, those that count first, first.

        It names them, or has those of the registry. Its namespace's own come after
        them unless it names them; those of other namespaces never.
        """
        own = Q(namespace__isnull=True) | Q(namespace=repository.namespace_id)
        rows = list(self.filter(own, is_enabled=True).order_by("position", "id"))
        rows.sort(key=lambda row: row.namespace_id is not None)
        order = {name: place for place, name in enumerate(repository.scanners)}
        if not order:
            return rows
        chosen = [row for row in rows if row.name in order]
        return sorted(chosen, key=lambda row: order[row.name])


class ScanQuerySet(models.QuerySet["Scan"]):
    """Scans."""

    def due(self) -> Self:
        """Return the scans that a worker should have taken by now."""
        now = timezone.now()
        waiting = Q(state="queued") & (Q(due_at__isnull=True) | Q(due_at__lte=now))
        abandoned = Q(state="running", leased_until__lt=now)
        return self.filter(waiting | abandoned)

    def most_urgent_first(self) -> Self:
        """Order by who waits for it: pushes, people, and then the portal itself."""
        by_itself = When(trigger__in=("schedule", "evidence"), then=2)
        pushed = When(trigger="push", then=0)
        return self.order_by(Case(pushed, by_itself, default=1), "id")

    def open(self) -> Self:
        """Return those that will go on."""
        return self.filter(state__in=("queued", "running"))

    def matched_here(self) -> Self:
        """Return the current scans whose components we match against advisories."""
        everywhere = Q(trusted_repository__isnull=True, trusted_namespace__isnull=True)
        built_in = Q(scanner__kind="built-in") | Q(origin="built-in")
        return self.filter(everywhere, built_in, state="completed", is_current=True)

    def matched_before(self, at: datetime | None) -> Self:
        """Return those matched before a time, which is in `since`; none without one."""
        if at is None:
            return self.none()
        since = Coalesce("matched_at", "started_at", "created_at")
        return self.annotate(since=since).filter(since__lt=at)

    def trusted_in(self, repository: Repository, origins: Iterable[str] = ()) -> Self:
        """Return the current scans that count for a repository."""
        return self.in_scope(repository, origins).filter(is_current=True)

    def in_scope(self, repository: Repository, origins: Iterable[str] = ()) -> Self:
        """Return the scans of any state that would count for a repository.

        Those without a trust scope always do; those made for the repository or its
        namespace only when `origins` names theirs.
        """
        named = _made_for(repository) & Q(origin__in=list(origins))
        return self.filter(EVERYWHERE | named)

    def shown_in(self, repository: Repository) -> Self:
        """Return those that people see in a repository, whether they ended or not.

        Of those with a trust scope that is only what was made for the repository or its
        namespace.
        """
        return self.filter(EVERYWHERE | _made_for(repository))

    def worst_of_images(
        self, repository: Repository
    ) -> models.QuerySet[Scan, tuple[int, ...]]:
        """Return the most critical, major and minor per manifest of a repository.

        An index has a row for its platforms; a manifest may have two rows.
        """
        current = self.filter(is_current=True).order_by()
        itself, index = "manifest", "manifest__parents__index"
        direct, below = (
            current.filter(**{f"{of}__holders__repository": repository})
            .values(key=F(of))
            .annotate(
                critical=Max("critical_count"),
                major=Max("major_count"),
                minor=Max("minor_count"),
            )
            .values_list("key", "critical", "major", "minor")
            for of in (itself, index)
        )
        return direct.union(below, all=True)

    def to_show(self) -> Self:
        """Narrow to the current scans, and the last of each origin and trust scope."""
        by = ("manifest", "origin", "trusted_repository", "trusted_namespace")
        groups = self.order_by().values(*by).annotate(last=Max("pk"))
        found = self.filter(Q(is_current=True) | Q(pk__in=groups.values("last")))
        return found.select_related(
            "scanner", "trusted_repository__namespace", "trusted_namespace"
        )


def _made_for(repository: Repository) -> Q:
    return Q(trusted_repository=repository) | Q(
        trusted_namespace=repository.namespace_id
    )


class VulnerabilityAliasQuerySet(models.QuerySet["VulnerabilityAlias"]):
    """Other ids of vulnerabilities."""

    def names_of(self, name: str) -> set[str]:
        """Return a name as it is stored, and the ids that have it as their alias."""
        stored = canonical(name)
        ids = self.filter(alias=stored).values_list(
            "vulnerability__identifier", flat=True
        )
        return {stored, *ids}


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

    def of_places(self, repositories: Iterable[int], namespaces: Iterable[int]) -> Self:
        """Return those set on any of the repositories or namespaces, by their keys."""
        return self.filter(
            Q(repository__in=list(repositories)) | Q(namespace__in=list(namespaces))
        )

    def administered_by(self, actor: Actor) -> Self:
        """Return those on whose scope the actor is an admin."""
        namespaces = self._related("namespace").permitted(actor, Action.ADMIN)
        repositories = self._related("repository").permitted(actor, Action.ADMIN)
        return self.filter(
            Q(namespace__in=namespaces.values("pk"))
            | Q(repository__in=repositories.values("pk"))
        )

    def visible_to(self, actor: Actor) -> Self:
        """Return those on whose scope the actor may pull."""
        namespaces = self._related("namespace").permitted(actor, Action.PULL)
        repositories = self._related("repository").permitted(actor, Action.PULL)
        return self.filter(
            Q(namespace__in=namespaces.values("pk"))
            | Q(repository__in=repositories.values("pk"))
        )

    def expiring(self, within: timedelta) -> Self:
        """Return those in force that will not be for long."""
        now = timezone.now()
        return self.in_force(now).filter(expires_at__lte=now + within)

    def _related(self, field: str) -> PermittedQuerySet[Any]:
        model: Any = self.model._meta.get_field(field).related_model
        return cast("PermittedQuerySet[Any]", model._default_manager.all())
