"""Review promoted images, write down what is found, and tell what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.access import SYSTEM
from accounts.services import audit
from promotions.models import Promotion, Watch
from promotions.services import reevaluate
from promotions.services.watch.answers import Failure, failures
from promotions.services.watch.findings import NAMED, News, known_of
from repositories.models import Manifest, VulnerabilityException
from repositories.services.scans.batches import batched

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from promotions.querysets import PromotionQuerySet

BATCH = 100
ATTEMPTS = 5  # while others review the same promotions

FOUND = "VULNERABILITY_FOUND"
NOT_MET = "POLICY_NOT_MET"


@dataclass(frozen=True, slots=True)
class _Review:
    """How a promotion was found before, and how now."""

    watch: Watch
    promotion: Promotion
    news: News
    failure: Failure | None

    @property
    def is_first(self) -> bool:
        """Whether what is known is known since the promotion, for all that we know."""
        return self.watch.reviewed_at is None

    @property
    def begins_to_fail(self) -> bool:
        return self.failure is not None and self.watch.failing_since is None

    def values(self, at: datetime) -> dict[str, Any]:
        """Return what the row says from now on."""
        failure, since = self.failure, self.watch.failing_since
        return {
            "known": [*self.watch.known, *self.news.names],
            "failing_since": (since or at) if failure else None,
            "outcomes": failure.outcomes if failure else [],
            "told": failure.told if failure else [],
        }

    @property
    def changes(self) -> bool:
        """Whether the row says anything else than before."""
        if self.is_first or self.news.names or self.begins_to_fail:
            return True
        failure = self.failure or Failure([], [])
        said = self.watch.outcomes, self.watch.told
        return said != (failure.outcomes, failure.told)


def review(*, manifest_id: int) -> None:
    """Look again at what was promoted of an image, alone or as a part of an index.

    Safe to call twice and at the same time: news is told once.
    """
    image = Manifest.objects.filter(pk=manifest_id).values("pk")
    _review_all(Promotion.objects.of_images(image))


def review_one(*, promotion_id: int) -> None:
    """Look at one promotion, as soon as it succeeded: what is known then is no news."""
    _review_all(Promotion.objects.filter(pk=promotion_id))


def review_exception(*, exception_id: int) -> None:
    """Look again at what was promoted out of the scope of a hidden vulnerability."""
    exception = VulnerabilityException.objects.get(pk=exception_id)
    scope: dict[str, Any] = {"source_repository": exception.repository_id}
    if exception.namespace_id:
        scope = {"source_repository__namespace": exception.namespace_id}
    images = reevaluate.images_of_exception(exception)
    _review_all(Promotion.objects.of_images(images).filter(**scope))


def review_some(*, after: int, unless_within: timedelta, limit: int) -> int | None:
    """Look again at promotions behind a key; return where to go on, None at the end.

    What was reviewed so recently is left out. Finds what a lost message left.
    """
    recent = Watch.objects.filter(reviewed_at__gt=timezone.now() - unless_within)
    rows = Promotion.objects.standing().filter(pk__gt=after)
    rows = rows.exclude(pk__in=recent.values("promotion")).order_by("pk")
    keys = list(rows.values_list("pk", flat=True)[:limit])
    _forget_moved(after, keys[-1] if len(keys) == limit else None)
    _review_all(Promotion.objects.filter(pk__in=keys))
    return keys[-1] if len(keys) == limit else None


def _forget_moved(after: int, last: int | None) -> None:
    """Forget what is watched between two keys though its tag has moved on."""
    rows = Watch.objects.filter(promotion__gt=after)
    if last is not None:
        rows = rows.filter(promotion__lte=last)
    rows.exclude(pk__in=rows.standing().values("pk")).delete()


def _review_all(promotions: PromotionQuerySet) -> None:
    gone = Watch.objects.filter(promotion__in=promotions.values("pk"))
    gone.exclude(pk__in=gone.standing().values("pk")).delete()
    keys = list(promotions.standing().order_by("pk").values_list("pk", flat=True))
    for some in batched(keys, BATCH):
        _review_until_written(some)


def _review_until_written(keys: list[int]) -> None:
    """Review again what others wrote meanwhile; they, too, looked at it just now."""
    for _ in range(ATTEMPTS):
        if not keys:
            return
        keys = _reviewed(keys)


def _reviewed(keys: list[int]) -> list[int]:
    """Review some promotions; return those that somebody else wrote meanwhile.

    The rows are read before the evidence: where nobody else wrote, ours is no older
    than what it replaces.
    """
    found = _load(keys)
    reviews = _look_at(_watches(found), found)
    at = timezone.now()
    same = [one.watch.pk for one in reviews if not one.changes]
    rows = Watch.objects.filter(pk__in=same)
    # Counted too: what another read before us must not be written after us.
    rows.update(reviewed_at=at, revision=F("revision") + 1)
    changed = [one for one in reviews if one.changes]
    return [one.promotion.pk for one in changed if not _write(one, at)]


def _load(keys: list[int]) -> list[Promotion]:
    rows = Promotion.objects.filter(pk__in=keys).standing()
    return list(
        rows.select_related(
            "decision",
            "policy_version__target_namespace",
            "target_repository__namespace",
            "manifest",
            "tag_move__repository__namespace",
            "tag_move__to_manifest",
            "tag_move__originated_by",
        )
        .defer("manifest__raw", "tag_move__to_manifest__raw")
        .order_by("pk")
    )


def _watches(promotions: list[Promotion]) -> dict[int, Watch]:
    """Return the rows of the promotions by their keys, made where there are none."""
    rows = Watch.objects.filter(promotion__in=promotions)
    found = {watch.promotion_id: watch for watch in rows}
    missing = [one for one in promotions if one.pk not in found]
    if missing:
        Watch.objects.bulk_create(
            [Watch(promotion=one) for one in missing], ignore_conflicts=True
        )
        made = Watch.objects.filter(promotion__in=missing)
        found |= {watch.promotion_id: watch for watch in made}
    return found


def _look_at(watches: dict[int, Watch], promotions: list[Promotion]) -> list[_Review]:
    known, failing = known_of(promotions), failures(promotions)
    return [
        _Review(
            watches[one.pk],
            one,
            known[one.pk].since(watches[one.pk].known),
            failing.get(one.pk),
        )
        for one in promotions
        if one.pk in watches
    ]


def _write(review: _Review, at: datetime) -> bool:
    """Write down what is new and tell it; False where somebody else was faster."""
    watch = review.watch
    rows = Watch.objects.filter(pk=watch.pk, revision=watch.revision)
    values = review.values(at) | {"reviewed_at": at, "revision": watch.revision + 1}
    with transaction.atomic():
        if not rows.update(**values):
            return False
        if review.news.names and not review.is_first:
            _tell(review.promotion, FOUND, _found(review.news))
        if review.begins_to_fail and review.failure:
            _tell(review.promotion, NOT_MET, {"fails": review.failure.told})
    return True


def _found(news: News) -> dict[str, Any]:
    return {
        "vulnerabilities": list(news.names[:NAMED]),
        "count": len(news.names),
        "found_by": list(news.scanners),
    }


def _tell(promotion: Promotion, action: str, what: dict[str, Any]) -> None:
    """Write an event at the target, which says nothing of the source."""
    target = promotion.target_repository
    if target is None:  # what stands on a tag has one
        return
    where = {"tag": promotion.target_tag, "digest": promotion.manifest.digest}
    audit.record(
        actor=SYSTEM,
        action=action,
        subject=target,
        namespace=target.namespace,
        after=where | what,
    )
