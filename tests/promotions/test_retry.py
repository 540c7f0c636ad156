"""All that failed, promoted again at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.access import ANONYMOUS, SYSTEM, AccessLevel, Actor, TokenScope
from accounts.services import access_tokens
from promotions.models import Promotion, PromotionFilter
from promotions.models.promotion import State
from promotions.services import policies, retry
from promotions.services.evaluate import evaluate_move
from promotions.services.retry import retry_failed
from repositories.models import Scan
from repositories.services import repositories
from tests.factories import (
    grant,
    make_manifest,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
    make_user,
    tag_rule,
)

if TYPE_CHECKING:
    from accounts.models import User
    from promotions.models import PromotionPolicy
    from repositories.models import Repository


@pytest.fixture
def source(db: None) -> Repository:
    return make_repository(name="dev/website")


@pytest.fixture
def target(db: None) -> Repository:
    return make_repository(name="qa/website")


@pytest.fixture
def policy(source: Repository, target: Repository) -> PromotionPolicy:
    return make_policy(source=source, target=target)


@pytest.fixture
def dora(source: Repository, target: Repository) -> User:
    """Who may promote: she reads the source and writes the target."""
    user = make_user(name="dora")
    grant(to=user, on=source, level=AccessLevel.READ_ONLY)
    grant(to=user, on=target, level=AccessLevel.READ_WRITE)
    return user


def failed(source: Repository, *names: str, **values: Any) -> list[Promotion]:
    """What the policies of a repository promoted, and what broke."""
    fields = {"state": State.FAILED, "error_code": "DENIED", **values}
    fields.setdefault("finished_at", timezone.now())
    keys = []
    for name in names:
        tag = make_tag(repository=source, name=name)
        keys += evaluate_move(move_id=tag.current_move_id)
    Promotion.objects.filter(pk__in=keys).update(**fields)
    return list(Promotion.objects.filter(pk__in=keys).order_by("pk"))


def retried(user: User, **values: Any) -> tuple[int, list[str], int]:
    """Retry all there is; return how many went, why others did not, and the rest."""
    found = retry_failed(
        actor=Actor(user), promotions=Promotion.objects.all(), **values
    )
    reasons = [refusal.reason for refusal in found.refused]
    return len(found.promotions), reasons, found.left


def test_what_failed_goes_again_and_nothing_else(
    source: Repository, policy: PromotionPolicy, dora: User
) -> None:
    broken = failed(source, "a", "b")
    failed(source, "c", state=State.SKIPPED)

    found = retry_failed(
        actor=Actor(dora), promotions=Promotion.objects.all(), comment="it is up again"
    )

    assert [again.repeats for again in found.promotions] == broken
    for again in Promotion.objects.filter(repeats__in=broken):
        assert (again.state, again.generation) == (State.PENDING, 2)
        assert (again.requested_by, again.comment) == (dora, "it is up again")
    assert (found.refused, found.left) == ([], 0)


def test_asked_twice_it_is_done_once_and_what_failed_again_goes_again(
    source: Repository, policy: PromotionPolicy, dora: User
) -> None:
    failed(source, "a")
    assert retried(dora) == (1, [], 0)
    assert retried(dora) == (0, [], 0)

    Promotion.objects.update(
        state=State.FAILED, error_code="DENIED", finished_at=timezone.now()
    )
    assert retried(dora) == (1, [], 0)
    assert sorted(Promotion.objects.values_list("generation", flat=True)) == [1, 2, 3]


def test_what_somebody_repeats_meanwhile_is_not_counted_twice(
    source: Repository,
    policy: PromotionPolicy,
    dora: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed(source, "a")
    batch = retry._batch

    def overtaken(rows: Any) -> list[Promotion]:
        found = batch(rows)
        monkeypatch.undo()
        assert retried(dora) == (1, [], 0)
        return found

    monkeypatch.setattr(retry, "_batch", overtaken)
    assert retried(dora) == (0, [], 0)


def test_a_batch_is_bounded_and_the_next_goes_on_behind_it(
    source: Repository,
    policy: PromotionPolicy,
    dora: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry, "BATCH", 2)
    broken = failed(source, "a", "b", "c", "d", "e")
    policies.update(actor=SYSTEM, policy=policy, changes={}, enabled=False)
    first = retry_failed(actor=Actor(dora), promotions=Promotion.objects.all())

    assert [refusal.promotion for refusal in first.refused] == broken[:2]
    assert (first.last, first.left) == (broken[1], 3)
    policies.update(actor=SYSTEM, policy=policy, changes={}, enabled=True)
    assert retried(dora, after=first.last) == (2, [], 1)
    assert retried(dora, after=broken[3]) == (1, [], 0)
    assert retried(dora) == (2, [], 0)


# --- what is refused --------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"changes": {}, "enabled": False}, "deleted or switched off"),
        ({"changes": {"tag_template": "x-%n"}}, "Save & Apply"),
    ],
)
def test_a_policy_that_is_off_or_changed_repeats_nothing(
    source: Repository,
    policy: PromotionPolicy,
    dora: User,
    change: dict[str, Any],
    sentence: str,
) -> None:
    failed(source, "a")
    policies.update(actor=SYSTEM, policy=policy, **change)

    number, (reason,), _ = retried(dora)

    assert (number, sentence in reason) == (0, True)


def test_one_that_is_refused_keeps_none_of_the_others_back(
    source: Repository, target: Repository, dora: User
) -> None:
    off = make_policy(source=source, target=target, rules=[tag_rule("eq", "a")])
    make_policy(source=source, target=target, rules=[tag_rule("noo", "a")])
    failed(source, "a", "b", "c")
    policies.update(actor=SYSTEM, policy=off, changes={}, enabled=False)

    number, reasons, left = retried(dora)

    assert (number, len(reasons), left) == (2, 1, 0)


def test_an_image_that_does_not_meet_the_policy_now_stays(
    source: Repository, target: Repository, dora: User
) -> None:
    rule = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
    make_policy(source=source, target=target, rules=[rule])
    manifest = make_manifest(repository=source)
    make_scan(manifest=manifest)
    tag = make_tag(repository=source, manifest=manifest)
    evaluate_move(move_id=tag.current_move_id)
    Promotion.objects.update(
        state=State.FAILED, error_code="DENIED", finished_at=timezone.now()
    )
    Scan.objects.all().delete()
    make_scan(manifest=manifest, vulnerabilities={"CVE-2026-1": 9.8})

    number, (reason,), _ = retried(dora)

    assert number == 0
    assert reason.startswith("The image does not meet the policy now.")
    assert "CVE-2026-1" in reason


def test_reading_the_target_is_not_enough(
    source: Repository, target: Repository, policy: PromotionPolicy
) -> None:
    reader = make_user()
    grant(to=reader, on=source, level=AccessLevel.READ_ONLY)
    grant(to=reader, on=target, level=AccessLevel.READ_ONLY)
    failed(source, "a")

    number, (reason,), left = retried(reader)

    assert (number, left) == (0, 0)
    assert reason == "This needs the right “push” on qa/website; ask one of its admins."


@pytest.mark.parametrize("end", ["source", "target"])
def test_a_hidden_end_reads_as_one_that_is_gone(
    source: Repository, target: Repository, policy: PromotionPolicy, end: str
) -> None:
    seen, other = (target, source) if end == "source" else (source, target)
    user = make_user()
    grant(to=user, on=seen, level=AccessLevel.READ_WRITE)
    failed(source, "a")
    hidden = retried(user)

    grant(to=user, on=other, level=AccessLevel.READ_WRITE)
    repositories.delete(actor=SYSTEM, repository=other)

    assert hidden == retried(user) == (0, [retry.END_UNKNOWN], 0)


def test_of_promotions_between_others_nothing_is_told(
    source: Repository, policy: PromotionPolicy
) -> None:
    failed(source, "a")
    assert retried(make_user()) == (0, [], 0)


def test_who_is_nobody_or_has_no_token_to_push_is_refused_at_once(
    source: Repository, policy: PromotionPolicy, dora: User
) -> None:
    failed(source, "a")
    issued = access_tokens.issue(
        actor=Actor(dora), user=dora, label="t", scopes=[TokenScope.PULL]
    )
    for actor, said in ((ANONYMOUS, "Sign in"), (Actor(dora, issued.row), "push")):
        with pytest.raises(PermissionDenied, match=said):
            retry_failed(actor=actor, promotions=Promotion.objects.all())


# --- the filter -------------------------------------------------------------------


def asked(user: User, **sent: Any) -> list[str]:
    """The source tags of what a filter finds."""
    wanted = PromotionFilter.parse(sent)
    rows = Promotion.objects.matching(wanted, Actor(user)).order_by("source_tag")
    return list(rows.values_list("source_tag", flat=True))


@pytest.fixture
def several(source: Repository, policy: PromotionPolicy) -> None:
    """Three promotions of the first three days of the year 2026."""
    kinds = {"a-1": (State.FAILED, "DENIED"), "b-1": (State.SKIPPED, "TAG_IMMUTABLE")}
    kinds["c-2"] = (State.PENDING, "")
    for day, (tag, (state, code)) in enumerate(kinds.items(), start=1):
        moment = datetime(2026, 1, day, 12, tzinfo=UTC)
        failed(source, tag, state=state, error_code=code, created_at=moment)


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({}, ["a-1", "b-1", "c-2"]),
        ({"state": "", "tag": " "}, ["a-1", "b-1", "c-2"]),
        ({"state": "failed"}, ["a-1"]),
        ({"state": ["failed", "pending"]}, ["a-1", "c-2"]),
        ({"state": "failed, skipped"}, ["a-1", "b-1"]),
        ({"error_code": "denied"}, ["a-1"]),
        ({"tag": "-1"}, ["a-1", "b-1"]),
        ({"since": "2026-01-02"}, ["b-1", "c-2"]),
        ({"until": "2026-01-02"}, ["a-1", "b-1"]),
        ({"since": "2026-01-01T12:00:00Z", "until": "2026-01-02T12:00:00Z"}, ["a-1"]),
        ({"since": "2026-01-02T14:00:00+02:00"}, ["b-1", "c-2"]),
        ({"policy": str(uuid4())}, []),
        ({"state": "failed", "tag": "b"}, []),
    ],
)
def test_a_filter_finds_what_fits(dora: User, sent: Any, found: list[str]) -> None:
    assert asked(dora, **sent) == found


@pytest.mark.usefixtures("several")
def test_a_filter_finds_what_a_policy_made(
    source: Repository, policy: PromotionPolicy, dora: User
) -> None:
    assert len(asked(dora, policy=str(policy.uuid))) == 3


@pytest.mark.usefixtures("several")
def test_a_filter_does_not_tell_a_hidden_tag(target: Repository) -> None:
    reader = make_user()
    grant(to=reader, on=target, level=AccessLevel.ADMIN)
    assert asked(reader, tag="a-1") == []


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"state": "broken"}, "“broken” is no state"),
        ({"state": ["failed", 5]}, "Write text"),
        ({"state": {"failed": 1}}, "Write text"),
        ({"policy": "7"}, "not the id of a policy"),
        ({"since": "yesterday"}, "“yesterday” is no moment"),
        ({"until": "2026-02-30"}, "is no moment"),
        ({"until": "9999-12-31"}, "is no moment"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "is no moment"),
        ({"tag": "x" * 129}, "at most 128"),
        ({"error_code": "a\0"}, "Write text"),
    ],
)
def test_a_filter_that_cannot_be_read_is_explained(sent: Any, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as refused:
        PromotionFilter.parse(sent)
    assert list(refused.value.message_dict) == list(sent)


def test_the_newest_error_codes_are_offered(
    source: Repository, policy: PromotionPolicy
) -> None:
    failed(source, "a", error_code="UNAVAILABLE")
    failed(source, "b", "c")
    failed(source, "d", state=State.PENDING, error_code="")
    assert Promotion.objects.recent_error_codes() == ["DENIED", "UNAVAILABLE"]


def test_a_moment_without_a_zone_is_utc() -> None:
    wanted = PromotionFilter.parse({"since": "2026-01-01T10:00:00"})
    assert wanted.since == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert wanted.since.utcoffset() == timedelta(0)
