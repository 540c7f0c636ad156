"""Which policies there are, where they act, and who is asked to agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Prefetch,
    Q,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat

from accounts.access import Action, Actor
from accounts.models import Namespace
from promotions.querysets import troubles
from promotions.rules.repository_pattern import RepositoryPattern, TargetPattern
from repositories.models import Repository

if TYPE_CHECKING:
    from datetime import datetime

    from promotions.models.policy import PromotionPolicy
    from promotions.models.version import PolicyVersion

_PATTERN = (
    ~Q(scope="repository")
    | Q(current_version__target_pattern__gt="")
    | Q(proposed_version__target_pattern__gt="")
)


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
            if _is_about(policy, repository)
        ]
        return self.kept().filter(named | Q(pk__in=meeting))

    def of_target(self, repository: Repository, *, with_proposed: bool = False) -> Self:
        """Return those that promote into the repository, by its name or a pattern.

        With `with_proposed` also those with a version that would.
        """
        versions = ["current_version"]
        if with_proposed:
            versions.append("proposed_version")
        into = Q()
        for version in versions:
            into |= Q(
                **{
                    f"{version}__target_namespace": repository.namespace_id,
                    f"{version}__target_name": repository.name,
                }
            )
        meeting = [
            policy.pk
            for policy in self._patterns()
            if any(_meets_target(getattr(policy, one), repository) for one in versions)
        ]
        return self.kept().filter(into | Q(pk__in=meeting))

    def of_namespace(self, namespace: Namespace) -> Self:
        """Return those that belong to the namespace, of one repository or of more."""
        return self.kept().filter(source_namespace=namespace)

    def into_namespace(self, namespace: Namespace) -> Self:
        """Return those that promote, or would promote, into the namespace."""
        return self.kept().filter(
            _into_namespace("current_version", namespace)
            | _into_namespace("proposed_version", namespace)
        )

    def of_no_namespace(self) -> Self:
        """Return the global ones."""
        return self.kept().filter(scope="global")

    def drawn_for(self, actor: Actor, namespace: str = "") -> Self:
        """Return those with an end that the actor sees, as on a repository's page.

        Adds the names of the ends, `sees_source`, `sees_target` and `is_wide`. A
        proposal is seen by who can accept it. With `namespace`, the end seen lies in
        it. Of those with a pattern (`is_wide`) all are among them: what they are about,
        no query can tell.
        """
        pullable = Repository.objects.permitted(actor, Action.PULL)
        administered = Repository.objects.permitted(actor, Action.ADMIN)
        if namespace:
            pullable = pullable.filter(namespace__name=namespace)
            administered = administered.filter(namespace__name=namespace)
        runs = Q(current_version__isnull=False)
        rows = self.filter(deleted_at__isnull=True).annotate(
            end_source=_end("source_repository"),
            end_target=Case(
                When(runs, then=troubles.target_key("current_version")),
                default=troubles.target_key("proposed_version"),
            ),
            from_space=_end("source_repository__namespace__name"),
            from_name=_end("source_repository__name"),
            to_space=_end("target_namespace__name"),
            to_name=_end("target_name"),
            is_wide=troubles.truth(_PATTERN),
        )
        sees = Q(end_target__in=administered.values("pk"))
        sees |= runs & Q(end_target__in=pullable.values("pk"))
        rows = rows.annotate(
            sees_source=troubles.truth(Q(end_source__in=pullable.values("pk"))),
            sees_target=troubles.truth(sees),
        )
        return rows.filter(Q(sees_source=True) | Q(sees_target=True) | _PATTERN)

    def _patterns(self) -> PromotionPolicyQuerySet:
        """Return all with a pattern as source or target: they are few."""
        rows = self.model._default_manager.kept()
        return rows.filter(_PATTERN).order_by()

    def with_consents(self) -> Self:
        """Add, in a query or two more, who agreed to what."""
        consents = apps.get_model("promotions.PolicyConsent")._default_manager
        rows = consents.select_related("decided_by")
        return self.prefetch_related(
            Prefetch("current_version__consents", rows),
            Prefetch("proposed_version__consents", rows),
        )

    def waiting_for(self, actor: Actor) -> Self:
        """Return those that propose something to a target the actor administers.

        Adds `end_target`, the key of the repository, None while it does not exist.
        """
        proposed = "proposed_version__"
        repositories = Repository.objects.permitted(actor, Action.ADMIN).values("pk")
        namespaces = Namespace.objects.permitted(actor, Action.ADMIN).values("pk")
        within = Q(**{f"{proposed}target_namespace__in": namespaces})
        made_since = Namespace.objects.permitted(actor, Action.ADMIN).alias(
            wanted=ExpressionWrapper(
                OuterRef(f"{proposed}target_pattern"), models.CharField()
            )
        )
        named = made_since.filter(wanted__startswith=Concat("name", Value("/")))
        made = Q(**{f"{proposed}target_pattern__gt": ""}) & Q(Exists(named))
        return (
            self.kept()
            .filter(proposed_version__isnull=False)
            .annotate(end_target=troubles.target_key("proposed_version"))
            .filter(Q(end_target__in=repositories) | within | made)
            .filter(
                Exists(_answers("proposed_version", "source").filter(answer="given"))
            )
            .exclude(Exists(_answers("proposed_version", "target")))
        )

    def troubled_for(self, actor: Actor, since: datetime) -> Self:
        """Return those that run no more as they should, where the actor is an admin.

        Adds `rules_source` and `rules_target`, and the reasons: `is_stopped` (a consent
        is missing), `lost_target` (it was deleted), `loops` (chains were cut off since
        then) and `is_orphaned` (who agreed has no account any more).
        """
        rows = self.filter(deleted_at__isnull=True, enabled=True).exclude(
            current_version=None
        )
        rows = rows.annotate(end_target=troubles.target_key("current_version"))
        mine = rows.annotate(**troubles.rules(actor)).filter(
            Q(rules_source=True) | Q(rules_target=True)
        )
        return (
            mine.annotate(
                is_stopped=troubles.truth(
                    ~(Q(_agreed("source")) & Q(_agreed("target")))
                ),
                lost_target=troubles.lost_target(),
                loops=troubles.cut_off(since),
                is_orphaned=troubles.left(),
            )
            .filter(
                Q(is_stopped=True)
                | Q(lost_target=True)
                | Q(loops=True)
                | Q(is_orphaned=True)
            )
            .select_related("source_namespace", *_ends("current_version"))
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


def _end(field: str) -> Coalesce:
    """Return an end of what the policy does, or would do."""
    return Coalesce(f"current_version__{field}", f"proposed_version__{field}")


def _ends(version: str) -> tuple[str, ...]:
    return (
        f"{version}__source_repository__namespace",
        f"{version}__target_namespace",
        f"{version}__created_by",
    )


def _into_namespace(version: str, namespace: Namespace) -> Q:
    """Return the condition "all targets of the version lie in the namespace".

    One that was made after the version was saved is known by its name.
    """
    lies_in = Q(**{f"{version}__target_namespace": namespace})
    return lies_in | Q(**{f"{version}__target_pattern__startswith": f"{namespace}/"})


def _reaching(repository: Repository) -> Q:
    """Return the condition "not of one repository, but perhaps of this one too"."""
    mine = Q(scope="namespace", source_namespace=repository.namespace_id)
    return mine | Q(scope="global")


def _is_about(policy: PromotionPolicy, repository: Repository) -> bool:
    """Tell whether the pattern of what runs, or is proposed, meets the repository."""
    versions = (policy.current_version, policy.proposed_version)
    return any(_meets_source(version, repository) for version in versions)


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
