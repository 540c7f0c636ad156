"""The first page: numbers and their lists, what is stuck, and where to begin."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access import AccessLevel
from promotions.models import Promotion
from promotions.services.evaluate import evaluate_move
from tests.factories import grant, make_policy, make_repository, make_tag
from tests.promoted import promote

NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}


def fail(promotion, **values) -> None:
    broken = {"state": "failed", "error_code": "BROKEN", "reason": "It broke."} | values
    Promotion.objects.filter(pk=promotion.pk).update(**broken)


def numbers(client) -> dict[str, int]:
    return {one.words: one.count for one in client.get("/").context["figures"]}


def test_who_has_no_repository_is_told_how_to_begin(browser, dana, stranger, source):
    assert "The first minute" not in browser(dana).get("/").text
    page = browser(stranger).get("/").text
    assert "The first minute" in page
    assert 'href="/r/stranger/new"' in page
    assert "/stranger/REPOSITORY:1.0" in page


def test_numbers_lead_to_the_promotions_they_count(browser, dana, source, target):
    make_policy(source=source, target=target)
    made = [
        promote(make_tag(repository=source, name=name), target)
        for name in ("1.0", "2.0", "3.0")
    ]
    fail(made[-1][0])
    client = browser(dana)
    assert numbers(client) == {
        "promoted": 2,
        "waiting or running": 0,
        "failed": 1,
        "skipped or cancelled": 0,
    }
    for figure in client.get("/").context["figures"]:
        page = client.get(figure.url)
        assert len(page.context["page"].rows) == figure.count, figure.words


def test_what_failed_is_listed_until_it_is_promoted_again(
    browser, dana, stranger, source, target
):
    make_policy(source=source, target=target)
    (promotion,) = promote(make_tag(repository=source, name="1.0"), target)
    fail(promotion)
    assert "It broke." in browser(dana).get("/").text
    assert "It broke." not in browser(stranger).get("/").text
    Promotion.objects.filter(pk=promotion.pk).update(state="waiting", error_code="")
    assert "It broke." in browser(dana).get("/").text


def test_what_waits_for_evidence_says_what_is_missing(
    browser, dana, stranger, quinn, source, target
):
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    tag = make_tag(repository=source, name="1.0")
    evaluate_move(move_id=tag.current_move.pk)
    page = browser(dana).get("/")
    ((_, missing),) = page.context["undecided"]
    assert [one["result"] for one in missing] == ["unknown"]
    assert 'href="/r/dev/website/tags/1.0/decisions"' in page.text
    for other in (stranger, quinn):
        assert browser(other).get("/").context["undecided"] == []
    make_tag(repository=source, name="1.0")  # the tag moved on
    assert browser(dana).get("/").context["undecided"] == []


def test_the_list_of_promotions_names_no_hidden_end(browser, quinn, source, target):
    policy = make_policy(source=source, target=target)
    promote(make_tag(repository=source, name="1.0-secret"), target)
    page = browser(quinn).get("/promotions").text
    assert "a repository you have no access to" in page
    assert "dev/website" not in page
    found = browser(quinn).get(f"/promotions?policy={policy.uuid}").context["page"]
    assert len(found.rows) == 1


@pytest.mark.parametrize(
    "query", ["state=x", "policy=x", "since=x", "tag=%00", "after=%00", "since=9999-99"]
)
def test_a_filter_that_cannot_be_read_is_explained(browser, dana, query):
    assert browser(dana).get(f"/promotions?{query}").status_code == 200


def test_it_costs_the_same_however_much_there_is(browser, dana, quinn, source, target):
    grant(to=quinn, on=source, level=AccessLevel.ADMIN)
    make_policy(source=source, target=target, rules=[NO_CRITICAL])
    plain = make_repository(name="dev/plain")
    make_policy(source=plain, target=target)

    def more(number):
        tag = make_tag(repository=source, name=f"{number}.0")
        evaluate_move(move_id=tag.current_move.pk)
        promote(make_tag(repository=plain, name=f"{number}.a"), target)
        fail(*promote(make_tag(repository=plain, name=f"{number}.b"), target))

    more(0)
    clients = [browser(dana), browser(quinn)]
    before = [queries(client) for client in clients]
    for number in range(1, 4):
        more(number)
    assert [queries(client) for client in clients] == before
    assert max(before) <= 12, before


def queries(client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/").status_code == 200
    return len(captured)
