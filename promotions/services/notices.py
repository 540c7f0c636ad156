"""What somebody should know or do: derived from what is, nothing of it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, IntegerField, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import AccessToken, Namespace, Robot, User
from promotions.models import PolicyConsent, PromotionPolicy
from promotions.services.policies import Shown, shown, shown_to_target
from repositories.models import AdvisoryLoad, VulnerabilityException, Webhook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from accounts.access import Actor
    from promotions.models import PolicyVersion

SHOWN = 25
"""How many of each kind are listed."""

SOON = timedelta(days=7)
LATELY = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class PolicyNotice:
    """Something about a policy, with its ends as far as the reader may know them."""

    policy: PromotionPolicy
    version: PolicyVersion
    ends: Shown
    consent: PolicyConsent | None = None


@dataclass(frozen=True, slots=True)
class Notices:
    """All of them, the newest or most urgent of each kind first."""

    proposals: list[PolicyNotice]
    answers: list[PolicyNotice]
    troubled: list[PolicyNotice]
    expiring: list[VulnerabilityException]
    tokens: list[AccessToken]
    webhooks: list[Webhook]
    robots: list[Robot]
    advisories_from: datetime | None
    """When the newest advisories were loaded, if that is too long ago, and if the
    reader is who can load newer ones."""

    @property
    def are_any(self) -> bool:
        lists = (self.proposals, self.answers, self.troubled, self.expiring)
        others = (self.tokens, self.webhooks, self.robots, self.advisories_from)
        return any(lists) or any(map(bool, others))


def notices(reader: Actor) -> Notices:
    """Return what the reader should know of; a few queries for any number."""
    troubled = list(_troubled(reader).order_by("-id")[:SHOWN])
    answers = list(_answers(reader)[:SHOWN])
    ends = shown(
        reader,
        [
            *(policy.shown_version for policy in troubled),
            *(consent.policy_version for consent in answers),
        ],
    )
    return Notices(
        proposals=proposals(reader, SHOWN),
        answers=[
            PolicyNotice(
                row.policy_version.policy,
                row.policy_version,
                ends[row.policy_version_id],
                row,
            )
            for row in answers
        ],
        troubled=[
            PolicyNotice(policy, policy.shown_version, ends[policy.shown_version.pk])
            for policy in troubled
        ],
        expiring=list(_expiring(reader).order_by("expires_at", "id")[:SHOWN]),
        tokens=list(_tokens(reader).order_by("expires_at", "id")[:SHOWN]),
        webhooks=list(_webhooks(reader).order_by("-paused_at", "-id")[:SHOWN]),
        robots=list(_robots(reader).order_by("id")[:SHOWN]),
        advisories_from=_old_advisories(reader),
    )


def proposals(reader: Actor, most: int) -> list[PolicyNotice]:
    """Return what waits for the reader's consent, the newest first; one query."""
    rows: Any = PromotionPolicy.objects.waiting_for(reader).order_by("-id")[:most]
    return [
        PolicyNotice(
            row,
            row.proposed_version,
            shown_to_target(row.proposed_version, exists=row.end_target is not None),
        )
        for row in rows
    ]


def count_for(reader: Actor) -> tuple[int, Namespace | None]:
    """Return how many notices ask the reader to do something, and their namespace.

    In one query, as every page shows both. Answers to proposals are news, and do not
    count.
    """
    lists: Sequence[QuerySet[Any]] = (
        PromotionPolicy.objects.waiting_for(reader),
        _troubled(reader),
        _expiring(reader),
        _tokens(reader),
        Webhook.objects.stopped_for(reader),
        Robot.objects.to_take_over_by(reader),
    )
    counts = {f"notices_{place}": _count(rows) for place, rows in enumerate(lists)}
    row: Any = (
        User.objects.filter(pk=reader.key)
        .select_related("namespace")
        .only("namespace")
        .annotate(**counts)
        .first()
    )
    if row is None:
        return 0, None
    return sum(getattr(row, name) for name in counts), row.namespace


def _count(rows: QuerySet[Any]) -> Coalesce:
    """Return the number of rows as an expression."""
    alone = rows.order_by().values(of_all=Value(1)).annotate(number=Count("pk"))
    return Coalesce(Subquery(alone.values("number")), 0, output_field=IntegerField())


def _troubled(reader: Actor) -> QuerySet[PromotionPolicy]:
    return PromotionPolicy.objects.troubled_for(reader, timezone.now() - SOON)


def _answers(reader: Actor) -> QuerySet[PolicyConsent]:
    """Return what others said lately to what the reader proposed."""
    rows = PolicyConsent.objects.filter(
        policy_version__created_by=reader.key,
        policy_version__was_proposed=True,
        policy_version__policy__deleted_at__isnull=True,
        side=PolicyConsent.Side.TARGET,
        decided_at__gte=timezone.now() - LATELY,
    ).exclude(decided_by=reader.key)
    version = "policy_version__"
    return rows.select_related(
        f"{version}policy__source_namespace",
        f"{version}source_repository__namespace",
        f"{version}target_namespace",
    ).order_by("-decided_at", "-id")


def _expiring(reader: Actor) -> QuerySet[VulnerabilityException]:
    rows = VulnerabilityException.objects.expiring(SOON).administered_by(reader)
    return rows.select_related("namespace", "repository__namespace")


def _tokens(reader: Actor) -> QuerySet[AccessToken]:
    """Return the reader's own that can be used, but not for long."""
    soon = timezone.now() + SOON
    rows: QuerySet[AccessToken] = AccessToken.objects.usable()
    return rows.filter(user=reader.key, expires_at__lte=soon)


def _webhooks(reader: Actor) -> QuerySet[Webhook]:
    """Return those that stopped by themselves, and that the reader can mend."""
    return Webhook.objects.stopped_for(reader).for_listing()


def _robots(reader: Actor) -> QuerySet[Robot]:
    """Return those that work on while nobody answers for them."""
    rows: QuerySet[Robot] = Robot.objects.to_take_over_by(reader)
    return rows.select_related("user", "namespace", "responsible")


def _old_advisories(reader: Actor) -> datetime | None:
    if not reader.is_administrator:
        return None
    newest = max(AdvisoryLoad.objects.times().values(), default=None)
    oldest = timezone.now() - timedelta(days=settings.EVIDENCE_MAX_AGE_DAYS)
    return newest if newest and newest < oldest else None
