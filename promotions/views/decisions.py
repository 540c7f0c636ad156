"""Why a tag was promoted, or was not: every policy's verdict, rule by rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.authentication import actor_of
from accounts.querysets import page_of
from promotions.models import Promotion
from promotions.services.evaluate import is_subject
from promotions.services.explain import explain_all
from promotions.services.policies import unanswered
from promotions.views.places import Place
from promotions.views.rows import PolicyRow, rows_of
from repositories.tabs import tag_context
from repositories.views import asked, open_tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse

    from promotions.rules import Verdict
    from repositories.models import TagMove


@dataclass(frozen=True, slots=True)
class Explained:
    """One policy's verdict on the current push, and what came of it."""

    row: PolicyRow
    verdict: Verdict
    promotion: Promotion | None
    is_newer: bool

    @classmethod
    def all_of(cls, rows: Iterable[PolicyRow], move: TagMove) -> list[Explained]:
        """Decide again; `is_newer`: the policy was saved after the push."""
        found = list(rows)
        hidden = unanswered(
            [row.policy for row in found], {row.version.pk: row.ends for row in found}
        )
        verdicts = explain_all([row.version for row in found], move, hiding=hidden)
        promotions = _promotions(move)
        return [
            cls(
                row=row,
                verdict=verdicts[row.version.pk],
                promotion=promotions.get(row.policy.pk),
                is_newer=row.version.created_at > move.created_at,
            )
            for row in found
        ]


@login_required
@require_safe
def tag_decisions(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Show the *Decisions* tab of a tag."""
    actor = actor_of(request)
    found = open_tag(request, namespace, name, tag)
    place = Place(actor, repository=found.repository)
    page = page_of(place.outgoing().with_consents(), asked(request, "after"))
    move = found.current_move
    move.repository, move.to_manifest = found.repository, found.manifest
    context = {
        **tag_context(actor, found, "decisions"),
        "page": page,
        "is_attachment": not is_subject(move),
        "explained": Explained.all_of(rows_of(page.rows, place), move),
    }
    return render(request, "promotions/tag_decisions.html", context)


def _promotions(move: TagMove) -> dict[int | None, Promotion]:
    """Return the last promotion that each policy made of the move."""
    rows = Promotion.objects.filter(tag_move=move, policy__isnull=False)
    return {row.policy_id: row for row in rows.order_by("id")}
