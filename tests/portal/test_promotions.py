from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.access import AccessLevel
from promotions.models import Promotion
from promotions.services.evaluate import evaluate_move
from promotions.services.placement import remember
from tests.factories import grant, make_policy, make_tag, tag_rule


@pytest.fixture
def promotion(source, target) -> Promotion:
    """`dev/website:1.0-stable` is promoted to `qa/website:r1`."""
    make_policy(source=source, target=target, rules=[tag_rule("ew", "-stable")])
    tag = make_tag(repository=source, name="1.0-stable")
    (key,) = evaluate_move(move_id=tag.current_move_id)
    now = timezone.now()
    Promotion.objects.filter(pk=key).update(
        state=Promotion.State.SUCCEEDED,
        target_repository=target,
        target_tag="r1",
        started_at=now - timedelta(seconds=1.5),
        finished_at=now,
    )
    promotion = Promotion.objects.get(pk=key)
    remember(promotion)
    make_tag(
        repository=target,
        name="r1",
        manifest=tag.manifest,
        pushed_by=f"promotion:{promotion.uuid}",
    )
    return promotion


def test_a_promoted_tag_says_so_and_whence(browser, quinn, promotion):
    page = browser(quinn).get("/r/qa/website/tags").text
    assert f'href="/promotions/{promotion.uuid}"' in page
    assert "Promoted" in page
    assert "from dev/website:1.0-stable" in page


def test_a_promotion_page_tells_what_where_and_why(browser, dana, promotion):
    page = browser(dana).get(f"/promotions/{promotion.uuid}").text
    assert 'href="/r/dev/website/tags/1.0-stable"' in page
    assert 'href="/r/qa/website/tags/r1"' in page
    assert promotion.manifest.digest in page
    assert "tag &quot;1.0-stable&quot; ends with &quot;-stable&quot;" in page
    assert "1.5 s" in page


def test_who_sees_one_side_learns_nothing_of_the_other(
    browser, quinn, promotion, stranger, source
):
    Promotion.objects.filter(pk=promotion.pk).update(reason="dev/website is slow.")
    for url in (
        f"/promotions/{promotion.uuid}",
        "/r/qa/website/promotions?as=target",
        "/",
    ):
        page = browser(quinn).get(url).text
        assert "a repository you have no access to" in page
        assert "dev/website" not in page
        assert "1.0-stable" not in page
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    for url in (f"/promotions/{promotion.uuid}", "/r/dev/website/promotions", "/"):
        page = browser(stranger).get(url).text
        assert "a repository you have no access to" in page
        assert "qa/website" not in page


def test_a_promotion_between_others_does_not_exist(browser, stranger, promotion):
    url = f"/promotions/{promotion.uuid}"
    assert browser(stranger).get(url).status_code == 404


def test_the_history_tells_state_and_reason(browser, dana, promotion):
    Promotion.objects.filter(pk=promotion.pk).update(
        state="failed", error_code="UNAVAILABLE", reason="The registry is down."
    )
    page = browser(dana).get("/r/dev/website/promotions").text
    assert "failed" in page
    assert "The registry is down." in page
    assert "The registry is down." in browser(dana).get("/").text


def test_decisions_say_why_a_tag_was_not_promoted(browser, dana, source, target):
    make_policy(source=source, target=target, rules=[tag_rule("ew", "-stable")])
    make_tag(repository=source, name="1.1-beta")
    page = browser(dana).get("/r/dev/website/tags/1.1-beta/decisions").text
    assert "not matched" in page
    assert "tag &quot;1.1-beta&quot; does not end with &quot;-stable&quot;" in page


def test_decisions_lead_to_the_promotion(browser, dana, promotion):
    page = browser(dana).get("/r/dev/website/tags/1.0-stable/decisions").text
    assert f'href="/promotions/{promotion.uuid}"' in page


def test_decisions_say_when_the_policy_came_after_the_push(
    browser, dana, source, target
):
    make_tag(repository=source, name="1.0")
    make_policy(source=source, target=target)
    page = browser(dana).get("/r/dev/website/tags/1.0/decisions").text
    assert "The policy was saved after this push" in page


def test_policies_are_not_asked_about_signatures(browser, dana, source, target):
    make_policy(source=source, target=target)
    tag = make_tag(repository=source, name="1.0")
    name = tag.manifest.digest.replace(":", "-") + ".sig"
    make_tag(repository=source, name=name)
    page = browser(dana).get(f"/r/dev/website/tags/{name}/decisions").text
    assert "Policies are not asked about this tag" in page


def test_a_tag_is_promoted_by_hand_once(browser, dana, source, target, monkeypatch):
    runs: list[int] = []
    monkeypatch.setattr(
        "promotions.views.promotions.wake", lambda _task, key: runs.append(key)
    )
    make_tag(repository=source, name="1.0")
    client, url = browser(dana), "/r/dev/website/tags/1.0/promote"
    shown = client.get(url).context["form"]
    data = {
        "target": "qa/website",
        "target_tag": "hotfix",
        "comment": "Urgent",
        "request_uuid": str(shown["request_uuid"].value()),
    }
    first, second = (client.post(url, data).url for _ in range(2))
    promotion = Promotion.objects.get()
    assert first == second == f"/promotions/{promotion.uuid}"
    assert set(runs) == {promotion.pk}
    page = client.get(first).text
    assert "dana promoted it by hand." in page
    assert "Urgent" in page


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"target": "qa/hidden"}, "target", "You may push to no repository"),
        ({"target_tag": "-no-"}, "target_tag", "tag"),
        (
            {"target": "dev/website", "target_tag": "1.0"},
            "target_tag",
            "this would change nothing",
        ),
    ],
)
@pytest.mark.usefixtures("target")
def test_promoting_by_hand_is_refused_at_the_field(
    browser, source, changes, field, sentence
):
    make_tag(repository=source, name="1.0")
    owner = source.namespace.organization.primary_owner
    data = {"target": "qa/website", "target_tag": "x"}
    data["request_uuid"] = "00000000-0000-4000-8000-000000000000"
    url = "/r/dev/website/tags/1.0/promote"
    errors = browser(owner).post(url, data | changes).context["form"].errors
    assert list(errors) == [field]
    assert sentence in errors[field][0]
    assert not Promotion.objects.exists()


def test_pages_cost_the_same_however_many_policies(
    browser, dana, source, target, promotion, django_assert_max_num_queries
):
    for number in range(5):
        make_policy(source=source, target=target, tag_template=f"{number}-%n")
    tag = make_tag(repository=source, name="2.0-stable")
    evaluate_move(move_id=tag.current_move_id)
    client = browser(dana)
    for url in (
        "/",
        "/r/dev/website/promotions",
        "/r/qa/website/promotions?as=target",
        "/r/dev/website/tags/2.0-stable",
        "/r/dev/website/tags/2.0-stable/decisions",
        f"/promotions/{promotion.uuid}",
    ):
        with django_assert_max_num_queries(12):
            client.get(url)


def test_what_ended_is_promoted_again_from_its_page(browser, dana, promotion, applied):
    url = f"/promotions/{promotion.uuid}"
    assert "Promote again" in browser(dana).get(url).text
    page = browser(dana).post(f"{url}/again", {"comment": "lost"}, follow=True)
    again = Promotion.objects.get(repeats=promotion)
    assert page.redirect_chain == [(f"/promotions/{again.uuid}", 302)]
    assert (again.requested_by, again.comment) == (dana, "lost")
    assert applied == [again.pk]
    page = browser(dana).post(f"/promotions/{again.uuid}/cancel", follow=True)
    assert "The promotion is cancelled." in page.text
    again.refresh_from_db()
    assert again.state == Promotion.State.CANCELLED


def test_who_may_not_push_there_is_offered_nothing(browser, quinn, promotion, applied):
    url = f"/promotions/{promotion.uuid}"
    assert "Promote again" not in browser(quinn).get(url).text
    assert browser(quinn).post(f"{url}/again").status_code == 404
    assert not Promotion.objects.filter(repeats=promotion).exists()


@pytest.fixture
def applied(monkeypatch):
    """The keys of the promotions that were enqueued."""
    keys: list[int] = []
    monkeypatch.setattr(
        "promotions.views.promotions.wake", lambda _task, key: keys.append(key)
    )
    return keys
