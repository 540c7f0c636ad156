from __future__ import annotations

from itertools import count, pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.access import AccessLevel, Actor
from accounts.models import Namespace
from promotions.models import PolicyVersion, PromotionPolicy
from promotions.services import cycles
from promotions.services.cycles import find_cycle, refuse_cycle
from tests.factories import (
    grant,
    make_organization,
    make_policy,
    make_repository,
    make_user,
    tag_rule,
)

pytestmark = pytest.mark.django_db

Scope = PromotionPolicy.Scope
OnConflict = PolicyVersion.OnConflict
NUMBERS = count(1)


@pytest.fixture
def dev():
    return make_repository(name="dev/website")


@pytest.fixture
def qa():
    return make_repository(name="qa/website")


@pytest.fixture
def prod():
    return make_repository(name="prod/website")


@pytest.fixture
def administrator():
    return Actor(make_user(is_superuser=True))


def make_draft(policy: PromotionPolicy | None = None, **values: Any) -> PolicyVersion:
    """A version that is not saved, of a policy that has none yet."""
    scope = Scope.REPOSITORY
    repository, pattern = values.get("source_repository"), values.get("source_pattern")
    namespace = repository and repository.namespace
    if pattern:
        name = pattern.partition("/")[0]
        namespace = Namespace.objects.filter(name=name).first()
        scope = Scope.NAMESPACE if namespace else Scope.GLOBAL
    if policy is None:
        policy = PromotionPolicy.objects.create(scope=scope, source_namespace=namespace)
    values = {"tag_template": "%n", "number": next(NUMBERS), **values}
    return PolicyVersion(policy=policy, **values)


def between(source, target, **values: Any) -> PolicyVersion:
    return make_draft(
        source_repository=source,
        target_namespace=target.namespace,
        target_name=target.name,
        **values,
    )


def from_pattern(pattern: str, target: str, **values: Any) -> PolicyVersion:
    return make_draft(source_pattern=pattern, target_pattern=target, **values)


def agree(version: PolicyVersion) -> PolicyVersion:
    """Make the version the one that runs."""
    version.save()
    version.policy.current_version = version
    version.policy.save()
    return version


def path(version: PolicyVersion) -> list[str] | None:
    found = find_cycle(draft_version=version, policy=version.policy)
    return None if found is None else [one.source for one in found.versions]


def refusal(version: PolicyVersion, actor: Actor) -> str:
    with pytest.raises(ValidationError) as caught:
        refuse_cycle(actor=actor, draft_version=version, policy=version.policy)
    assert caught.value.code == "cycle"
    return caught.value.messages[0]


def test_way_back_is_refused_with_the_path(dev, qa, administrator):
    make_policy(source=dev, target=qa)
    assert refusal(between(qa, dev), administrator) == (
        "This would loop: qa/website → dev/website → qa/website. Change the target, or"
        " the tag template so that the next policy's rules cannot match."
    )


def test_chain_that_ends_is_no_loop(dev, qa, prod, administrator):
    make_policy(source=dev, target=qa)
    draft = between(qa, prod)
    refuse_cycle(actor=administrator, draft_version=draft, policy=draft.policy)


def test_loop_through_three_is_found_and_the_shortest_is_named(dev, qa, prod):
    make_policy(source=dev, target=qa)
    make_policy(source=qa, target=prod)
    assert path(between(prod, dev)) == ["prod/website", "dev/website", "qa/website"]
    make_policy(source=dev, target=prod)
    assert path(between(prod, dev)) == ["prod/website", "dev/website"]


def test_loop_that_the_draft_is_no_part_of_is_followed_once(
    dev, qa, prod, django_assert_num_queries
):
    agree(between(dev, qa))
    agree(between(qa, dev))
    draft = between(prod, dev)
    with django_assert_num_queries(3):
        assert path(draft) is None


def test_template_that_the_next_rules_exclude_makes_no_loop(dev, qa):
    make_policy(source=dev, target=qa, rules=[tag_rule("ew", "-stable")])
    assert path(between(qa, dev, tag_template="%n-back")) is None
    assert path(between(qa, dev, tag_template="back-%n")) is not None


def test_suffix_that_the_next_rules_ask_for_closes_the_loop(dev, qa):
    make_policy(source=dev, target=qa, rules=[tag_rule("ew", "-2")])

    def draft(on_conflict, tag_template):
        return between(qa, dev, tag_template=tag_template, on_conflict=on_conflict)

    assert path(draft(OnConflict.OVERWRITE, "%Y")) is not None
    assert path(draft(OnConflict.KEEP_BOTH, "%n-back")) is not None
    assert path(draft(OnConflict.OVERWRITE, "%n-back")) is None
    assert path(draft(OnConflict.REPLACE, "%Y")) is None
    assert path(draft(OnConflict.REFUSE, "%Y")) is None


def test_policy_onto_its_own_source_loops_unless_its_rules_exclude_its_tags(dev):
    assert path(between(dev, dev, tag_template="%n-again")) == ["dev/website"]
    stable = [tag_rule("ew", "-stable")]
    draft = between(dev, dev, tag_template="%Y%m%d", rules=stable)
    assert path(draft) is None


def test_way_back_through_a_policy_of_the_namespace_is_found(dev, qa):
    agree(from_pattern("qa/**", "dev/{repository}"))
    assert path(between(dev, qa)) == ["dev/website", "qa/**"]
    make_repository(name="qa/api")
    agree(from_pattern("prod/*", "dev/{repository}"))
    assert path(between(dev, make_repository(name="prod/team/api"))) is None


def test_way_back_through_a_global_policy_is_found(dev, qa, prod):
    agree(from_pattern("*/website", "{namespace}-qa/{repository}"))
    back = make_repository(name="dev-qa/website")
    assert path(between(back, dev)) == ["dev-qa/website", "*/website"]
    assert path(between(back, make_repository(name="dev/api"))) is None


def test_global_policy_that_meets_its_own_targets_loops(dev):
    assert path(from_pattern("*/**", "{namespace}-qa/{repository}")) == ["*/**"]
    assert path(from_pattern("dev-*/**", "qa/{repository}")) is None


def test_targets_in_any_namespace_lead_to_policies_of_one_repository(dev):
    agree(between(make_repository(name="qa-dev/website"), dev))
    draft = from_pattern("dev*/website", "qa-{namespace}/{repository}")
    assert path(draft) == ["dev*/website", "qa-dev/website"]


def test_target_made_from_the_source_leads_only_to_what_can_be_made(dev, qa):
    agree(between(make_repository(name="qa/api"), dev))
    assert path(from_pattern("dev/web*", "qa/{repository}")) is None
    agree(between(qa, dev))
    assert path(from_pattern("dev/web*", "qa/{repository}")) == [
        "dev/web*",
        "qa/website",
    ]


def test_pattern_does_not_reach_a_personal_namespace_that_it_does_not_name(dev):
    own = make_repository(name=f"{make_user(name='dana').namespace}/website")
    agree(from_pattern("*/**", "dev/{repository}", rules=[tag_rule("sw", "1.")]))
    draft = between(dev, own)
    assert path(draft) is None
    agree(from_pattern("dana/*", "dev/{repository}"))
    assert path(draft) == ["dev/website", "dana/*"]


def test_switched_off_policy_counts_and_a_deleted_one_does_not(dev, qa):
    policy = make_policy(source=dev, target=qa, enabled=False)
    draft = between(qa, dev)
    assert path(draft) is not None
    PromotionPolicy.objects.filter(pk=policy.pk).update(deleted_at=policy.created_at)
    assert path(draft) is None


def test_only_what_both_sides_agreed_to_counts(dev, qa, prod):
    """Else a proposal nobody wants would keep others from saving their policies."""
    old = agree(between(dev, qa))
    agree(make_draft(old.policy, **ends(dev, prod)))
    draft = between(qa, dev)
    assert path(draft) is None
    proposed = make_draft(old.policy, **ends(dev, qa))
    proposed.save()
    old.policy.proposed_version = proposed
    old.policy.save()
    assert path(draft) is None
    old.policy.current_version, old.policy.proposed_version = proposed, None
    old.policy.save()
    assert path(draft) == ["qa/website", "dev/website"]


def test_draft_stands_in_the_place_of_its_policys_versions(dev, qa, prod):
    policy = make_policy(source=dev, target=qa)
    make_policy(source=prod, target=dev)
    assert path(make_draft(policy, **ends(qa, dev))) is None
    assert path(make_draft(policy, **ends(dev, prod))) is not None


def ends(source, target) -> dict[str, Any]:
    return {
        "source_repository": source,
        "target_namespace": target.namespace,
        "target_name": target.name,
    }


def test_hidden_repository_on_the_way_is_not_named(dev, qa, prod):
    dana = make_user()
    for repository in (qa, prod):
        grant(to=dana, on=repository, level=AccessLevel.ADMIN)
    make_policy(source=qa, target=dev)
    make_policy(source=dev, target=prod)
    said = refusal(between(prod, qa), Actor(dana))
    assert "prod/website → qa/website → another repository → prod/website." in said
    assert "dev/" not in said


def test_pattern_is_named_to_who_may_see_its_policy(dev, qa, administrator):
    dana, owner = make_user(), make_user()
    make_organization(name="back", owner=owner)
    for user in (dana, owner):
        for repository in (dev, qa):
            grant(to=user, on=repository, level=AccessLevel.ADMIN)
    agree(from_pattern("back/**", "dev/{repository}"))
    draft = between(dev, make_repository(name="back/website"))
    hidden = "This would loop: dev/website → another repository → dev/website."
    assert hidden in refusal(draft, Actor(dana))
    assert "dev/website → back/** → dev/website." in refusal(draft, Actor(owner))
    agree(from_pattern("*/api", "qa/website"))
    draft = between(qa, make_repository(name="dev/api"))
    assert "qa/website → another repository →" in refusal(draft, Actor(owner))
    assert "qa/website → */api → qa/website." in refusal(draft, administrator)


def test_loop_longer_than_a_chain_may_be_is_left_to_the_limit_of_hops(settings):
    settings.PROMOTION_MAX_HOPS = 3
    chain = [make_repository() for _ in range(4)]
    for source, target in pairwise(chain[:3]):
        make_policy(source=source, target=target)
    assert path(between(chain[2], chain[0])) is not None
    make_policy(source=chain[2], target=chain[3])
    assert path(between(chain[3], chain[0])) is None


def test_search_costs_a_query_for_each_step_and_stops_at_its_limit(
    dev, qa, prod, django_assert_num_queries, monkeypatch
):
    for _ in range(5):
        make_policy(source=dev, target=qa, rules=[tag_rule("ew", "-never")])
    make_policy(source=dev, target=qa)
    make_policy(source=qa, target=prod)
    draft = between(prod, dev, tag_template="%n-x")
    with django_assert_num_queries(2):
        assert path(draft) is not None
    monkeypatch.setattr(cycles, "MAX_VERSIONS", 1)
    assert path(draft) is None
