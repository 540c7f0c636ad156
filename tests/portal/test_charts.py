"""The pictures of a repository and of promotions: their numbers, and whose they are."""

from __future__ import annotations

import re
from datetime import UTC, date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import Actor
from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.services import charts
from promotions.services.charts.durations import seconds_as_words
from repositories.services import tags
from repositories.services.charts import (
    Series,
    last_days,
    ranges,
    severity_trend,
    stacks,
)
from repositories.services.charts.drawing import HEIGHT, WIDTH, nice
from tests.factories import (
    make_index,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
)
from tests.promoted import promote

CRITICAL = {"CVE-1": 9.8, "CVE-2": 9.1, "CVE-3": 5.0}


def numbers(chart):
    return dict(chart.rows)


def today():
    return timezone.now().astimezone(UTC).date()


def test_stacks_fill_the_height_and_stand_on_each_other():
    days = last_days(date(2026, 3, 2), 2)
    one, two = Series("a", "a"), Series("b", "b")
    marks, scale = stacks(days, (one, two), {days[1]: {"a": 3, "b": 1}})
    assert scale == ("4", "2", "0")
    assert [(mark.y, mark.height) for mark in marks] == [(30, 90), (0, 30)]
    assert all(WIDTH / 2 <= mark.x <= WIDTH - mark.width for mark in marks)
    assert [mark.title for mark in marks] == ["02 Mar: 3 a", "02 Mar: 1 b"]


def test_ranges_are_logarithmic_and_stay_inside():
    days = last_days(date(2026, 3, 2), 2)
    pair = (Series("a", "a"), Series("b", "b"))
    numbers = {days[0]: (1.0, 100.0), days[1]: (0.0, 86400.0)}
    marks, scale = ranges(days, pair, numbers, lambda number: f"{number:g}")
    assert scale[0] == "100000"
    assert all(0 <= mark.y <= HEIGHT - mark.height for mark in marks)


@pytest.mark.parametrize(
    ("number", "top"), [(0, 1), (1, 1), (3, 4), (7, 8), (11, 20), (99, 100), (100, 100)]
)
def test_the_scale_ends_at_a_round_number(number, top):
    assert nice(number) == top


@pytest.mark.parametrize(
    ("seconds", "word"),
    [
        (0.02, "20 ms"),
        (0.4, "400 ms"),
        (12.3, "12 s"),
        (90, "1.5 min"),
        (86400, "1.0 d"),
    ],
)
def test_durations_are_said_in_their_largest_unit(seconds, word):
    assert seconds_as_words(seconds) == word


def test_the_trend_knows_what_stood_on_each_evening(source):
    bad = make_tag(repository=source, name="1.0")
    make_scan(manifest=bad.manifest, vulnerabilities=CRITICAL)
    make_tag(repository=source, name="unscanned")
    rows = numbers(severity_trend(source))
    assert rows[today()] == ["2", "1", "0", "2", "1"]
    assert rows[today() - timedelta(days=1)] == ["0", "0", "0", "0", "0"]


def test_the_trend_follows_moves_and_deletions(source):
    now = timezone.now()
    with time_machine.travel(now - timedelta(days=40)):
        bad = make_tag(repository=source, name="1.0")
        make_scan(manifest=bad.manifest, vulnerabilities=CRITICAL)
    with time_machine.travel(now - timedelta(days=3)):
        good = make_tag(repository=source, name="1.0")
        make_scan(manifest=good.manifest, vulnerabilities={"CVE-3": 5.0})
    with time_machine.travel(now - timedelta(days=1)):
        seen = tags.Sighting(
            tag="1.0",
            moved_at=timezone.now(),
            moved_by="dana",
            expected_version=tags.version_of(source, "1.0"),
        )
        tags.record_deletion(repository=source, seen=seen)
    rows = numbers(severity_trend(source))
    by_age = [rows[today() - timedelta(days=back)][:4] for back in (29, 3, 2, 1)]
    assert by_age == [
        ["2", "1", "0", "1"],
        ["0", "1", "0", "1"],
        ["0", "1", "0", "1"],
        ["0", "0", "0", "0"],
    ]


def test_an_index_counts_as_the_worst_of_its_platforms(source):
    platforms = ("linux/amd64", "linux/arm64")
    index = make_index(repository=source, platforms=platforms)
    make_tag(repository=source, manifest=index)
    first, second = (child.child for child in index.children.all())
    make_scan(manifest=first, vulnerabilities=CRITICAL)
    make_scan(manifest=second, vulnerabilities={"CVE-9": 1.0})
    assert numbers(severity_trend(source))[today()] == ["2", "1", "1", "1", "0"]


def test_scans_trusted_elsewhere_do_not_count(source):
    tag = make_tag(repository=source)
    other = make_repository(name="theirs/app")
    make_scan(
        manifest=tag.manifest,
        origin="their-ci",
        trusted_repository=other,
        vulnerabilities=CRITICAL,
    )
    assert numbers(severity_trend(source))[today()] == ["0", "0", "0", "1", "1"]


def test_the_trend_costs_two_queries(source):
    for number in range(5):
        tag = make_tag(repository=source, name=f"1.{number}")
        make_scan(manifest=tag.manifest, vulnerabilities=CRITICAL)
    with CaptureQueriesContext(connection) as captured:
        severity_trend(source)
    assert len(captured) == 2


@pytest.fixture
def promoted(source, target):
    make_policy(source=source, target=target)
    return [
        one
        for name in ("a", "b", "c", "d")
        for one in promote(make_tag(repository=source, name=name), target)
    ]


def test_promotions_are_counted_by_day_and_state(promoted):
    old, failed, *_ = promoted
    rows = Promotion.objects.all()
    rows.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=3))
    rows.filter(pk=failed.pk).update(state=State.FAILED, error_code="DENIED")
    chart = charts.per_day(Promotion.objects.all())
    assert numbers(chart)[today()] == ["2", "1", "0", "0"]
    assert numbers(chart)[today() - timedelta(days=3)] == ["1", "0", "0", "0"]
    assert chart.sentence == (
        "4 promotions in the last 30 days: 3 succeeded, 1 failed."
    )


def test_what_is_older_than_thirty_days_is_left_out(promoted):
    Promotion.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert charts.per_day(Promotion.objects.all()).is_empty
    assert charts.push_to_promotion(Promotion.objects.all()).is_empty


def test_durations_have_their_median_and_95th_percentile(promoted):
    for promotion, seconds in zip(promoted, (1, 2, 3, 50), strict=True):
        end = promotion.tag_move.created_at + timedelta(seconds=seconds)
        Promotion.objects.filter(pk=promotion.pk).update(finished_at=end)
    chart = charts.push_to_promotion(Promotion.objects.all())
    assert chart.rows == [(today(), ["2.0 s", "50 s", "4"])]


def test_of_very_many_durations_some_are_looked_at(promoted):
    chart = charts.push_to_promotion(Promotion.objects.all(), count=25_000)
    keys = [one.pk for one in promoted if one.pk % 3 == 0]
    assert [cells[-1] for _, cells in chart.rows] == [str(len(keys))]
    assert "one in 3 was looked at" in chart.note


def test_what_was_pushed_before_the_policy_is_no_duration(source, target):
    tag = make_tag(repository=source)
    make_policy(source=source, target=target)
    assert promote(tag, target)
    assert charts.push_to_promotion(Promotion.objects.all()).is_empty


def test_each_sees_the_promotions_of_what_they_may_pull(
    browser, dana, quinn, stranger, promoted
):
    for user, count in ((dana, 4), (quinn, 4), (stranger, 0)):
        rows = Promotion.objects.visible_to(Actor(user))
        assert sum(int(row[1][0]) for row in charts.per_day(rows).rows) == count


def test_the_namespace_counts_what_the_reader_may_pull(
    source, dana, stranger, promoted
):
    namespace = source.namespace
    for user, count in ((dana, 4), (stranger, 0)):
        rows = Promotion.objects.of_namespace(namespace, Actor(user), as_source=True)
        assert rows.count() == count


def test_pages_fetch_their_charts(browser, dana, source, promoted):
    client = browser(dana)
    for address in (
        "/r/dev/website/promotions",
        "/r/dev/website/promotions?as=target",
        "/r/dev/promotions",
    ):
        page = client.get(fetched(client.get(address).text, "charts")).text
        assert "Promotions per day" in page
        assert "From push to promotion" in page
    page = client.get(fetched(client.get("/r/dev/promotions").text, "charts")).text
    assert 'role="img"' in page
    page = client.get(fetched(client.get("/r/dev/website").text, "trend")).text
    assert "Vulnerabilities of all tags" in page


def fetched(page: str, identifier: str) -> str:
    """Return the address from which a page gets an element when it is there."""
    found = re.search(rf'id="{identifier}" hx-get="([^"]+)"', page)
    assert found is not None
    return found[1]
