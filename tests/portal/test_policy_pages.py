"""Pages of policies that get what no form of theirs sends, and what they keep quiet."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor
from promotions.models import PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies
from repositories.models import Repository
from tests.factories import grant, make_policy, make_repository, make_user


def page_of(policy: PromotionPolicy, page: str = "") -> str:
    return f"/r/dev/website/promotions/{policy.uuid}{page}"


def test_a_policy_into_what_is_gone_is_not_switched_on(browser, dana, source, target):
    grant(to=dana, on=target.namespace, level=AccessLevel.ADMIN)
    policy = make_policy(source=source, target=target, enabled=False)
    Repository.objects.filter(pk=target.pk).update(deleted_at=timezone.now())
    url = page_of(policy, "/switch")
    page = browser(dana).post(url, {"enabled": "on"}, follow=True)
    assert "The target qa/website does not exist any more." in page.text
    assert PromotionPolicy.objects.get().enabled is False


@pytest.mark.parametrize("version", ["", "x", "\0"])
def test_an_answer_to_no_version_is_not_found(browser, dana, source, target, version):
    policy = make_policy(source=source, target=target)
    sent = {"version": version, "side": "target", "answer": "withdraw"}
    response = browser(dana).post(page_of(policy, "/consent"), sent)
    assert response.status_code == 404


@pytest.mark.parametrize("name", ["", "nowhere", "\0"])
def test_no_namespace_is_admitted_that_is_not_there(browser, db, name):
    root = make_user(name="root", is_superuser=True)
    make_repository(name="qa/all")
    draft = policies.Draft(
        source=RepositoryPattern("*/web"), target="qa/all", tag_template="%n-x"
    )
    policy = policies.create(actor=SYSTEM, draft=draft)
    url = f"/promotions/global/{policy.uuid}/namespaces"
    assert browser(root).post(url, {"namespace": name}).status_code == 404


def test_who_answered_for_a_hidden_target_is_not_shown(browser, dana, quinn, source):
    make_repository(name="qa/other")
    policy = make_policy(source=source, target=Repository.objects.get(name="other"))
    owner = Repository.objects.get(name="other").namespace.organization.primary_owner
    policies.withdraw(
        actor=Actor(owner),
        version=policy.shown_version,
        side="target",
        comment="Not into qa/other.",
    )
    text = browser(dana).get(page_of(policy)).text
    assert "withdrawn" in text
    assert owner.username not in text
    assert "qa/other" not in text
