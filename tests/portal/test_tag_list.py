"""The list of tags: found, sorted, brought up to date, and deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.access import AccessLevel
from accounts.models import AuditEvent
from promotions.models import Promotion, Watch
from repositories.models import Manifest, Repository, Scan, Tag, TagMove
from repositories.registry import RegistryError
from repositories.services import deletion
from tests.factories import (
    grant,
    make_index,
    make_policy,
    make_scan,
    make_tag,
)
from tests.promoted import promote

TAGS = "/r/dev/website/tags"
DELETE = f"{TAGS}/-/delete"


def names(response):
    return [tag.name for tag in response.context["page"].rows]


@pytest.fixture
def gone(monkeypatch) -> list[str]:
    """The tags that the registry was told to delete; it does all it is told."""
    told: list[str] = []
    monkeypatch.setattr(
        deletion, "_delete_in_registry", lambda name, tag: told.append(f"{name}:{tag}")
    )
    return told


def open_scan(tag, state=Scan.State.QUEUED) -> Scan:
    ended = timezone.now() if state == Scan.State.FAILED else None
    return Scan.objects.create(
        manifest=tag.manifest, origin="other", state=state, finished_at=ended
    )


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["c", "a", "b"]),
        ("oldest", ["b", "a", "c"]),
        ("name", ["a", "b", "c"]),
        ("name-down", ["c", "b", "a"]),
        ("size", ["b", "c", "a"]),
        ("size-up", ["a", "c", "b"]),
        ("drop table", ["c", "a", "b"]),
    ],
)
def test_tags_are_sorted_as_the_address_says(browser, dana, source, sort, expected):
    now = timezone.now()
    for name, age, size in (("a", 2, 1), ("b", 3, 9), ("c", 1, 5)):
        tag = make_tag(repository=source, name=name)
        Tag.objects.filter(pk=tag.pk).update(updated_at=now - timedelta(hours=age))
        Manifest.objects.filter(pk=tag.manifest_id).update(size=size)
    assert names(browser(dana).get(TAGS, {"sort": sort})) == expected


def test_pages_go_on_in_the_order_asked_for(browser, dana, source):
    for number in range(30):
        tag = make_tag(repository=source, name=f"v{number:02}")
        Manifest.objects.filter(pk=tag.manifest_id).update(size=number // 3)
    client = browser(dana)
    first = client.get(TAGS, {"sort": "size", "q": "v"})
    rest = client.get(
        TAGS,
        {"sort": "size", "q": "v", "after": first.context["page"].following},
    )
    sizes = [tag.size for page in (first, rest) for tag in page.context["page"].rows]
    assert sizes == sorted(sizes, reverse=True)
    assert sorted(names(first) + names(rest)) == [f"v{n:02}" for n in range(30)]
    assert first.context["count"] == rest.context["count"] == 30


def test_tags_are_narrowed_to_what_scans_said(browser, dana, source):
    tags = {
        name: make_tag(repository=source, name=name)
        for name in ("done", "again", "busy", "broken", "new")
    }
    index = make_index(repository=source, platforms=("linux/amd64", "linux/arm64"))
    make_tag(repository=source, name="index", manifest=index)
    for manifest in (tags["done"].manifest, tags["again"].manifest):
        make_scan(manifest=manifest)
    make_scan(manifest=index.children.earliest("id").child)
    open_scan(tags["busy"])
    open_scan(tags["again"], Scan.State.RUNNING)
    open_scan(tags["broken"], Scan.State.FAILED)
    client = browser(dana)
    found = {
        word: set(names(client.get(TAGS, {"show": word})))
        for word in ("scanned", "scanning", "scan-failed", "unscanned", "nonsense")
    }
    assert found["scanned"] == {"done", "index"}
    assert found["scanning"] == {"again", "busy"}
    assert found["scan-failed"] == {"broken"}
    assert found["unscanned"] == {"new"}
    assert len(found["nonsense"]) == 6


def test_tags_are_narrowed_to_the_promoted_and_the_failing(
    browser, quinn, source, target
):
    make_policy(source=source, target=target)
    for name in ("fine", "bad"):
        promote(make_tag(repository=source, name=name), target)
    make_tag(repository=target, name="pushed")
    bad = Promotion.objects.get(target_tag="bad")
    Watch.objects.create(promotion=bad, failing_since=timezone.now())
    client, url = browser(quinn), "/r/qa/website/tags"
    assert set(names(client.get(url, {"show": "promoted"}))) == {"fine", "bad"}
    assert names(client.get(url, {"show": "failing"})) == ["bad"]


def test_one_question_brings_all_scans_up_to_date(browser, dana, source):
    busy = [make_tag(repository=source, name=f"busy{n}") for n in range(3)]
    for tag in busy:
        open_scan(tag)
    make_tag(repository=source, name="quiet")
    page = browser(dana).get(TAGS).text
    assert page.count("hx-get") == 1
    assert 'hx-trigger="every 2s"' in page
    for tag in busy:
        assert f"#scan-{tag.pk}" in page
        assert f'id="scan-{tag.pk}"' in page
    Scan.objects.all().delete()
    page = browser(dana).get(TAGS).text
    assert 'hx-trigger="every 15s"' in page
    assert "hx-select-oob" not in page


def test_new_tags_are_told_and_not_put_between(browser, dana, source):
    make_tag(repository=source, name="old")
    client = browser(dana)
    seen = client.get(TAGS).context["seen"]
    make_tag(repository=source, name="new")
    asked = client.get(TAGS, {"seen": seen, "q": "", "sort": "name"})
    assert names(asked) == ["old"]
    assert "1 tag was pushed since." in asked.text
    assert asked.context["seen"] == seen  # the news stays until it is looked at
    assert 'href="?q=&amp;sort=name"' in asked.text
    assert "pushed since" not in client.get(TAGS).text


@pytest.mark.parametrize(
    "seen",
    ["nonsense", "2026-01-01", "1970-01-01T00:00:00+00:00", "9" * 400, "\0"],
)
def test_a_time_that_cannot_be_is_none(browser, dana, source, seen):
    make_tag(repository=source, name="old")
    response = browser(dana).get(TAGS, {"seen": seen})
    assert names(response) == ["old"]
    assert response.context["news"] == 0


def test_selected_tags_are_deleted_after_a_question(browser, dana, source, gone):
    first = make_tag(repository=source, name="1.0")
    make_tag(repository=source, name="latest", manifest=first.manifest)
    make_tag(repository=source, name="2.0")
    client = browser(dana)
    question = client.get(DELETE, {"tag": ["1.0", "2.0"]})
    assert "Delete 2 tags?" in question.text
    assert "The same image stays under latest." in question.text
    assert gone == []
    answer = client.post(DELETE, {"tag": ["1.0", "2.0"]}, follow=True)
    assert "2 tags are deleted." in answer.text
    assert gone == ["dev/website:1.0", "dev/website:2.0"]
    assert names(answer) == ["latest"]
    events = AuditEvent.objects.filter(action="delete", actor="dana")
    assert events.count() == 2


def test_an_immutable_tag_stays_and_says_why(browser, dana, source, gone):
    Repository.objects.filter(pk=source.pk).update(immutable_tags=["v*"])
    for name in ("v1", "beta"):
        make_tag(repository=source, name=name)
    client = browser(dana)
    assert "v1 is immutable" in client.get(TAGS).text
    assert "immutable: it stays" in client.get(DELETE, {"tag": ["v1"]}).text
    answer = client.post(DELETE, {"tag": ["v1", "beta"]}, follow=True)
    assert "dev/website:v1 is immutable" in answer.text
    assert gone == ["dev/website:beta"]


def test_a_registry_that_refuses_is_told(browser, dana, source, monkeypatch):
    make_tag(repository=source, name="1.0")

    def refuse(*_: object) -> None:
        raise RegistryError("UNAVAILABLE", "The registry cannot be reached.")

    monkeypatch.setattr(deletion, "_delete_in_registry", refuse)
    answer = browser(dana).post(DELETE, {"tag": "1.0"}, follow=True)
    assert "1.0 stays: The registry cannot be reached." in answer.text
    assert Tag.objects.filter(repository=source).exists()


def test_who_may_not_delete_is_told_or_learns_nothing(
    browser, quinn, stranger, source, gone
):
    make_tag(repository=source, name="1.0")
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    reader = browser(stranger).post(DELETE, {"tag": "1.0"})
    assert reader.status_code == 403
    assert "This needs the right “delete” on dev/website" in reader.text
    assert browser(quinn).post(DELETE, {"tag": "1.0"}).status_code == 404
    assert gone == []


def test_forged_names_delete_nothing(browser, dana, source, target, gone):
    make_tag(repository=source, name="1.0")
    make_tag(repository=target, name="only-qa")
    for forged in ("only-qa", "qa/website:only-qa", "../1.0", "\0", ""):
        browser(dana).post(DELETE, {"tag": forged})
    assert gone == []
    assert Tag.objects.count() == 2


def test_a_reader_selects_nothing(browser, stranger, source):
    make_tag(repository=source, name="1.0")
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    for url in (TAGS, f"{TAGS}/1.0"):
        page = browser(stranger).get(url).text
        assert "/-/delete" not in page
        assert "checkbox" not in page


def test_the_question_tells_what_promotions_have_to_do_with_it(
    browser, dana, stranger, source, target
):
    make_policy(source=source, target=target)
    promote(make_tag(repository=source, name="1.0"), target)
    page = browser(dana).get(DELETE, {"tag": "1.0"}).text
    assert "1 policy promotes from this repository." in page
    assert "Copies that were promoted stay:" in page
    assert "qa/website" in page
    grant(to=stranger, on=source, level=AccessLevel.READ_WRITE)
    page = browser(stranger).get(DELETE, {"tag": "1.0"}).text
    assert "No copy that you may see was promoted from it." in page
    assert "qa/website" not in page


def test_promotions_only_says_that_nobody_can_push_it_again(browser, dana, source):
    Repository.objects.filter(pk=source.pk).update(promotions_only=True)
    make_tag(repository=source, name="1.0")
    page = browser(dana).get(DELETE, {"tag": "1.0"}).text
    assert "only a promotion brings the tag back" in page


@pytest.mark.parametrize("level", ["admin", AccessLevel.READ_ONLY])
def test_a_thousand_tags_cost_what_one_does(
    browser, dana, stranger, source, level, django_assert_max_num_queries
):
    make_many(source, 1000)
    user = dana
    if level != "admin":
        user = stranger
        grant(to=user, on=source, level=level)
    client = browser(user)
    asked = {"seen": (timezone.now() - timedelta(days=1)).isoformat()}
    queries: tuple[dict[str, str], ...] = (
        {},
        {"sort": "size", "show": "unscanned"},
        {"q": "v1"},
        asked,
    )
    for query in queries:
        with django_assert_max_num_queries(12):
            assert client.get(TAGS, query).status_code == 200


def make_many(repository: Repository, count: int) -> None:
    """Tags of one image, written at once."""
    model = make_tag(repository=repository, name="model")
    now = timezone.now() - timedelta(days=2)
    moves = TagMove.objects.bulk_create(
        TagMove(
            repository=repository,
            tag=f"v{number}",
            to_manifest=model.manifest,
            moved_at=now,
        )
        for number in range(count)
    )
    Tag.objects.bulk_create(
        Tag(
            repository=repository,
            name=move.tag,
            manifest=model.manifest,
            current_move=move,
            updated_at=now,
        )
        for move in moves
    )


@pytest.mark.parametrize("sort", ["size", "name", "oldest"])
@pytest.mark.parametrize("key", ["x", "9" * 40 + "~" + "9" * 40, "~", "-1~1", "\0~1"])
def test_a_page_key_that_means_harm_breaks_nothing(browser, dana, source, sort, key):
    make_tag(repository=source, name="1.0")
    answer = browser(dana).get(TAGS, {"sort": sort, "after": key})
    assert answer.status_code == 200
