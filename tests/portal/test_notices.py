"""Notices: who is told what, what the bar counts, and what stays quiet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.models import AccessToken, User
from accounts.services import access_tokens
from promotions.models import Promotion
from promotions.services import notices, policies
from repositories.models import Repository
from repositories.services import exceptions
from tests.factories import grant, make_policy, make_repository, make_tag
from tests.promoted import promote

NOTHING = "Nothing waits for you"


def count(user) -> int:
    return notices.count_for(Actor(user))[0]


def propose(by, source, target="qa/inbox"):
    draft = policies.Draft(source=source, target=target, tag_template="%n")
    return policies.create(actor=Actor(by), draft=draft, propose=True)


@pytest.fixture
def inbox(target):
    return make_repository(name="qa/inbox")


def test_who_has_nothing_to_do_is_told_so(browser, stranger):
    page = browser(stranger).get("/notices").text
    assert NOTHING in page
    assert "bar-count" not in page


@pytest.fixture
def policy(dana, source, inbox):
    """From `dev/website`; Dana proposes it to Quinn."""
    return propose(dana, source)


def test_a_proposal_waits_for_who_can_accept_it(browser, dana, quinn, stranger, policy):
    page = browser(quinn).get("/notices").text
    assert f'href="/r/qa/inbox/promotions/{policy.uuid}"' in page
    assert '<span class="bar-count">1</span>' in page
    assert (
        browser(quinn).get(f"/r/qa/inbox/promotions/{policy.uuid}").status_code == 200
    )
    for other in (dana, stranger):
        assert NOTHING in browser(other).get("/notices").text


@pytest.mark.parametrize(
    ("answer", "said"), [(policies.accept, "agreed"), (policies.decline, "declined")]
)
def test_who_proposed_hears_the_answer(browser, dana, quinn, policy, answer, said):
    version = policy.proposed_version
    answer(actor=Actor(quinn), version=version, side="target", comment="As you like.")
    page = browser(dana).get("/notices").text
    assert "Answers to what you proposed" in page
    assert said in page
    assert "As you like." in page
    assert count(dana) == 0
    assert "Answers to" not in browser(quinn).get("/notices").text


def test_a_policy_whose_consent_is_withdrawn_needs_its_admins(
    browser, dana, quinn, stranger, source, target
):
    policy = make_policy(source=source, target=target)
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    policies.withdraw(
        actor=Actor(quinn), version=policy.shown_version, side="target", comment=""
    )
    for user, place in ((dana, "dev/website"), (quinn, "qa/website")):
        page = browser(user).get("/notices").text
        assert "a consent was withdrawn" in page
        assert f'href="/r/{place}/promotions/{policy.uuid}"' in page
        assert count(user) == 1
    assert "dev/website" not in browser(quinn).get("/notices").text
    assert count(stranger) == 0


def test_a_policy_that_is_switched_off_needs_nobody(dana, quinn, source, target):
    policy = make_policy(source=source, target=target, enabled=False)
    policies.withdraw(
        actor=Actor(quinn), version=policy.shown_version, side="target", comment=""
    )
    assert count(dana) == 0


def test_a_deleted_target_is_told(browser, dana, source, target):
    make_policy(source=source, target=target)
    Repository.objects.filter(pk=target.pk).update(deleted_at=timezone.now())
    assert "Its target was deleted" in browser(dana).get("/notices").text


def test_a_chain_that_was_cut_off_is_told(browser, dana, source, target):
    make_policy(source=source, target=target)
    (promotion,) = promote(make_tag(repository=source), target)
    cut = {"state": "skipped", "error_code": "HOP_LIMIT"}
    Promotion.objects.filter(pk=promotion.pk).update(**cut)
    assert "went on too long" in browser(dana).get("/notices").text
    long_ago = timezone.now() - timedelta(days=8)
    Promotion.objects.filter(pk=promotion.pk).update(created_at=long_ago)
    assert count(dana) == 0


def test_who_agreed_and_left_is_told_to_who_stays(browser, dana, quinn, source, target):
    grant(to=quinn, on=source, level=AccessLevel.ADMIN)
    draft = policies.Draft(source=source, target="qa/website", tag_template="%n")
    policies.create(actor=Actor(quinn), draft=draft)
    User.objects.filter(pk=quinn.pk).update(is_active=False)
    assert "has no account any more" in browser(dana).get("/notices").text


def test_tokens_that_end_soon_are_their_owners_only(browser, dana, quinn):
    for days, label in ((3, "soon"), (30, "later")):
        access_tokens.issue(
            actor=Actor(dana),
            user=dana,
            label=label,
            expires_at=timezone.now() + timedelta(days=days),
        )
    page = browser(dana).get("/notices").text
    assert "<strong>soon</strong>" in page
    assert "later" not in page
    assert count(dana) == 1
    assert count(quinn) == 0
    AccessToken.objects.update(is_active=False)
    assert count(dana) == 0


def test_what_is_hidden_for_a_few_days_more_is_told_to_admins(
    browser, dana, stranger, source
):
    grant(to=stranger, on=source, level=AccessLevel.READ_WRITE)
    exceptions.hide(
        actor=Actor(dana),
        scope=source,
        vulnerability="CVE-2026-1",
        reason="not reachable",
        expires_at=timezone.now() + timedelta(days=2),
    )
    page = browser(dana).get("/notices").text
    assert "CVE-2026-1" in page
    assert 'href="/r/dev/website/scans/hidden"' in page
    assert "CVE-2026-1" not in browser(stranger).get("/notices").text


def test_it_costs_the_same_however_many_there_are(
    browser, dana, quinn, source, target, inbox
):
    def more(number):
        policy = make_policy(
            source=make_repository(name=f"dev/r{number}"), target=target
        )
        policies.withdraw(
            actor=SYSTEM, version=policy.shown_version, side="target", comment=""
        )
        propose(dana, source, f"qa/new{number}")

    more(0)
    clients = [browser(dana), browser(quinn)]
    before = [queries(client) for client in clients]
    for number in range(1, 4):
        more(number)
    assert [queries(client) for client in clients] == before
    assert max(before) <= 12, before


def queries(client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/notices").status_code == 200
    return len(captured)
