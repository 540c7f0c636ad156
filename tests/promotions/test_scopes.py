"""Policies of a namespace and global ones: about which repositories, and whereto."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from accounts.access import AccessLevel, Actor
from accounts.models import Namespace, User
from promotions.models import Promotion, PromotionPolicy
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import apply, policies
from promotions.services.evaluate import evaluate_move
from promotions.services.promote.claim import claim
from promotions.services.promote.wanted import load
from repositories.models import Repository
from repositories.services import repositories as repository_services
from tests.factories import (
    grant,
    make_organization,
    make_repository,
    make_tag,
    make_user,
)

if TYPE_CHECKING:
    from accounts.models import Organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana() -> User:
    return make_user(name="dana")


@pytest.fixture
def root() -> User:
    return make_user(name="root", is_superuser=True)


@pytest.fixture
def dev(dana: User) -> Organization:
    return make_organization(name="dev", owner=dana)


@pytest.fixture
def qa() -> Organization:
    return make_organization(name="qa")


def wide(pattern: str, target: str, **values: Any) -> policies.Draft:
    values.setdefault("tag_template", "%n-promoted")
    return policies.Draft(source=RepositoryPattern(pattern), target=target, **values)


def of_namespace(pattern: str, target: str, **values: Any) -> policies.Draft:
    namespace = Namespace.objects.get(name=pattern.partition("/")[0])
    return wide(pattern, target, namespace=namespace, **values)


def create(user: User, draft: policies.Draft, **values: Any) -> PromotionPolicy:
    policy = policies.create(actor=Actor(user), draft=draft, **values)
    return PromotionPolicy.objects.get(pk=policy.pk)


def push(name: str, tag: str = "1.0") -> list[Promotion]:
    """Push to the repository of that name; return the promotions that follow."""
    repository = Repository.objects.named(name).get()
    move = make_tag(repository=repository, name=tag).current_move
    keys = evaluate_move(move_id=move.pk)
    return list(Promotion.objects.filter(pk__in=keys))


def targets(name: str) -> list[str]:
    return [one.target_full_name for one in push(name)]


def test_a_namespaces_policy_is_about_all_its_repositories(dana, dev):
    for name in ("dev/web", "dev/team/api", "dev/released/web"):
        make_repository(name=name)
    make_repository(name="other/web")
    draft = of_namespace("dev/*", "dev/released/{repository}")
    policy = create(dana, draft)
    assert policy.scope == PromotionPolicy.Scope.NAMESPACE
    assert targets("dev/web") == ["dev/released/web"]
    assert targets("dev/team/api") == []
    assert targets("other/web") == []


def test_it_keeps_to_its_namespace(dana, dev):
    make_organization(name="other", owner=dana)
    namespace = Namespace.objects.get(name="dev")
    draft = wide("other/**", "dev/all", namespace=namespace)
    make_repository(name="dev/all")
    with pytest.raises(ValidationError, match=r"write dev/\*\*"):
        create(dana, draft)


def test_it_is_made_by_admins_of_the_namespace(dana, dev):
    keeper = make_user()
    repository = make_repository(name="dev/web")
    grant(to=keeper, on=repository, level=AccessLevel.ADMIN)
    with pytest.raises(Http404):
        create(keeper, of_namespace("dev/**", "dev/x/{repository}"))


def test_its_target_in_another_namespace_is_asked(dana, dev, qa):
    make_repository(name="dev/web")
    make_repository(name="qa/web")
    policy = create(dana, of_namespace("dev/*", "qa/{repository}"), propose=True)
    assert policy.standing == "proposed"
    owner = qa.primary_owner
    policies.accept(actor=Actor(owner), version=policy.shown_version, side="target")
    assert targets("dev/web") == ["qa/web"]


def test_a_target_made_from_the_namespace_is_for_administrators(dana, root, dev, qa):
    draft = of_namespace("dev/*", "{namespace}-qa/{repository}")
    with pytest.raises(Http404):
        create(dana, draft)
    assert create(root, draft).standing == "running"


def test_a_global_policy_is_made_by_administrators(dana, root, dev):
    draft = wide("*/web", "archive/{namespace}/{repository}")
    make_organization(name="archive")
    with pytest.raises(PermissionDenied):
        create(dana, draft)
    make_repository(name="dev/web")
    assert create(root, draft).scope == PromotionPolicy.Scope.GLOBAL
    assert targets("dev/web") == ["archive/dev/web"]


def test_a_namespace_that_comes_to_match_waits_for_an_administrator(root, dev):
    make_organization(name="archive")
    policy = create(root, wide("*/web", "archive/of/{namespace}"))
    make_repository(name="late/web")
    late = Namespace.objects.get(name="late")
    assert targets("late/web") == []
    assert "late" in policies.survey(policy.shown_version).waiting
    with pytest.raises(PermissionDenied):
        policies.admit(actor=Actor(make_user()), policy=policy, namespace=late)
    policies.admit(actor=Actor(root), policy=policy, namespace=late)
    assert [one.target_full_name for one in push("late/web", "1.1")] == [
        "archive/of/late"
    ]

    policies.dismiss(actor=Actor(root), policy=policy, namespace=late)
    assert push("late/web", "1.2") == []


def test_what_was_decided_before_a_namespace_was_dismissed_is_not_copied(root, dev):
    make_organization(name="archive")
    make_repository(name="archive/of/dev")
    make_repository(name="dev/web")
    policy = create(root, wide("*/web", "archive/of/{namespace}"))
    (promotion,) = push("dev/web")
    policies.dismiss(actor=Actor(root), policy=policy, namespace=dev.namespace)
    assert claim(load(promotion.pk)) is None
    promotion.refresh_from_db()
    assert promotion.error_code == "NOT_ADMITTED"


def test_a_change_of_rules_admits_nobody(root, dev):
    make_organization(name="archive")
    policy = create(root, wide("*/web", "archive/of/{namespace}"))
    make_organization(name="late")
    policies.update(actor=Actor(root), policy=policy, changes={"tag_template": "%Y-%n"})
    assert not policy.admissions.filter(namespace__name="late").exists()


def test_personal_namespaces_belong_to_patterns_that_name_them(root, dana):
    make_organization(name="archive")
    repository_services.create(
        actor=Actor(root), namespace=Namespace.objects.get(name="dana"), name="web"
    )
    policy = create(root, wide("*/web", "archive/of/{namespace}"))
    personal = Namespace.objects.get(name="dana")
    with pytest.raises(ValidationError, match="has to be named"):
        policies.admit(actor=Actor(root), policy=policy, namespace=personal)
    assert targets("dana/web") == []
    create(root, wide("dana/web", "archive/of/{namespace}"))
    assert [one.target_full_name for one in push("dana/web", "2")] == [
        "archive/of/dana"
    ]


def test_saving_surveys_sources_targets_and_where_they_meet(root, dev, qa):
    make_organization(name="archive")
    for name in ("dev/web", "qa/web", "qa/api"):
        make_repository(name=name)
    policy = create(root, wide("*/web", "archive/all/{repository}"))
    survey = policies.survey(policy.shown_version)
    assert {(one.source, one.target) for one in survey.pairs} == {
        ("dev/web", "archive/all/web"),
        ("qa/web", "archive/all/web"),
    }
    assert survey.shared == {"archive/all/web": ["dev/web", "qa/web"]}


def test_private_images_become_public_only_with_a_tick(root, dev):
    make_organization(name="archive")
    make_repository(name="archive/web", visibility="public")
    make_repository(name="dev/web")
    draft = wide("dev/*", "archive/{repository}")
    with pytest.raises(ValidationError) as caught:
        create(root, draft)
    assert (
        "dev/web → archive/web" in caught.value.message_dict["allow_public_target"][0]
    )
    policy = create(
        root, wide("dev/*", "archive/{repository}", allow_public_target=True)
    )
    assert policies.survey(policy.shown_version).publishing


def test_it_is_checked_again_when_the_target_became_public(root, dev):
    make_organization(name="archive")
    target = make_repository(name="archive/web")
    make_repository(name="dev/web")
    create(root, wide("dev/*", "archive/{repository}"))
    (promotion,) = push("dev/web")
    repository_services.update(
        actor=Actor(root), repository=target, visibility="public"
    )
    assert claim(load(promotion.pk)) is None
    promotion.refresh_from_db()
    assert (promotion.state, promotion.error_code) == ("skipped", "PRIVATE_TO_PUBLIC")


def test_a_target_whose_namespace_is_missing_is_waited_for(root, dev):
    make_repository(name="dev/web")
    create(root, wide("dev/*", "{namespace}-qa/{repository}"))
    (promotion,) = push("dev/web")
    assert promotion.target == "dev-qa/web"
    assert claim(load(promotion.pk)) is None
    promotion.refresh_from_db()
    assert (promotion.state, promotion.error_code) == ("waiting", "TARGET_MISSING")
    make_repository(name="dev-qa/web")
    Promotion.objects.filter(pk=promotion.pk).update(state="pending")
    assert claim(load(promotion.pk)) is not None
    promotion.refresh_from_db()
    assert promotion.target_full_name == "dev-qa/web"
    assert str(promotion.target_namespace) == "dev-qa"


def test_a_name_of_which_no_target_can_be_made_fails_with_a_sentence(root, dev):
    name = "dev/" + "a" * 190
    make_repository(name=name)
    make_organization(name="archive")
    create(root, wide("dev/*", "archive/" + "b" * 70 + "/{repository}"))
    assert push(name) == []
    promotion = Promotion.objects.get()
    assert (promotion.state, promotion.error_code) == (
        "failed",
        "INVALID_TARGET_REPOSITORY",
    )
    assert "names no repository" in promotion.reason


def test_apply_looks_at_the_tags_of_every_source(root, dev, qa):
    make_organization(name="archive")
    for name in ("dev/web", "qa/web", "qa/api"):
        make_tag(repository=make_repository(name=name), name="1.0")
    draft = wide("*/web", "archive/{namespace}/{repository}")
    policy = create(root, draft, apply=True)
    found = Promotion.objects.filter(pk__in=list(apply.apply(policy=policy)))
    assert {one.target_full_name for one in found} == {
        "archive/dev/web",
        "archive/qa/web",
    }


def test_it_is_found_at_every_repository_it_touches(root, dev, qa):
    make_organization(name="archive")
    web, api = make_repository(name="dev/web"), make_repository(name="dev/api")
    copy = make_repository(name="archive/dev/web")
    policy = create(root, wide("*/web", "archive/{namespace}/{repository}"))
    rows = PromotionPolicy.objects
    assert list(rows.of_source(web)) == [policy]
    assert list(rows.of_target(copy)) == [policy]
    assert not rows.of_source(api).exists()
    assert not rows.of_target(web).exists()


def test_a_reader_sees_the_pattern_but_not_the_target(root, dev):
    make_organization(name="archive")
    web = make_repository(name="dev/web")
    make_repository(name="archive/dev/web")
    reader = make_user()
    grant(to=reader, on=web, level=AccessLevel.READ_ONLY)
    version = create(
        root, wide("*/web", "archive/{namespace}/{repository}")
    ).shown_version
    seen = policies.shown(Actor(reader), [version], web)[version.pk]
    assert (seen.source, seen.target) == ("*/web", "")
    seen = policies.shown(Actor(root), [version], web)[version.pk]
    assert (seen.target, seen.opens_target) == ("archive/dev/web", True)


def test_a_loop_through_patterns_is_refused(root, dev):
    make_repository(name="dev/web")
    with pytest.raises(ValidationError, match="would loop"):
        create(root, wide("dev/**", "dev/{repository}"))
    with pytest.raises(ValidationError, match="would loop"):
        create(root, wide("dev/**", "{namespace}/released/{repository}"))
