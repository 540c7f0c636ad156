"""The tags of a repository: found, sorted, and deleted several at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.permissions import check
from accounts.querysets import Page, page_of
from repositories.models import Tag, TagMove
from repositories.services import deletion
from repositories.services.answers.summary import summaries_of
from repositories.tabs import repository_context, tag_states
from repositories.views.opening import asked, open_repository

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from repositories.models import Repository
    from repositories.querysets import TagQuerySet
    from repositories.services.answers.summary import Summary

SORTS = {
    "pushed": ("-updated_at", "pushed last"),
    "oldest": ("updated_at", "pushed first"),
    "name": ("name", "name, A to Z"),
    "name-down": ("-name", "name, Z to A"),
    "size": ("-size", "largest"),
    "size-up": ("size", "smallest"),
}
COUNTED = 1000  # tags; of more it is only said that there are more
LOOKED_AT = timedelta(days=7)  # a page, at most: news of more would cost too much
MOST_DELETED = 100  # in one go


@dataclass(frozen=True, slots=True)
class TagListing:
    """What a list of tags was asked for; what cannot be read is the default.

    `seen_at` is when the reader got the list that is brought up to date now: what
    moved since is told, and not put between what they are reading.
    """

    search: str
    show: str
    sort: str
    after: str
    seen_at: datetime | None

    @classmethod
    def of(cls, request: HttpRequest) -> TagListing:
        """Read what the address asks for."""
        show, sort = asked(request, "show"), asked(request, "sort")
        return cls(
            search=asked(request, "q"),
            show=show if show in tag_states else "",
            sort=sort if sort in SORTS else "pushed",
            after=asked(request, "after"),
            seen_at=_time(asked(request, "seen")),
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.search or self.show)

    def rows(self, repository: Repository) -> TagQuerySet:
        """Return the tags that fit."""
        rows = Tag.objects.for_listing().filter(repository=repository)
        rows = rows.annotate(size=F("manifest__size"))
        if self.search:
            rows = rows.filter(name__icontains=self.search)
        if self.show:
            rows = tag_states[self.show].narrow(rows, repository)
        if self.seen_at:
            rows = rows.exclude(current_move__created_at__gt=self.seen_at)
        return rows

    def page(self, rows: TagQuerySet) -> Page[Tag]:
        return page_of(rows, self.after, order=SORTS[self.sort][0])

    def news(self, repository: Repository) -> int:
        """Return how many tags were pushed since the reader got the list."""
        if self.seen_at is None:
            return 0
        moves = TagMove.objects.filter(
            repository=repository,
            to_manifest__isnull=False,
            created_at__gt=self.seen_at,
        )
        return moves.values("tag").distinct().count()


def _time(text: str) -> datetime | None:
    """Return when a list was got; None for what no page in use can have sent."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    is_likely = found.tzinfo and found > timezone.now() - LOOKED_AT
    return found if is_likely else None


@login_required
@require_safe
def tag_list(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Show the *Tags* tab, newest first."""
    repository, now = open_repository(request, namespace, name), timezone.now()
    actor, listing = actor_of(request), TagListing.of(request)
    rows = listing.rows(repository)
    page = listing.page(rows)
    shown = repository_context(actor, repository, "tags")
    summaries = summaries_of(repository, [tag.manifest for tag in page.rows])
    context = {
        **shown,
        **_rights(actor, repository, may_admin=shown["may_admin"]),
        "listing": listing,
        "page": page,
        "count": _count(page, rows),
        "counted": COUNTED,
        "sorts": [(key, title) for key, (_, title) in SORTS.items()],
        "states": tag_states.items(),
        "summaries": summaries,
        "protected": _protected(repository, page.rows),
        "scanning": _scanning(page.rows, summaries),
        "news": listing.news(repository),
        "seen": (listing.seen_at or now).isoformat(),
        "registry_host": settings.REGISTRY_PUBLIC_HOST,
    }
    return render(request, "repositories/tag_list.html", context)


def _rights(
    actor: Actor, repository: Repository, *, may_admin: bool
) -> dict[str, bool]:
    """Tell what to offer: an admin may do both, which saves asking."""
    return {
        "may_scan": may_admin or bool(check(actor, Action.PUSH, repository)),
        "may_delete": may_admin or bool(check(actor, Action.DELETE, repository)),
    }


def _count(page: Page[Tag], rows: TagQuerySet) -> int:
    """Return how many fit, at most COUNTED + 1: a very long list is not counted."""
    if page.is_first and not page.following:
        return len(page.rows)
    return rows.order_by()[: COUNTED + 1].count()


def _protected(repository: Repository, tags: list[Tag]) -> set[int]:
    return {tag.pk for tag in tags if repository.protects(tag.name)}


def _scanning(tags: list[Tag], summaries: dict[int, Summary]) -> list[Tag]:
    """Return the tags of which something is still to come."""
    return [tag for tag in tags if summaries[tag.manifest_id].is_under_way]


@login_required
@require_http_methods(["GET", "POST"])
def delete_tags(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Ask about the tags that the address names, then delete those that were sent."""
    repository = open_repository(request, namespace, name, Action.DELETE)
    sent = request.POST if request.method == "POST" else request.GET
    rows = Tag.objects.for_listing().filter(repository=repository)
    found = list(rows.filter(name__in=_names(sent.getlist("tag"))).order_by("name"))
    if not found:
        messages.error(request, "Select the tags to delete first; they may be gone.")
        return redirect("repositories:tags", namespace, name)
    if request.method == "POST":
        _delete(request, found)
        return redirect("repositories:tags", namespace, name)
    protected = _protected(repository, found)
    context = {
        **repository_context(actor_of(request), repository, "tags", warns=False),
        "found": found,
        "protected": protected,
        "siblings": _siblings(repository, found, protected),
    }
    return render(request, "repositories/tags_confirm_delete.html", context)


def _names(sent: list[str]) -> list[str]:
    return [name for name in sent[:MOST_DELETED] if "\0" not in name]


def _siblings(
    repository: Repository, tags: list[Tag], protected: set[int]
) -> dict[int, list[str]]:
    """Return the tags of the same images that stay, by the images' keys."""
    images = {tag.manifest_id for tag in tags}
    rows = Tag.objects.filter(repository=repository, manifest__in=images)
    gone = {tag.pk for tag in tags} - protected
    others = rows.exclude(pk__in=gone).order_by("name")
    found: dict[int, list[str]] = {key: [] for key in images}
    for key, tag in others.values_list("manifest", "name")[:COUNTED]:
        found[key].append(tag)
    return found


def _delete(request: HttpRequest, found: list[Tag]) -> None:
    done = deletion.delete_tags(actor=actor_of(request), tags_wanted=found)
    gone = [one.tag for one in done if not one.problem]
    if gone:
        which = gone[0] if len(gone) == 1 else f"{len(gone)} tags"
        verb = "is" if len(gone) == 1 else "are"
        messages.success(request, f"{which} {verb} deleted.")
    for one in done:
        if one.problem:
            messages.error(request, f"{one.tag} stays: {one.problem}")
