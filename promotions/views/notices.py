"""Notices: what somebody should know or do, each with where to do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.authentication import actor_of
from promotions.services import notices
from promotions.views.addresses import policy_at_source, policy_at_target
from repositories.views.webhook_places import url_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse

    from promotions.services.notices import PolicyNotice


@login_required
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """Show what the reader should know of, and what to do about it."""
    found = notices.notices(actor_of(request))
    context = {
        "notices": found,
        "proposals": with_addresses(found.proposals),
        "answers": [
            (one, policy_at_source(one.policy, one.ends)) for one in found.answers
        ],
        "troubled": [(one, _address(one)) for one in found.troubled],
        "webhooks": [
            (one, url_in(one.repository or one.namespace, "webhooks_one", one.uuid))
            for one in found.webhooks
        ],
        "days": notices.SOON.days,
        "most": notices.SHOWN,
        "evidence_days": settings.EVIDENCE_MAX_AGE_DAYS,
    }
    return render(request, "promotions/notices.html", context)


def with_addresses(found: Iterable[PolicyNotice]) -> list[tuple[PolicyNotice, str]]:
    """Return proposals, each with where it can be answered."""
    return [(one, policy_at_target(one.policy, one.version, one.ends)) for one in found]


def _address(one: PolicyNotice) -> str:
    """Return the page at the side for which the reader speaks."""
    policy: Any = one.policy
    if policy.rules_source:
        return policy_at_source(policy, one.ends)
    return policy_at_target(policy, one.version, one.ends)
