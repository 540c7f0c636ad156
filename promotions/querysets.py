"""Reads and state changes: which policies act where, which promotions are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q, Value
from django.utils import timezone

from accounts.access import Action, Actor
from accounts.models import Namespace
from promotions.rules.repository_pattern import RepositoryPattern, TargetPattern
from repositories.models import Repository

if TYPE_CHECKING:
    from uuid import UUID

    # ruff does not see names used in the brackets of a base class
    from promotions.models.policy import PromotionPolicy  # noqa: F401 - in brackets
    from promotions.models.promotion import Promotion, State  # noqa: F401 - in brackets
    from promotions.models.version import PolicyVersion


class IllegalTransition(Exception):
    """The promotion is not in a state from which the wanted one can be reached.

    Also raised when the lease under which the caller works was lost.
    """


def _sight(actor: Actor, **of: str) -> Exists:
    """Return the condition "the actor may pull the repository with these fields"."""
    pullable = Repository.objects.permitted(actor, Action.PULL)
    return Exists(pullable.filter(**{key: OuterRef(of[key]) for key in of}))


class PromotionPolicyQuerySet(models.QuerySet["PromotionPolicy"]):
    """Policies."""

    def kept(self) -> Self:
        """Return those that were not deleted, running or only proposed."""
        return self.filter(deleted_at__isnull=True).select_related(
            "source_namespace", *_ends("current_version"), *_ends("proposed_version")
        )

    def live(self) -> Self:
        """Return those not deleted that both sides agreed to at least once."""
        return self.filter(
            deleted_at__isnull=True, current_version__isnull=False
        ).select_related("source_namespace", *_ends("current_version"))

    def of_source(self, repository: Repository) -> Self:
        """Return those about pushes to the repository, by its name or by a pattern.

        Those that nobody agreed to yet are among them.
        """
        named = Q(current_version__source_repository=repository) | Q(
            proposed_version__source_repository=repository
        )
        meeting = [
            policy.pk
            for policy in self._patterns().filter(_reaching(repository))
            if _meets_source(policy.current_version, repository)
            or _meets_source(policy.proposed_version, repository)
        ]
        return self.kept().filter(named | Q(pk__in=meeting))

    def of_target(self, repository: Repository) -> Self:
        """Return those that promote into the repository, by its name or a pattern."""
        return self._into(repository, "current_version")

    def proposed_to(self, repository: Repository) -> Self:
        """Return those with a version that would promote into the repository."""
        return self._into(repository, "proposed_version")

    def of_namespace(self, namespace: Namespace) -> Self:
        """Return those that belong to the namespace, of one repository or of more."""
        return self.kept().filter(source_namespace=namespace)

    def into_namespace(self, namespace: Namespace) -> Self:
        """Return those that promote, or would promote, into the namespace."""
        return self.kept().filter(
            Q(current_version__target_namespace=namespace)
            | Q(proposed_version__target_namespace=namespace)
        )

    def of_no_namespace(self) -> Self:
        """Return the global ones."""
        return self.kept().filter(scope="global")

    def _into(self, repository: Repository, version: str) -> Self:
        fields = {
            f"{version}__target_namespace": repository.namespace_id,
            f"{version}__target_name": repository.name,
        }
        meeting = [
            policy.pk
            for policy in self._patterns()
            if _meets_target(getattr(policy, version), repository)
        ]
        return self.kept().filter(Q(**fields) | Q(pk__in=meeting))

    def _patterns(self) -> PromotionPolicyQuerySet:
        """Return all that are about more than one repository: they are few."""
        rows = self.model._default_manager.kept()
        return rows.exclude(scope="repository").order_by()

    def with_consents(self) -> Self:
        """Add, in a query or two more, who agreed to what."""
        consents = apps.get_model("promotions.PolicyConsent")._default_manager
        rows = consents.select_related("decided_by")
        return self.prefetch_related(
            Prefetch("current_version__consents", rows),
            Prefetch("proposed_version__consents", rows),
        )

    def waiting_for(self, actor: Actor) -> Self:
        """Return those that propose something to a target the actor administers."""
        proposed = "proposed_version__"
        repositories = Repository.objects.permitted(actor, Action.ADMIN).filter(
            namespace=OuterRef(f"{proposed}target_namespace"),
            name=OuterRef(f"{proposed}target_name"),
        )
        namespaces = Namespace.objects.permitted(actor, Action.ADMIN).values("pk")
        within = Q(**{f"{proposed}target_namespace__in": namespaces})
        return (
            self.kept()
            .filter(Exists(repositories) | within, proposed_version__isnull=False)
            .exclude(Exists(_answers("proposed_version", "target")))
        )

    def running(self) -> Self:
        """Return those that are enabled, and to which both sides still agree."""
        return self.live().filter(_agreed("source"), _agreed("target"), enabled=True)

    def asked_about(self, repository: Repository) -> Self:
        """Return the running policies that may be asked about pushes to `repository`.

        One query, whatever their number; of the global and namespace policies the
        caller compares the pattern. A global one acts only in namespaces that an
        administrator admitted.
        """
        rows = self.running()
        admitted = apps.get_model("promotions.NamespaceAdmission")._default_manager
        in_namespace = admitted.filter(
            policy=OuterRef("pk"), namespace=repository.namespace_id
        )
        return rows.filter(
            Q(current_version__source_repository=repository)
            | (_reaching(repository) & (~Q(scope="global") | Exists(in_namespace)))
        )


def _ends(version: str) -> tuple[str, ...]:
    return (
        f"{version}__source_repository__namespace",
        f"{version}__target_namespace",
    )


def _reaching(repository: Repository) -> Q:
    """Return the condition "not of one repository, but perhaps of this one too"."""
    mine = Q(scope="namespace", source_namespace=repository.namespace_id)
    return mine | Q(scope="global")


def _meets_source(version: PolicyVersion | None, repository: Repository) -> bool:
    if version is None or not version.source_pattern:
        return False
    return RepositoryPattern.parse(version.source_pattern).covers(
        repository.full_name, is_personal=repository.namespace.is_personal
    )


def _meets_target(version: PolicyVersion | None, repository: Repository) -> bool:
    if version is None or not version.target_pattern:
        return False
    source = RepositoryPattern.parse(version.source)
    target = TargetPattern.parse(version.target_pattern)
    return target.as_repository_pattern(source).matches(repository.full_name)


def _agreed(side: str) -> Exists:
    return Exists(_answers("current_version", side).filter(answer="given"))


def _answers(version: str, side: str) -> models.QuerySet[Any]:
    consents = apps.get_model("promotions.PolicyConsent")._default_manager
    return consents.filter(policy_version=OuterRef(version), side=side)


class PromotionQuerySet(models.QuerySet["Promotion"]):
    """Promotions."""

    def visible_to(self, actor: Actor) -> Self:
        """Return those whose source or target the actor may pull."""
        pullable = Repository.objects.permitted(actor, Action.PULL).values("pk")
        return self.filter(
            Q(source_repository__in=pullable) | Q(target_repository__in=pullable)
        )

    def with_sight(self, actor: Actor) -> Self:
        """Add `sees_source` and `sees_target`: whether the actor may know that side.

        Who may pull it does; of a target that does not exist, who may create it.
        """
        if actor.is_administrator:
            return self.annotate(sees_source=Value(1), sees_target=Value(1))
        own = Namespace.objects.permitted(actor, Action.ADMIN)
        return self.annotate(
            sees_source=_sight(actor, pk="source_repository"),
            sees_target=_sight(actor, namespace="target_namespace", name="target_name")
            | Exists(own.filter(pk=OuterRef("target_namespace"))),
        )

    def for_listing(self) -> Self:
        """Return the promotions with what a list shows of each, in one query."""
        return self.select_related(
            "source_repository__namespace",
            "target_namespace",
            "target_repository__namespace",
            "policy",
            "policy_version",
            "requested_by",
            "manifest",
        ).defer("manifest__raw")

    def of(self, repository: Repository, *, as_source: bool) -> Self:
        """Return the history of a repository, as source or as target."""
        if as_source:
            return self.filter(source_repository=repository)
        return self.filter(
            target_namespace=repository.namespace_id, target_name=repository.name
        )

    def due(self) -> Self:
        """Return what a worker should have taken by now."""
        now = timezone.now()
        waiting = Q(state="pending") & (Q(due_at__isnull=True) | Q(due_at__lte=now))
        return self.filter(waiting | Q(state="running", leased_until__lt=now))

    def move_to(
        self, state: State, *, lease: UUID | None = None, **fields: Any
    ) -> None:
        """Bring the one promotion selected into `state` and set `fields`.

        The UPDATE names the legal previous states and, with `lease`, the lease under
        which the caller works; raises IllegalTransition when no row changed.
        """
        rows = self.filter(state__in=self.model.TRANSITIONS[state])
        if lease is not None:
            rows = rows.filter(lease_token=lease)
        if state.is_final:
            fields.setdefault("finished_at", timezone.now())
        if not rows.update(state=state, **fields):
            message = f"The promotion cannot become {state} now."
            raise IllegalTransition(message)
