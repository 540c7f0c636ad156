"""Why a tag was promoted, or was not: every policy's verdict, rule by rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.authentication import actor_of
from accounts.querysets import page_of
from promotions.models import Promotion, PromotionPolicy
from promotions.services.evaluate import explain_all, is_subject
from promotions.views.policies import version_of
from repositories.tabs import tag_context
from repositories.views import asked, open_tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse

    from promotions.models import PolicyVersion
    from promotions.rules import Verdict
    from repositories.models import TagMove


@dataclass(frozen=True, slots=True)
class Explained:
    """One policy's verdict on the current push, and what came of it."""

    policy: PromotionPolicy
    version: PolicyVersion
    verdict: Verdict
    promotion: Promotion | None
    is_newer: bool

    @classmethod
    def all_of(
        cls, policies: Iterable[PromotionPolicy], move: TagMove
    ) -> list[Explained]:
        """Decide again; `is_newer`: the policy was saved after the push."""
        versions = {policy: version_of(policy) for policy in policies}
        verdicts, promotions = explain_all(versions.values(), move), _promotions(move)
        return [
            cls(
                policy=policy,
                version=version,
                verdict=verdicts[version.pk],
                promotion=promotions.get(policy.pk),
                is_newer=version.created_at > move.created_at,
            )
            for policy, version in versions.items()
        ]


@login_required
@require_safe
def tag_decisions(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Show the *Decisions* tab of a tag."""
    actor = actor_of(request)
    found = open_tag(request, namespace, name, tag)
    policies = PromotionPolicy.objects.of_source(found.repository).with_sight(actor)
    page = page_of(policies, asked(request, "after"))
    move = found.current_move
    move.repository, move.to_manifest = found.repository, found.manifest
    context = {
        **tag_context(actor, found, "decisions"),
        "page": page,
        "is_attachment": not is_subject(move),
        "explained": Explained.all_of(page.rows, move),
    }
    return render(request, "promotions/tag_decisions.html", context)


def _promotions(move: TagMove) -> dict[int | None, Promotion]:
    """Return the last promotion that each policy made of the move."""
    rows = Promotion.objects.filter(tag_move=move, policy__isnull=False)
    return {row.policy_id: row for row in rows.order_by("id")}
