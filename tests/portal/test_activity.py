"""The Activity tab: one stream out of four tables, and who sees what of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import AccessLevel, Actor, TokenScope
from accounts.models import AuditEvent
from accounts.services import access_tokens
from promotions.models import Promotion, PromotionPolicy
from promotions.services.activity import Kind, Place, Wanted, stream
from repositories.models import Scan, TagMove
from repositories.services import repositories
from tests.factories import (
    grant,
    make_manifest,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
)
from tests.portal.scanned import hide
from tests.promoted import promote, promote_by_hand

TAB = "/r/dev/website/events"
NAMESPACE = "/r/dev/events"


@pytest.fixture
def busy(source, target, dana):
    """A push, a scan, a policy, its promotion, something hidden, and a grant."""
    make_policy(source=source, target=target)
    tag = make_tag(repository=source, pushed_by="walter")
    found = {"CVE-2021-1": 9.8}
    make_scan(manifest=tag.manifest, repository=source, vulnerabilities=found)
    promote(tag, target)
    hide(dana, source)
    return tag


def entries(actor, repository, wanted=None, *, administers=False, **more):
    place = Place(actor, repository.namespace, repository, administers)
    return stream(place, wanted or Wanted(), **more)


def kinds(response):
    return {entry.kind.value for entry in response.context["page"].rows}


def test_one_stream_tells_all_newest_first(browser, dana, busy):
    for address in (TAB, NAMESPACE):
        response = browser(dana).get(address)
        assert kinds(response) == set(Kind)
        times = [entry.at for entry in response.context["page"].rows]
        assert times == sorted(times, reverse=True)
        for text in ("by walter", "Pushed", "Hid CVE-2021-1", "1 critical"):
            assert text in " ".join(response.text.split())


def test_a_reader_sees_no_changes_but_their_own(browser, stranger, source, busy):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    for address in (TAB, NAMESPACE):
        assert kinds(browser(stranger).get(address)) == set(Kind) - {"changes"}
    AuditEvent.objects.create(
        actor="stranger",
        actor_uuid=stranger.uuid,
        action="scan",
        object_type="repositories.Repository",
        object_uuid=source.uuid,
        object_name="dev/website",
        namespace_uuid=source.namespace.uuid,
    )
    for address in (TAB, NAMESPACE):
        assert kinds(browser(stranger).get(address)) == set(Kind)


def test_the_other_end_is_told_to_those_who_may_pull_it(
    browser, stranger, quinn, source, busy
):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    page = browser(stranger).get(TAB).text
    assert "a repository you have no access to" in page
    assert "qa/website" not in page
    assert "dev/website" not in browser(quinn).get("/r/qa/website/events").text


def test_strangers_see_no_page(browser, stranger, busy):
    assert browser(stranger).get(TAB).status_code == 404
    assert browser(stranger).get(NAMESPACE).status_code == 404


def test_the_namespace_leaves_out_what_one_may_not_pull(
    browser, stranger, source, busy
):
    hidden = make_repository(name="dev/hidden")
    tag = make_tag(repository=hidden, name="secret")
    make_scan(manifest=tag.manifest, repository=hidden, source="secret scanner")
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    assert "secret" not in browser(stranger).get(NAMESPACE).text


def test_what_is_scanned_elsewhere_did_not_happen_here(quinn, dana, source, target):
    image = make_manifest(repository=source, content="same")
    assert make_manifest(repository=target, content="same") == image
    make_scan(manifest=image, repository=target, requested_by=quinn)
    wanted = Wanted(kind=Kind.SCANS)
    assert not entries(Actor(dana), source, wanted).rows
    (there,) = entries(Actor(dana), target, wanted).rows
    assert there.who == "quinn"


def test_who_promoted_is_told_to_those_who_see_both_ends(
    stranger, dana, quinn, source, target
):
    promote_by_hand(make_tag(repository=source), target, by=dana)
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    for reader, who in ((dana, "dana"), (stranger, "")):
        (entry,) = entries(Actor(reader), source, Wanted(kind=Kind.PROMOTIONS)).rows
        assert entry.who == who
    asked = Wanted(kind=Kind.PROMOTIONS, person="dana")
    assert not entries(Actor(stranger), source, asked).rows
    assert entries(Actor(dana), source, asked).rows


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=tags", {"tags"}),
        ("kind=changes", {"changes"}),
        ("kind=nonsense", set(Kind)),
        ("person=walter", {"tags"}),
        ("person=nobody", set()),
        ("until=2020-01-01", set()),
        ("since=2020-01-01", set(Kind)),
        ("since=never", set(Kind)),
    ],
)
def test_the_stream_can_be_filtered(browser, dana, busy, query, expected):
    response = browser(dana).get(f"{TAB}?{query}")
    assert kinds(response) == expected
    assert ("is no moment" in response.text) == ("never" in query)


def test_pages_have_no_gaps_and_no_repeats_at_one_moment(dana, source, target):
    now = timezone.now()
    tag = make_tag(repository=source)
    move = tag.current_move
    for number in range(4):
        TagMove.objects.create(
            repository=source, tag=f"t{number}", to_manifest=tag.manifest,
            moved_at=now, created_at=now,
        )  # fmt: skip
        Scan.objects.create(
            manifest=tag.manifest, origin=f"o{number}", state="completed",
            repository=source,
            finished_at=now,
        )  # fmt: skip
        AuditEvent.objects.create(
            actor="dana", action="scan", object_type="x", object_uuid=source.uuid,
            object_name="x", created_at=now,
        )  # fmt: skip
        Promotion.objects.create(
            requested_by=dana, idempotency_key=str(number), source_repository=source,
            source_tag="t", tag_move=move, root_move=move, manifest=tag.manifest,
            target_namespace=target.namespace, target_name=target.name,
            created_at=now,
        )  # fmt: skip
    until = Wanted(since=now, until=now + timedelta(microseconds=1))
    actor, key, seen = Actor(dana), "", []
    while True:
        page = entries(actor, source, until, administers=True, key=key, size=3)
        seen += [entry.key for entry in page.rows]
        if not (key := page.following):
            break
    assert len(seen) == len(set(seen)) == 16


@pytest.mark.parametrize(
    "key",
    ["x", "~~", "2026-01-01T00:00:00+00:00~tags~x", "2026-01-01T00:00:00~tags~-1",
     "0001-01-01T00:00:00+14:00~tags~1", f"2026-01-01T00:00:00+00:00~tags~{2**70}",
     "2026-13-01T00:00:00+00:00~tags~1", "2026-01-01T00:00:00+00:00~none~1",
     "\0", "2026-01-01T00:00:00+00:00~tags~²"],
)  # fmt: skip
def test_a_key_that_is_none_is_the_first_page(browser, dana, busy, key):
    response = browser(dana).get(TAB, {"after": key})
    assert response.status_code == 200
    assert kinds(response) == set(Kind)


def test_secrets_and_other_ends_are_not_in_what_changed(browser, dana, busy, source):
    issued = access_tokens.issue(
        actor=Actor(dana), user=dana, label="ci", scopes=[TokenScope.PULL]
    )
    repositories.update(actor=Actor(dana), repository=source, short_description="new")
    pages = [browser(dana).get(a).text for a in (TAB, NAMESPACE, "/r/dana/events")]
    assert all(issued.secret not in page for page in pages)
    assert "short description" in pages[0]
    changes = Wanted(kind=Kind.CHANGES)
    told = [
        one.what for one in entries(Actor(dana), source, changes, administers=True).rows
    ]
    assert not any("qa/website" in what for what in told)


def test_who_answered_at_the_other_end_is_neither_told_nor_found(
    dana, quinn, source, target, busy
):
    policy = PromotionPolicy.objects.get()
    AuditEvent.objects.create(
        actor="quinn",
        action="accept",
        object_type="promotions.PromotionPolicy",
        object_uuid=policy.uuid,
        object_name=str(policy),
        namespace_uuid=target.namespace.uuid,
    )
    asked = Wanted(kind=Kind.CHANGES, person="quinn")
    for place, who in (
        (Place(Actor(dana), source.namespace, source, administers=True), ""),
        (Place(Actor(quinn), target.namespace, None, administers=True), "quinn"),
    ):
        (entry, *_) = stream(place, Wanted(kind=Kind.CHANGES)).rows
        assert (entry.who, entry.what) == (who, "Agreed to a promotion policy")
        assert bool(stream(place, asked).rows) == bool(who)


def test_the_page_costs_twelve_queries_at_most(browser, dana, source, busy):
    for number in range(5):
        make_tag(repository=source, name=f"more{number}")
    for address in (TAB, NAMESPACE):
        client = browser(dana)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        assert len(captured) <= 12


def test_how_somebody_signs_in_is_told_to_nobody_let_into_their_namespace(
    browser, dana, quinn
):
    grant(to=quinn, on=dana.namespace, level=AccessLevel.ADMIN)
    access_tokens.issue(
        actor=Actor(dana), user=dana, label="laptop", scopes=[TokenScope.PULL]
    )
    assert "laptop" in browser(dana).get("/r/dana/events").text
    assert "laptop" not in browser(quinn).get("/r/dana/events").text
