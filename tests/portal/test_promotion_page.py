"""The page of one promotion: what happens now, and the whole of what happened."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.access import AccessLevel
from promotions.models import Promotion
from promotions.services.evaluate import evaluate_move
from promotions.services.lineage import MAX_DEPTH
from tests.factories import (
    grant,
    make_manifest,
    make_policy,
    make_repository,
    make_scan,
    make_tag,
    tag_rule,
)
from tests.promoted import arrive, promote, promote_by_hand

BY_SEVERITY = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}


def url_of(promotion: Promotion) -> str:
    return f"/promotions/{promotion.uuid}"


@pytest.fixture
def running(source, target) -> Promotion:
    """`dev/website:1.0-stable` is being copied to `qa/website:r1`."""
    make_policy(source=source, target=target, rules=[tag_rule("ew", "-stable")])
    tag = make_tag(repository=source, name="1.0-stable")
    (key,) = evaluate_move(move_id=tag.current_move_id)
    now = timezone.now()
    Promotion.objects.filter(pk=key).update(
        state=Promotion.State.RUNNING,
        target_repository=target,
        target_tag="r1",
        started_at=now,
        lease_token=uuid4(),
        leased_until=now + timedelta(minutes=1),
        attempts=1,
    )
    return Promotion.objects.get(pk=key)


def test_a_copy_shows_how_far_it_is_and_asks_again(browser, dana, running):
    Promotion.objects.filter(pk=running.pk).update(
        blobs_done=3, blobs_total=12, bytes_moved=2_000_000
    )
    page = browser(dana).get(url_of(running)).text
    assert "3 of 12 blobs in the target, 1.9\xa0MB moved" in page
    assert 'max="12" value="3"' in page
    assert 'hx-trigger="every 2s"' in page
    assert 'data-says="Promotion running"' in page


def test_before_anything_is_known_the_bar_has_no_value(browser, dana, running):
    page = browser(dana).get(url_of(running)).text
    bar = page[page.index("<progress") : page.index("</progress")]
    assert "value" not in bar
    assert "The copy has begun" in page


@pytest.mark.parametrize("state", ["succeeded", "failed", "skipped", "cancelled"])
def test_what_has_ended_does_not_ask_again(browser, dana, running, state):
    Promotion.objects.filter(pk=running.pk).update(
        state=state, finished_at=timezone.now(), error_code="X"
    )
    page = browser(dana).get(url_of(running)).text
    assert "hx-get" not in page
    assert "<progress" not in page


def test_a_running_copy_can_be_cancelled_and_says_so(browser, dana, running):
    client = browser(dana)
    assert "Cancel the promotion" in client.get(url_of(running)).text
    client.post(f"{url_of(running)}/cancel")
    page = client.get(url_of(running)).text
    assert "Somebody asked to cancel it." in page
    assert 'action="/promotions/' not in page


def test_each_rule_names_its_evidence(browser, dana, source, target):
    rules = [tag_rule("ew", "-stable"), BY_SEVERITY]
    make_policy(source=source, target=target, rules=rules)
    tag = make_tag(repository=source, name="1.0-stable")
    make_scan(manifest=tag.manifest, source="Some scanner 1.2")
    (promotion,) = promote(tag, target)
    response = browser(dana).get(url_of(promotion))
    first, second = response.context["judged"]
    assert first.wanted == 'tag ends with "-stable"'
    assert (first.source, first.at) == ("", None)
    assert second.source == "Some scanner 1.2"
    assert second.at == tag.manifest.scans.get().finished_at
    assert "Some scanner 1.2" in response.text


def test_failed_attempts_keep_their_reasons(browser, dana, stranger, source, running):
    at = timezone.now().isoformat()
    failure = {"attempt": 1, "at": at, "code": "UNAVAILABLE", "reason": "qa is down."}
    Promotion.objects.filter(pk=running.pk).update(failures=[failure])
    assert "qa is down." in browser(dana).get(url_of(running)).text
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    page = browser(stranger).get(url_of(running)).text
    assert "qa is down." not in page
    assert "UNAVAILABLE" in page


def chain(source, target):
    """Promote from dev to qa, and by hand from there to `secret/prod`."""
    prod = make_repository(name="secret/prod")
    make_policy(source=source, target=target)
    tag = make_tag(repository=source, name="1.0", pushed_by="dana")
    (first,) = promote(tag, target)
    brought = target.tags.select_related("manifest", "current_move").get()
    second = promote_by_hand(
        brought, prod, by=prod.namespace.organization.primary_owner
    )
    return prod, first, second


def test_the_way_of_an_image_goes_on_behind_what_was_done_by_hand(
    browser, source, target, admin_user
):
    _, first, second = chain(source, target)
    for url in (url_of(first), url_of(second), "/r/secret/prod/tags/1.0/lineage"):
        page = browser(admin_user).get(url).text.partition('class="lineage"')[2]
        places = [
            page.index(f'">{name}</a>:') for name in ("dev/website", "qa/website")
        ]
        assert places == sorted(places)
        assert page.index('">secret/prod</a>:') > max(places)


def test_the_way_names_no_place_that_the_reader_may_not_see(
    browser, stranger, source, target
):
    prod, _, second = chain(source, target)
    grant(to=stranger, on=prod, level=AccessLevel.READ_ONLY)
    for url in (url_of(second), "/r/secret/prod/tags/1.0/lineage"):
        page = browser(stranger).get(url).text
        way = page[page.index('class="lineage"') :]
        assert way.count("another repository") == 2
        assert "secret/prod" in way
        for hidden in ("dev/website", "qa/website", "dana"):
            assert hidden not in way


def test_what_came_of_an_image_elsewhere_is_hidden_from_its_source(
    browser, stranger, source, target
):
    chain(source, target)
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    page = browser(stranger).get("/r/dev/website/tags/1.0/lineage").text
    way = page[page.index('class="lineage"') :]
    assert way.count("another repository") == 1  # its own promotion, not what followed
    assert "secret" not in page
    assert "qa/website" not in page


def test_the_page_costs_the_same_however_much_was_promoted(
    browser, dana, source, target, django_assert_max_num_queries
):
    for number in range(4):
        make_policy(source=source, target=target, tag_template=f"%n-{number}")
    promotions = promote(make_tag(repository=source, name="1.0"), target)
    client = browser(dana)
    for url in (url_of(promotions[0]), "/r/dev/website/tags/1.0/lineage"):
        with django_assert_max_num_queries(12):
            client.get(url)


def test_other_tags_of_the_image_are_listed_where_the_reader_may_pull(
    browser, dana, source
):
    manifest = make_manifest(repository=source)
    make_tag(repository=source, name="1.0", manifest=manifest)
    make_tag(repository=source, name="latest", manifest=manifest)
    secret = make_repository(name="secret/prod")
    make_tag(repository=secret, name="hush", manifest=manifest)
    page = browser(dana).get("/r/dev/website/tags/1.0/lineage").text
    assert 'href="/r/dev/website/tags/latest"' in page
    assert "secret" not in page
    assert "hush" not in page


def test_a_way_of_very_many_hops_is_cut(browser, dana, source, target):
    tag = first = make_tag(repository=source, name="1.0")
    for number in range(40):
        promotion = Promotion.objects.create(
            requested_by=dana,
            idempotency_key=f"by hand, {number}",
            source_repository=tag.repository,
            source_tag=tag.name,
            tag_move=tag.current_move,
            root_move=first.current_move,
            manifest=tag.manifest,
            target_namespace=target.namespace,
            target_name=target.name,
        )
        arrive(promotion, target, f"hop{number}")
        tag = target.tags.select_related("manifest", "current_move").get(
            name=f"hop{number}"
        )
    response = browser(dana).get("/r/dev/website/tags/1.0/lineage")
    assert response.status_code == 200
    assert response.text.count('class="hop"') == 1 + MAX_DEPTH
