"""What policies do not tell: of targets, of sources, and of who is at either end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404

from accounts.access import Actor
from accounts.models import Namespace, User
from promotions.models import Promotion
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies
from promotions.services.evaluate import evaluate_move
from promotions.services.promote.claim import claim
from promotions.services.promote.wanted import load
from tests.factories import make_organization, make_repository, make_tag, make_user

if TYPE_CHECKING:
    from promotions.models import PromotionPolicy
    from repositories.models import Repository

pytestmark = pytest.mark.django_db

TOO_LONG = "a" * 210


@pytest.fixture
def dana() -> User:
    """Owns dev, and knows nothing of qa."""
    return make_user(name="dana")


@pytest.fixture
def quinn() -> User:
    return make_user(name="quinn")


@pytest.fixture
def root() -> User:
    return make_user(name="root", is_superuser=True)


@pytest.fixture(autouse=True)
def source(dana: User, quinn: User) -> Repository:
    make_organization(name="dev", owner=dana)
    make_organization(name="qa", owner=quinn)
    return make_repository(name="dev/website")


def of_dev(pattern: str, target: str) -> policies.Draft:
    return policies.Draft(
        source=RepositoryPattern(pattern),
        target=target,
        tag_template="%n-x",
        namespace=Namespace.objects.get(name="dev"),
    )


def global_one(root: User, pattern: str) -> PromotionPolicy:
    draft = policies.Draft(
        source=RepositoryPattern(pattern), target="qa/all", tag_template="%n-x"
    )
    return policies.create(actor=Actor(root), draft=draft)


def refusal(user: User, draft: policies.Draft, **values: Any) -> object:
    with pytest.raises((ValidationError, Http404)) as refused:
        policies.create(actor=Actor(user), draft=draft, **values)
    error = refused.value
    said = error.message_dict if isinstance(error, ValidationError) else str(error)
    return type(error), said


def test_a_name_too_long_is_refused_in_any_namespace(dana, source):
    drafts = [
        policies.Draft(source=source, target=f"{name}/{TOO_LONG}", tag_template="%n")
        for name in ("qa", "nowhere")
    ]
    hidden, absent = (refusal(dana, draft, propose=True) for draft in drafts)
    assert hidden == absent
    assert "target_repository" in str(hidden)


def test_a_hidden_namespace_is_refused_like_one_that_is_not_there(dana):
    names = ("qa", "nowhere")
    drafts = [of_dev("dev/**", f"{name}/{{repository}}") for name in names]
    hidden, absent = (refusal(dana, draft) for draft in drafts)
    assert hidden == absent


def test_who_accepts_a_pattern_is_not_told_the_names_of_private_sources(dana, quinn):
    make_repository(name="dev/secret")
    make_repository(name="dev/open", visibility="public")
    for name in ("secret", "open", "website"):
        make_repository(name=f"qa/{name}", visibility="public")
    draft = of_dev("dev/**", "qa/{repository}")
    policy = policies.create(actor=Actor(dana), draft=draft, propose=True)
    with pytest.raises(ValidationError, match="would become public") as refused:
        policies.accept(actor=Actor(quinn), version=policy.shown_version, side="target")
    assert "dev/" not in str(refused.value)


def test_a_personal_namespace_that_is_not_named_any_more_is_left_alone(root):
    make_user(name="alice")
    make_repository(name="qa/all")
    own = make_repository(name="alice/web")
    policy = global_one(root, "alice/**")
    assert len(evaluate_move(move_id=make_tag(repository=own).current_move.pk)) == 1
    policies.update(
        actor=Actor(root),
        policy=policy,
        changes={"source": RepositoryPattern("*/web")},
    )
    move = make_tag(repository=own, name="2.0").current_move
    assert evaluate_move(move_id=move.pk) == []


def test_why_a_global_policy_was_kept_out_does_not_name_the_source(root, source):
    make_repository(name="qa/all")
    policy = global_one(root, "*/website")
    (key,) = evaluate_move(move_id=make_tag(repository=source).current_move.pk)
    policies.dismiss(actor=Actor(root), policy=policy, namespace=source.namespace)
    assert claim(load(key)) is None
    row = Promotion.objects.get(pk=key)
    assert row.error_code == "NOT_ADMITTED"
    assert "dev" not in row.reason
