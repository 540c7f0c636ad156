"""The history of a repository's promotions as a filtered list; retrying what failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import actor_of
from accounts.querysets import page_of
from promotions.models import Promotion, PromotionFilter
from promotions.models.promotion import State
from promotions.services import retry
from promotions.tasks import run_promotion
from repositories.tabs import repository_context
from repositories.tasks import wake
from repositories.views import asked, open_repository

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from promotions.querysets import PromotionQuerySet
    from repositories.models import Repository

FIELDS = ("state", "error_code", "tag", "policy")


@dataclass
class History:
    """What the address asks of a repository's history."""

    request: HttpRequest
    actor: Actor
    repository: Repository
    as_source: bool

    @classmethod
    def of(cls, request: HttpRequest, repository: Repository) -> History:
        """Read the address; what its filter asks for is read when needed."""
        as_source = asked(request, "as") != "target"
        return cls(request, actor_of(request), repository, as_source)

    @cached_property
    def sent(self) -> dict[str, str]:
        """Return the fields of the filter as they were sent."""
        return {name: asked(self.request, name) for name in FIELDS}

    @cached_property
    def wanted(self) -> PromotionFilter:
        """Return the filter; raises ValidationError."""
        return PromotionFilter.parse(self.sent)

    @property
    def all(self) -> PromotionQuerySet:
        return Promotion.objects.of(self.repository, as_source=self.as_source)

    def matching(self, wanted: PromotionFilter) -> PromotionQuerySet:
        """Return what the filter asks for, with what the reader may see of it."""
        return self.all.with_sight(self.actor).matching(wanted, self.actor)

    @cached_property
    def failed(self) -> PromotionQuerySet:
        """Return what of it failed and was not promoted again since."""
        if self.wanted.states and State.FAILED not in self.wanted.states:
            return Promotion.objects.none()
        wanted = replace(self.wanted, states=(State.FAILED,))
        return self.matching(wanted).retryable()

    def url(self, name: str) -> str:
        """Return the address of a page about the same part of the history."""
        names = (self.repository.namespace.name, self.repository.name)
        side = {} if self.as_source else {"as": "target"}
        query = side | {key: value for key, value in self.sent.items() if value}
        return reverse(name, args=names) + (f"?{urlencode(query)}" if query else "")


def history_context(request: HttpRequest, repository: Repository) -> dict[str, Any]:
    """Return what the card of the history shows: its filter, a page, and the button.

    A filter that cannot be read is explained, and nothing is left out by it.
    """
    history = History.of(request, repository)
    try:
        rows, errors = history.matching(history.wanted), []
        may_retry = history.failed.promotable_by(history.actor).exists()
    except ValidationError as error:
        rows, errors = history.matching(PromotionFilter()), error.messages
        may_retry = False
    page = page_of(rows.for_listing(), asked(request, "after"))
    return {
        "page": page,
        "is_moving": any(row.is_moving for row in page.rows),
        "filter": history.sent,
        "is_filtered": any(history.sent.values()),
        "filter_errors": errors,
        "states": State.values,
        "error_codes": _codes(history),
        "retry_url": history.url("promotions:retry") if may_retry else "",
    }


@login_required
@require_safe
def promotion_list(request: HttpRequest) -> HttpResponse:
    """Show the promotions of all repositories that the reader may see an end of."""
    actor = actor_of(request)
    visible = Promotion.objects.visible_to(actor)
    sent = {name: asked(request, name) for name in (*FIELDS, "since")}
    rows, errors = visible.with_sight(actor), list[str]()
    try:
        rows = rows.matching(PromotionFilter.parse(sent), actor)
    except ValidationError as error:
        errors = error.messages
    context = {
        "page": page_of(rows.for_listing(), asked(request, "after")),
        "filter": sent,
        "is_filtered": any(sent.values()),
        "filter_errors": errors,
        "states": State.values,
        "error_codes": sorted(
            {*visible.recent_error_codes(), sent["error_code"]} - {""}
        ),
        "retry_url": "",
        "as_source": True,
    }
    return render(request, "promotions/promotion_list.html", context)


def _codes(history: History) -> list[str]:
    """Return the error codes to choose from, the chosen one among them."""
    chosen = {history.sent["error_code"]} - {""}
    return sorted({*history.all.recent_error_codes(), *chosen})


@login_required
@require_http_methods(["GET", "POST"])
def retry_failed(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Ask, then promote again what failed and the filter of the address asks for."""
    repository = open_repository(request, namespace, name)
    history = History.of(request, repository)
    try:
        return _retried(history) if request.method == "POST" else _question(history)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(history.url("promotions:policies"))


def _question(history: History) -> HttpResponse:
    promotable = history.failed.promotable_by(history.actor).count()
    context = {
        "promotable": promotable,
        "others": history.failed.count() - promotable,
        "batch": retry.BATCH,
    }
    return _page(history, "promotions/retry_confirm.html", context)


def _retried(history: History) -> HttpResponse:
    sent = history.request.POST
    comment = sent.get("comment", "").replace("\0", "")[:500]
    retried = retry.retry_failed(
        actor=history.actor,
        promotions=history.failed,
        comment=comment,
        after=_last(history, sent.get("after", "")),
    )
    for promotion in retried.promotions:
        wake(run_promotion, promotion.pk)
    context = {
        "retried": retried,
        "next": min(retried.left, retry.BATCH),
        "comment": comment,
    }
    return _page(history, "promotions/retry_done.html", context)


def _last(history: History, uuid: str) -> Promotion | None:
    """Return where the batch before ended; None to start with the oldest."""
    try:
        return history.all.filter(uuid=UUID(uuid)).first()
    except ValueError:
        return None


def _page(history: History, template: str, context: dict[str, Any]) -> HttpResponse:
    shown = {
        **repository_context(history.actor, history.repository, "promotions"),
        "filter": history.sent,
        "is_filtered": any(history.sent.values()),
        "back": history.url("promotions:policies"),
        **context,
    }
    return render(history.request, template, shown)
