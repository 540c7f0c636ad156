"""The history of a repository as a filtered list, and retrying what failed."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel
from accounts.querysets import page_of
from promotions.models import Promotion
from promotions.models.promotion import State
from promotions.services import policies
from promotions.services.evaluate import evaluate_move
from tests.factories import grant, make_policy, make_tag

TAB = "/r/dev/website/promotions"
RETRY = f"{TAB}/retry"
BUTTON = "Retry all failed"


@pytest.fixture
def woken(monkeypatch):
    """The keys of the promotions that were enqueued."""
    keys: list[int] = []
    monkeypatch.setattr(
        "promotions.views.history.wake", lambda _task, key: keys.append(key)
    )
    return keys


@pytest.fixture
def policy(source, target):
    return make_policy(source=source, target=target)


@pytest.fixture
def broken(source, policy) -> list[Promotion]:
    """Two that failed for different causes, and one that was skipped."""
    kinds = {
        "v1": (State.FAILED, "DENIED"),
        "v2": (State.FAILED, "UNAVAILABLE"),
        "w1": (State.SKIPPED, "TAG_IMMUTABLE"),
    }
    for name, (state, code) in kinds.items():
        tag = make_tag(repository=source, name=name)
        evaluate_move(move_id=tag.current_move_id)
        Promotion.objects.filter(source_tag=name).update(
            state=state, error_code=code, finished_at=timezone.now()
        )
    return list(Promotion.objects.order_by("id"))


def listed(page: str) -> list[str]:
    """The source tags in the list of a page, oldest first."""
    return re.findall(r"dev/website</a>:<wbr>(\w+)", page)[::-1]


@pytest.mark.parametrize(
    ("query", "tags"),
    [
        ("", ["v1", "v2", "w1"]),
        ("state=failed", ["v1", "v2"]),
        ("state=failed&tag=2", ["v2"]),
        ("error_code=TAG_IMMUTABLE", ["w1"]),
        ("as=target&state=skipped", ["w1"]),
    ],
)
def test_the_history_shows_what_is_asked_for(browser, dana, broken, query, tags):
    where = TAB.replace("dev", "qa") if "as=target" in query else TAB
    assert listed(browser(dana).get(f"{where}?{query}").text) == tags


def test_the_filter_stays_in_the_form_and_on_the_next_page(
    browser, dana, broken, monkeypatch
):
    monkeypatch.setitem(page_of.__kwdefaults__, "size", 1)
    client = browser(dana)
    page = client.get(f"{TAB}?state=failed&tag=v").text
    assert "<option selected>failed</option>" in page
    assert 'name="tag" value="v"' in page
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    second = client.get(TAB + following[1].replace("&amp;", "&")).text
    assert (listed(page), listed(second)) == (["v2"], ["v1"])


def test_a_filter_without_a_match_leads_back(browser, dana, broken):
    page = browser(dana).get(f"{TAB}?tag=nothing").text
    assert "No promotion matches" in page
    assert "show the whole history" in page


def test_a_filter_that_cannot_be_read_is_explained_and_retries_nothing(
    browser, dana, broken, woken
):
    client = browser(dana)
    page = client.get(f"{TAB}?state=broken").text
    assert "“broken” is no state" in page
    assert BUTTON not in page
    for response in (
        client.get(f"{RETRY}?state=broken"),
        client.post(f"{RETRY}?state=broken"),
    ):
        assert response.url == f"{TAB}?state=broken"
    assert not woken


@pytest.mark.parametrize(
    ("query", "offered"),
    [("", True), ("?state=failed", True), ("?state=skipped", False), ("?tag=w", False)],
)
def test_the_button_is_there_where_something_failed(
    browser, dana, broken, query, offered
):
    assert (BUTTON in browser(dana).get(TAB + query).text) is offered


def test_the_button_is_for_who_may_promote(browser, dana, stranger, source, broken):
    grant(to=stranger, on=source, level=AccessLevel.ADMIN)
    client = browser(stranger)
    assert BUTTON not in client.get(TAB).text
    page = client.get(RETRY).text
    assert "Nothing to retry" in page
    assert '<button class="button primary"' not in page


def test_asking_changes_nothing(browser, dana, broken, woken):
    page = browser(dana).get(f"{RETRY}?tag=v").text
    assert "Retry 2 failed promotions?" in page
    assert "source tag contains “v”" in page
    assert Promotion.objects.count() == 3
    assert not woken


def test_what_failed_is_retried_from_the_page(browser, dana, broken, woken):
    page = browser(dana).post(f"{RETRY}?error_code=DENIED", {"comment": "up again"})
    again = Promotion.objects.get(generation=2)
    assert (again.repeats, again.comment) == (broken[0], "up again")
    assert (again.requested_by, woken) == (dana, [again.pk])
    assert "1 failed promotion is tried again." in page.text
    assert f'href="{TAB}?error_code=DENIED"' in page.text


def test_what_stays_is_listed_with_the_reason(browser, dana, policy, broken, woken):
    policies.update(actor=SYSTEM, policy=policy, changes={}, enabled=False)
    page = browser(dana).post(RETRY).text
    assert "Nothing was promoted again." in page
    assert "2 stay as they are." in page
    assert "The policy is deleted or switched off" in page
    for one in broken[:2]:
        assert f'href="/promotions/{one.uuid}"' in page
    assert not woken


def test_a_page_about_a_hidden_end_names_neither(
    browser, stranger, target, broken, woken
):
    grant(to=stranger, on=target, level=AccessLevel.ADMIN)
    page = browser(stranger).post("/r/qa/website/promotions/retry?as=target").text
    assert "Its source or its target is gone, or you have no access to it." in page
    assert "dev/website" not in page
    assert "v1" not in re.findall(r"\w+", re.sub(r"<[^>]*>", " ", page))


def test_a_long_list_goes_on_where_it_ended(browser, dana, broken, woken, monkeypatch):
    monkeypatch.setattr("promotions.services.retry.BATCH", 1)
    client = browser(dana)
    assert "The oldest 1 come first" in client.get(RETRY).text
    page = client.post(RETRY).text
    assert "Retry the next 1" in page
    last = re.search(r'name="after" value="([^"]+)"', page)
    assert last
    page = client.post(RETRY, {"after": last[1]}).text
    assert "Retry the next" not in page
    repeated = Promotion.objects.filter(generation=2).order_by("id")
    assert [row.repeats for row in repeated] == broken[:2]


def test_retrying_needs_the_form_of_the_page(dana, broken, woken):
    client = Client(enforce_csrf_checks=True)
    client.force_login(dana)
    assert client.post(RETRY).status_code == 403
    assert not woken


def test_strangers_see_no_history_to_retry(browser, stranger, broken, woken):
    assert browser(stranger).post(RETRY).status_code == 404
    assert not woken
