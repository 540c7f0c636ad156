"""What a policy's page says of the past: its numbers, decisions and versions."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access import SYSTEM, AccessLevel
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies
from promotions.services.evaluate import evaluate_move
from tests.factories import grant, make_policy, make_repository, make_tag, tag_rule
from tests.promoted import promote


@pytest.fixture
def policy(source, target):
    return make_policy(source=source, target=target, rules=[tag_rule("sw", "1")])


def page_at(client, policy, place="dev/website", page="record"):
    return client.get(f"/r/{place}/promotions/{policy.uuid}/{page}")


def test_the_numbers_lead_to_its_promotions(browser, dana, source, target, policy):
    other = make_policy(source=source, target=target, tag_template="%n-x")
    promote(make_tag(repository=source, name="1.0"), target)
    page = page_at(browser(dana), policy)
    assert page.context["numbers"].promoted == 1
    listed = browser(dana).get(page.context["history_url"]).context["page"].rows
    assert [row.policy for row in listed] == [policy]
    assert other not in [row.policy for row in listed]
    assert f'href="{page.context["pipeline_url"]}"' in page.text


def test_a_repository_shows_its_part_of_a_policy_of_many(browser, dana, source, target):
    draft = policies.Draft(
        source=RepositoryPattern.parse("dev/*"),
        namespace=source.namespace,
        target="qa/website",
        tag_template="%n",
    )
    wide = policies.create(actor=SYSTEM, draft=draft)
    other = make_repository(name="dev/other")
    for repository, name in ((source, "1"), (other, "2"), (other, "3")):
        promote(make_tag(repository=repository, name=name), target)
    found = {
        place: page_at(browser(dana), wide, place).context["numbers"].promoted
        for place in ("dev/website", "dev/other", "qa/website")
    }
    assert found == {"dev/website": 1, "dev/other": 2, "qa/website": 3}


def test_decisions_are_for_who_may_pull_the_source(
    browser, dana, quinn, source, policy
):
    tag = make_tag(repository=source, name="1.0-secret")
    evaluate_move(move_id=tag.current_move.pk)
    mine = page_at(browser(dana), policy).text
    assert "Decided last" in mine
    assert 'tag "1.0-secret" starts with "1"' in mine.replace("&quot;", '"')
    assert "1.0-secret" not in page_at(browser(quinn), policy, "qa/website").text


def test_versions_say_what_they_changed(browser, dana, stranger, source, policy):
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    changes = {"tag_template": "%n-new"}
    policies.update(actor=SYSTEM, policy=policy, changes=changes)
    editions = page_at(browser(dana), policy, page="versions").context["editions"]
    assert [one.version.number for one in editions] == [2, 1]
    (change,) = editions[0].changes
    assert (change.removed, change.added) == (("%n",), ("%n-new",))
    assert page_at(browser(stranger), policy, page="versions").status_code == 403
    assert "/versions" not in page_at(browser(stranger), policy).text


def test_a_target_of_before_that_is_hidden_is_not_named(
    browser, dana, source, target, policy
):
    make_repository(name="elsewhere/secret")
    policies.update(actor=SYSTEM, policy=policy, changes={"target": "elsewhere/secret"})
    policies.update(actor=SYSTEM, policy=policy, changes={"target": "qa/website"})
    page = page_at(browser(dana), policy, page="versions")
    assert len(page.context["editions"]) == 3
    assert "elsewhere" not in page.text
    assert "a repository you have no access to" in page.text


def test_it_costs_the_same_however_long_the_past_is(
    browser, dana, source, target, policy
):
    def more(number):
        changes = {"tag_template": f"%n-{number}"}
        policies.update(actor=SYSTEM, policy=policy, changes=changes)
        promote(make_tag(repository=source, name=f"1.{number}"), target)

    more(0)
    client = browser(dana)
    before = queries(client, policy)
    for number in range(1, 4):
        more(number)
    assert queries(client, policy) == before


def queries(client, policy) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert page_at(client, policy).status_code == 200
    return len(captured)
