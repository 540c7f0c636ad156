"""Which actions of a scope are granted: what is asked and allowed, nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.access import (
    ANONYMOUS,
    AccessLevel,
    Action,
    Actor,
    TokenScope,
)
from accounts.models import Namespace
from accounts.permissions import check
from accounts.services import access_tokens
from repositories.models import Repository
from repositories.registry import parse_scopes
from repositories.services.authorize import RefusedName, granted_of
from tests.factories import grant, make_repository, make_user


@pytest.fixture
def people(db) -> dict[str, Actor]:
    """Dana writes dev/website and reads dev/tools, Olga owns dev, root administers."""
    olga = make_user(name="olga")
    dana = make_user(name="dana")
    root = make_user(name="root", is_superuser=True)
    website = make_repository(name="dev/website")
    namespace = website.namespace
    grant(to=olga, on=namespace, level=AccessLevel.ADMIN)
    grant(to=dana, on=website, level=AccessLevel.READ_WRITE)
    tools = make_repository(name="dev/tools")
    grant(to=dana, on=tools, level=AccessLevel.READ_ONLY)
    make_repository(name="dev/open", visibility="public")
    make_repository(name="dev/released", promotions_only=True, visibility="public")
    make_repository(name="qa/website")
    gone = make_repository(name="dev/gone")
    Repository.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    known = {"olga": Actor(olga), "dana": Actor(dana), "root": Actor(root)}
    return known | {"anonymous": ANONYMOUS}


def granted(actor: Actor, *scopes: str) -> str:
    return " ".join(map(str, granted_of(actor, parse_scopes(scopes))))


def with_token(actor: Actor, *scopes: str, limit: str = "") -> Actor:
    user: Any = actor.user
    row = access_tokens.issue(
        actor=actor,
        user=user,
        label="t",
        scopes=[TokenScope(scope) for scope in scopes] or list(TokenScope),
        namespace=Namespace.objects.filter(name=limit).first(),
    ).row
    return Actor(user, row)


def allow_create_on_push(name: str) -> None:
    Namespace.objects.filter(name=name).update(create_on_push=True)


@pytest.mark.parametrize(
    ("who", "asked", "expected"),
    [
        (
            "dana",
            "repository:dev/website:pull,push",
            "repository:dev/website:pull,push",
        ),
        ("dana", "repository:dev/website:pull", "repository:dev/website:pull"),
        ("dana", "repository:dev/website:*", "repository:dev/website:pull,push"),
        ("dana", "repository:dev/website:delete", ""),
        ("root", "repository:dev/website:delete,pull", "repository:dev/website:pull"),
        ("dana", "repository:dev/website:fly", ""),
        ("dana", "repository:dev/tools:pull,push", "repository:dev/tools:pull"),
        ("dana", "repository:qa/website:pull", ""),
        ("dana", "repository:dev/open:pull,push", "repository:dev/open:pull"),
        ("anonymous", "repository:dev/open:pull,push", "repository:dev/open:pull"),
        ("anonymous", "repository:dev/website:pull", ""),
        ("anonymous", "repository:dev/fresh:push", ""),
        ("olga", "repository:dev/released:*", "repository:dev/released:pull"),
        ("root", "repository:dev/released:push", ""),
        ("olga", "repository:dev/gone:pull,push", ""),
        ("root", "repository:dev/gone:pull,push", ""),
        ("root", "repository:dev/fresh:pull,push", ""),
        ("root", "repository:nowhere/fresh:pull,push", ""),
        ("root", "repository:website:pull", ""),
        ("root", "repository:host.example:5000/dev/website:pull", ""),
        ("root", "registry:catalog:*", "registry:catalog:*"),
        ("root", "registry:catalog:pull", ""),
        ("root", "registry:other:*", ""),
        ("olga", "registry:catalog:*", ""),
        ("anonymous", "registry:catalog:*", ""),
        ("root", "plugin:dev/website:pull", ""),
        (
            "dana",
            "repository(plugin):dev/website:pull",
            "repository(plugin):dev/website:pull",
        ),
        ("root", "garbage", ""),
        ("root", "repository:dev/website:" + "pull," * 2500 + "pull", ""),
        ("root", "", ""),
    ],
)
def test_who_is_granted_what(people, who, asked, expected):
    assert granted(people[who], asked) == expected


def test_each_scope_is_answered_by_itself(people):
    asked = (
        "repository:dev/tools:pull,push repository:qa/website:pull garbage",
        "repository:dev/website:push",
        "repository:dev/website:pull",
    )
    assert granted(people["dana"], *asked) == (
        "repository:dev/tools:pull repository:dev/website:pull,push"
    )


def test_the_same_name_as_image_and_plugin_mixes_no_actions(people):
    asked = "repository:dev/website:pull repository(plugin):dev/website:push"
    assert granted(people["dana"], asked) == asked


# --- tokens -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (("pull",), "repository:dev/website:pull"),
        (("push",), "repository:dev/website:push"),
        (("pull", "push"), "repository:dev/website:pull,push"),
        (("api", "admin", "delete", "scan"), ""),
    ],
)
def test_a_token_narrows_its_owners_rights(people, scopes, expected):
    actor = with_token(people["dana"], *scopes)
    assert granted(actor, "repository:dev/website:pull,push") == expected


def test_a_token_limited_to_a_namespace_opens_no_other(people):
    actor = with_token(people["root"], limit="qa")
    asked = " ".join(
        f"repository:{name}:pull" for name in ("dev/website", "qa/website", "dev/open")
    )
    assert granted(actor, asked) == "repository:qa/website:pull"


@pytest.mark.parametrize(
    ("scopes", "limit", "expected"),
    [
        (("admin",), "", "registry:catalog:*"),
        (("pull", "push", "api"), "", ""),
        ((), "dev", ""),
    ],
)
def test_the_catalog_needs_a_token_that_administers_everything(
    people, scopes, limit, expected
):
    actor = with_token(people["root"], *scopes, limit=limit)
    assert granted(actor, "registry:catalog:*") == expected


# --- what does not exist yet ------------------------------------------------------


def test_a_first_push_is_granted_where_pushing_creates(people):
    allow_create_on_push("dev")
    asked = "repository:dev/team/fresh:pull,push"
    assert granted(people["olga"], asked) == asked
    assert granted(people["root"], asked) == asked
    for who in ("dana", "anonymous"):
        assert granted(people[who], asked) == ""
    assert granted(people["olga"], "repository:dev/fresh:pull") == ""
    assert granted(people["root"], "repository:qa/fresh:push") == ""


def test_a_deleted_name_stays_reserved_where_pushing_creates(people):
    allow_create_on_push("dev")
    assert granted(people["olga"], "repository:dev/gone:pull,push") == ""


@pytest.mark.parametrize(
    ("scopes", "limit", "expected"),
    [
        (("push", "admin"), "", "repository:dev/fresh:push"),
        (("push", "pull"), "", ""),
        (("pull", "admin"), "", ""),
        ((), "dev", "repository:dev/fresh:pull,push"),
        ((), "qa", ""),
    ],
)
def test_a_token_creates_on_push_only_with_the_scopes_for_it(
    people, scopes, limit, expected
):
    allow_create_on_push("dev")
    actor = with_token(people["olga"], *scopes, limit=limit)
    assert granted(actor, "repository:dev/fresh:pull,push") == expected


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("website", "push to a name of two or more components, such as team/website"),
        ("dev/tags", "is a word of the API"),
        ("dev/team/manifests", "is a word of the API"),
        (f"dev/{'a' * 201}", "at most 200 characters"),
    ],
)
def test_a_push_that_could_never_be_recorded_is_refused_with_a_sentence(
    people, name, sentence
):
    allow_create_on_push("dev")
    with pytest.raises(RefusedName, match=sentence):
        granted(people["root"], f"repository:{name}:pull,push")
    assert granted(people["root"], f"repository:{name}:pull") == ""


# --- always -----------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        *("dev/website", "dev/tools", "dev/open", "dev/released", "dev/gone"),
        *("qa/website", "qa/fresh", "dev/fresh", "dana/fresh", "nowhere/a", "catalog"),
    ]
)
KINDS = st.sampled_from(["repository", "repository(plugin)", "registry", "other"])
ACTIONS = st.lists(
    st.sampled_from(["pull", "push", "delete", "*", "admin", "fly"]), min_size=1
)
SCOPES = st.lists(
    st.builds("{}:{}:{}".format, KINDS, NAMES, ACTIONS.map(",".join))
    | st.text(max_size=20),
    max_size=8,
)
TOKENS = st.none() | st.tuples(
    st.sets(st.sampled_from(["pull", "push", "admin", "api"]), min_size=1),
    st.sampled_from(["", "dev", "qa", "dana"]),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sampled_from(["olga", "dana", "root", "anonymous"]), SCOPES, TOKENS)
def test_nothing_is_granted_beyond_what_is_asked_and_permitted(
    people, who, scopes, token
):
    actor = people[who]
    if token and not actor.is_anonymous:
        actor = with_token(actor, *token[0], limit=token[1])
    asked = {str(scope).rpartition(":")[0]: scope for scope in parse_scopes(scopes)}
    try:
        answer = granted_of(actor, tuple(asked.values()))
    except RefusedName:
        return
    for scope in answer:
        wanted = asked[str(scope).rpartition(":")[0]].actions
        assert scope.actions <= ({"pull", "push", "*"} if "*" in wanted else wanted)
        assert all(is_permitted(actor, action, scope.name) for action in scope.actions)


def is_permitted(actor: Actor, action: str, name: str) -> bool:
    if name == "catalog":
        return actor.is_administrator
    repository = Repository.objects.named(name).get()
    if action == "push" and repository.promotions_only:
        return False
    return bool(check(actor, Action(action), repository))


@pytest.mark.parametrize("count", [1, 2, 60])
def test_the_queries_do_not_grow_with_the_scopes(
    people, count, django_assert_max_num_queries
):
    names = ["dev/website", "dev/tools", *(f"dev/fresh{n}" for n in range(58))][:count]
    scopes = parse_scopes([f"repository:{name}:pull,push" for name in names])
    with django_assert_max_num_queries(4):
        assert granted_of(people["dana"], scopes)


def test_scopes_that_need_no_database_ask_none(people, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert granted(people["root"], "registry:catalog:*", "garbage") != ""
