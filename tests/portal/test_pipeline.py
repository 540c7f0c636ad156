"""The pipeline page: what is drawn, for whom, and what it costs."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access import SYSTEM, AccessLevel, Actor
from promotions.models import Promotion, PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies
from promotions.services.pipeline import FlowState, Wanted, pipeline
from tests.factories import (
    grant,
    make_organization,
    make_policy,
    make_repository,
    make_tag,
    make_user,
)
from tests.promoted import promote, promote_by_hand


def flows_of(user, **wanted) -> set[tuple[str, str]]:
    """Return the flows that somebody sees, by the names of their ends."""
    found = pipeline(Actor(user), Wanted(**wanted))
    return {(one.source.name, one.target.name) for one in found.bundles}


def states_of(user) -> set[FlowState]:
    return {one.state for one in pipeline(Actor(user), Wanted()).bundles}


@pytest.fixture
def root(db):
    return make_user(name="root", is_superuser=True)


@pytest.fixture
def prod():
    return make_repository(name="prod/website")


def test_who_sees_both_ends_sees_both_named(browser, dana, source, target):
    policy = make_policy(source=source, target=target)
    page = browser(dana).get("/pipeline").text
    assert f"/r/dev/website/promotions/{policy.uuid}" in page
    assert f"/r/dev/website/promotions?policy={policy.uuid}#history" in page
    assert flows_of(dana) == {("dev/website", "qa/website")}


def test_a_stranger_sees_nothing_of_it(browser, stranger, source, target):
    make_policy(source=source, target=target)
    page = browser(stranger).get("/pipeline").text
    assert "No repository leads to another yet" in page
    assert "website" not in page


def test_a_hidden_end_is_another_repository(browser, quinn, source, target):
    make_policy(source=source, target=target)
    page = browser(quinn).get("/pipeline").text
    assert "another repository" in page
    assert "dev/website" not in page
    assert flows_of(quinn) == {("", "qa/website")}


def test_what_is_hidden_connects_nothing(stranger, source, target, prod):
    """What hides after dev must not be told to be what hides before prod."""
    make_policy(source=source, target=target)
    make_policy(source=target, target=prod)
    for repository in (source, prod):
        grant(to=stranger, on=repository, level=AccessLevel.READ_ONLY)
    found = pipeline(Actor(stranger), Wanted())
    hidden = [key for key, end in found.ends.items() if not end.name]
    assert len(hidden) == 2
    assert flows_of(stranger, repository="dev/website") == {("dev/website", "")}


def test_a_hidden_namespace_cannot_be_asked_for(browser, stranger, source, target):
    make_policy(source=source, target=target)
    grant(to=stranger, on=source, level=AccessLevel.READ_ONLY)
    assert flows_of(stranger, namespace="qa") == set()
    assert flows_of(stranger, repository="qa/website") == set()
    page = browser(stranger).get("/pipeline").text
    assert "qa/website" not in page


def test_a_proposal_is_for_who_can_accept_it(stranger, dana, quinn, source, target):
    inbox = make_repository(name="qa/inbox")
    grant(to=stranger, on=inbox, level=AccessLevel.READ_ONLY)
    draft = policies.Draft(source=source, target="qa/inbox", tag_template="%n")
    policies.create(actor=Actor(dana), draft=draft, propose=True)
    assert flows_of(stranger) == set()
    assert flows_of(quinn) == {("dev/website", "qa/inbox")}
    assert states_of(quinn) == {FlowState.PROPOSED}


def test_narrowed_to_a_namespace_or_to_what_is_connected(root, source, target, prod):
    make_policy(source=source, target=target)
    make_policy(source=target, target=prod)
    make_policy(source=make_repository(name="x/a"), target=make_repository(name="x/b"))
    chain = {("dev/website", "qa/website"), ("qa/website", "prod/website")}
    assert flows_of(root) == {*chain, ("x/a", "x/b")}
    assert flows_of(root, namespace="x") == {("x/a", "x/b")}
    assert flows_of(root, namespace="prod") == {("qa/website", "prod/website")}
    assert flows_of(root, repository="dev/website") == chain


def test_policies_between_the_same_two_are_one_arrow(browser, root, source, target):
    for template in ("%n", "%n-copy"):
        make_policy(source=source, target=target, tag_template=template)
    (bundle,) = pipeline(Actor(root), Wanted()).bundles
    assert len(bundle.flows) == 2
    page = browser(root).get("/pipeline").text
    assert 'href="#flow-1"' in page
    assert 'id="flow-1"' in page


def test_a_loop_is_drawn_too(browser, root, source, target):
    make_policy(source=source, target=target)
    make_policy(source=target, target=source, allow_cycle=True)
    assert browser(root).get("/pipeline").status_code == 200
    lines = pipeline(Actor(root), Wanted()).picture.lines
    assert sorted(line.is_back for line in lines) == [False, True]


def test_states_of_policies(dana, root, source, target):
    policy = make_policy(source=source, target=target, enabled=False)
    assert states_of(root) == {FlowState.OFF}
    policies.update(actor=SYSTEM, policy=policy, changes={}, enabled=True)
    assert states_of(root) == {FlowState.RUNNING}
    policies.withdraw(
        actor=Actor(root), version=policy.shown_version, side="target", comment=""
    )
    assert states_of(root) == {FlowState.STOPPED}


def test_counts_and_what_fails_lately(root, source, target):
    make_policy(source=source, target=target)
    for name in ("1", "2"):
        promote(make_tag(repository=source, name=name), target)
    (bundle,) = pipeline(Actor(root), Wanted()).bundles
    assert (bundle.numbers.promoted, bundle.numbers.failed) == (2, 0)
    last = Promotion.objects.order_by("-id")[0].pk
    Promotion.objects.filter(pk=last).update(state="failed", error_code="X")
    (bundle,) = pipeline(Actor(root), Wanted()).bundles
    assert (bundle.numbers.promoted, bundle.numbers.failed) == (1, 1)
    assert bundle.state == FlowState.FAILING


def test_what_went_by_hand_is_a_flow_of_its_own(dana, stranger, source, target):
    promote_by_hand(make_tag(repository=source), target, dana)
    grant(to=stranger, on=target, level=AccessLevel.READ_ONLY)
    assert states_of(dana) == {FlowState.BY_HAND}
    assert flows_of(dana) == {("dev/website", "qa/website")}
    assert flows_of(stranger) == {("", "qa/website")}


def wide_policy(pattern="dev/**", target="qa/{repository}", namespace=None):
    draft = policies.Draft(
        source=RepositoryPattern.parse(pattern),
        namespace=namespace,
        target=target,
        tag_template="%n",
    )
    return policies.create(actor=SYSTEM, draft=draft)


def test_a_pattern_stands_at_the_repositories_it_reaches(
    dana, quinn, stranger, source, target
):
    make_repository(name="dev/api")
    wide_policy(namespace=source.namespace)
    assert flows_of(dana) == {("dev/website", "qa/website"), ("dev/api", "")}
    assert flows_of(quinn) == {("", "qa/website")}
    assert flows_of(stranger) == set()


def test_a_pattern_that_reaches_nothing_yet_stands_for_itself(dana, source):
    wide_policy("dev/later-*", namespace=source.namespace)
    (flow,) = pipeline(Actor(dana), Wanted()).bundles
    assert flow.source.name == "dev/later-*"
    assert flow.source.is_pattern


def test_a_global_policy_that_is_not_admitted_says_so(root, source, target):
    policy = wide_policy("d*/**")
    make_repository(name="data/lake")
    policies.admit(actor=Actor(root), policy=policy, namespace=source.namespace)
    states = {
        one.source.name: one.state for one in pipeline(Actor(root), Wanted()).bundles
    }
    assert states["dev/website"] == FlowState.RUNNING
    assert states["data/lake"] == FlowState.NOT_ADMITTED


def test_a_large_graph_is_capped_and_says_so(browser, root, target):
    make_organization(name="many")
    for number in range(62):
        source = make_repository(name=f"many/r{number}")
        make_policy(source=source, target=target)
    found = pipeline(Actor(root), Wanted())
    assert len(found.ends) == 60
    assert found.is_cut
    assert "Not all is shown" in browser(root).get("/pipeline").text


def test_the_table_alone_can_be_asked_for(browser, dana, source, target):
    make_policy(source=source, target=target)
    assert '<svg class="pipe"' in browser(dana).get("/pipeline").text
    assert '<svg class="pipe"' not in browser(dana).get("/pipeline?as=table").text


def test_links_are_read_from_left_to_right(browser, root, source, target, prod):
    make_policy(source=target, target=prod)
    make_policy(source=source, target=target)
    page = browser(root).get("/pipeline").text
    picture = page[page.index('<svg class="pipe"') : page.index("</svg>\n</div>")]
    order = [
        picture.index(f'href="/r/{name}/website') for name in ("dev", "qa", "prod")
    ]
    assert order == sorted(order)


@pytest.mark.parametrize("query", ["", "?namespace=dev", "?repository=dev/website"])
def test_it_costs_the_same_however_many_there_are(
    browser, quinn, root, source, target, query
):
    make_policy(source=source, target=target)
    wide_policy("d*/**", target="qa/all-{repository}")
    wide_policy(namespace=source.namespace, target="qa/wide-{repository}")
    promote_by_hand(make_tag(repository=source), target, root)
    before = [queries(browser(user), query) for user in (root, quinn)]
    for number in range(5):
        new = make_repository(name=f"dev/new{number}")
        make_policy(source=new, target=target)
    assert [queries(browser(user), query) for user in (root, quinn)] == before
    assert max(before) <= 12, before


def queries(client, query: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"/pipeline{query}").status_code == 200
    return len(captured)


@pytest.mark.parametrize("value", ["%00", "a" * 3000, "../..", "dev/", "/", "dev/*"])
def test_odd_names_find_nothing(browser, dana, source, target, value):
    make_policy(source=source, target=target)
    client = browser(dana)
    assert client.get(f"/pipeline?repository={value}").status_code == 200
    assert client.get(f"/pipeline?namespace={value}&as=x").status_code == 200
    assert PromotionPolicy.objects.count() == 1
