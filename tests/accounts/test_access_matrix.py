"""Who may do what: every persona of two tenants, on every object, in every way.

`dev` is Olga's organization, `qa` Quentin's; `dev/open` is public, all else private.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.access import ANONYMOUS, SYSTEM, AccessLevel, Action, Actor, TokenScope
from accounts.models import Namespace, Organization, User
from accounts.permissions import check, require, require_administrator
from accounts.services import access_tokens, organizations, teams
from repositories.models import Repository
from tests.factories import grant, make_organization, make_repository, make_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ALL = frozenset(Action)
WRITE = frozenset({Action.PULL, Action.PUSH, Action.DELETE})
READ = frozenset({Action.PULL})
SCAN = frozenset({Action.SCAN})
PUSH = frozenset({Action.PUSH})

PEOPLE = (
    *("olga", "quentin", "stranger", "member", "reader", "writer", "keeper"),
    *("captain", "scanner", "disabled", "root"),
)
DEV = ("dev", "dev/website", "dev/open", "dev/other")
QA = ("qa", "qa/website")
OWN = ("reader/app",)
OBJECTS = (*DEV, *QA, *PEOPLE, *OWN)
OPEN = {"dev/open": READ}


def on(
    names: Iterable[str], actions: frozenset[Action]
) -> dict[str, frozenset[Action]]:
    return dict.fromkeys(names, actions)


@dataclass(frozen=True)
class Persona:
    """Somebody, what they may do on which objects, and what else they know of."""

    user: str
    may: dict[str, frozenset[Action]]
    knows: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    limit: str = ""


PERSONAS = {
    "anonymous": Persona("", OPEN),
    "stranger": Persona("stranger", OPEN | on(("stranger",), ALL)),
    "member without a grant": Persona(
        "member", OPEN | on(("member",), ALL), knows=("dev",)
    ),
    "reader of one repository, at home in the own namespace": Persona(
        "reader", OPEN | on(("dev/website",), READ) | on(("reader", *OWN), ALL)
    ),
    "writer through a team on the namespace": Persona(
        "writer", on(DEV, WRITE) | on(("writer",), ALL)
    ),
    "admin of one repository": Persona(
        "keeper", OPEN | on(("dev/website", "keeper"), ALL)
    ),
    "admin of the namespace through a team": Persona(
        "captain", on((*DEV, "captain"), ALL)
    ),
    "scanner of one repository": Persona(
        "scanner", OPEN | on(("dev/website",), SCAN) | on(("scanner",), ALL)
    ),
    "owner of the organization": Persona("olga", on((*DEV, "olga"), ALL)),
    "owner of the other organization": Persona(
        "quentin", OPEN | on((*QA, "quentin"), ALL)
    ),
    "administrator": Persona("root", on(OBJECTS, ALL)),
    "disabled admin": Persona("disabled", {}),
    "owner with a token to pull": Persona(
        "olga", on((*DEV, "olga"), READ), scopes=("pull",)
    ),
    "owner with a token for the API only": Persona("olga", {}, scopes=("api",)),
    "owner with a token to push only": Persona(
        "olga", on((*DEV, "olga"), PUSH), scopes=("push",)
    ),
    "owner with a token limited to the own namespace": Persona(
        "olga", on(("olga",), ALL), limit="olga"
    ),
    "reader with a token limited to another namespace": Persona(
        "reader", OPEN | on(("dev/website",), READ), limit="dev"
    ),
    "stranger with a token of all scopes limited to dev": Persona(
        "stranger", OPEN, limit="dev"
    ),
    "member with a token that may not pull": Persona(
        "member", on(("member",), PUSH), scopes=("push",)
    ),
    "administrator with a token limited to qa": Persona(
        "root", on(QA, ALL), limit="qa"
    ),
    "administrator with a token to pull": Persona(
        "root", on(OBJECTS, READ), scopes=("pull",)
    ),
    "disabled admin with a token": Persona("disabled", {}, scopes=("pull", "admin")),
}


@pytest.fixture
def actor_of(db) -> Callable[[Persona], Actor]:
    """Build both tenants; return a function that gives a persona's actor."""
    people = {name: make_user(name=name) for name in PEOPLE[:-1]}
    people["root"] = make_user(name="root", is_superuser=True)
    dev = make_organization(name="dev", owner=people["olga"])
    qa = make_organization(name="qa", owner=people["quentin"])
    for name in (*DEV[1:], "qa/website", *OWN):
        make_repository(name=name, visibility="public" if "open" in name else "private")
    organizations.set_member(actor=SYSTEM, organization=dev, user=people["member"])
    _team(dev, AccessLevel.READ_WRITE, people["writer"])
    _team(dev, AccessLevel.ADMIN, people["captain"], people["disabled"])
    _team(qa, AccessLevel.ADMIN, people["disabled"])
    website = Repository.objects.named("dev/website").get()
    for name, level in (
        ("reader", AccessLevel.READ_ONLY),
        ("keeper", AccessLevel.ADMIN),
        ("scanner", AccessLevel.SCAN),
    ):
        grant(to=people[name], on=website, level=level)
    User.objects.filter(username="disabled").update(is_active=False)
    return _actor


def _team(organization: Organization, level: AccessLevel, *members: User) -> None:
    team = teams.create(actor=SYSTEM, organization=organization, name=f"team-{level}")
    for member in members:
        teams.add_member(actor=SYSTEM, team=team, user=member)
    grant(to=team, on=organization.namespace, level=level)


def _actor(persona: Persona) -> Actor:
    if not persona.user:
        return ANONYMOUS
    user = User.objects.get(username=persona.user)
    if not (persona.scopes or persona.limit):
        return Actor(user)
    limit = Namespace.objects.filter(name=persona.limit).first()
    scopes = [TokenScope(scope) for scope in persona.scopes] or list(TokenScope)
    issued = access_tokens.issue(
        actor=Actor(user), user=user, label="t", scopes=scopes, namespace=limit
    )
    return Actor(user, issued.row)


def _subject(name: str) -> Namespace | Repository:
    if "/" in name:
        return Repository.objects.named(name).get()
    return Namespace.objects.get(name=name)


def _reaction(actor: Actor, action: Action, subject: Namespace | Repository) -> int:
    try:
        require(actor, action, subject)
    except PermissionDenied:
        return 403
    except Http404:
        return 404
    return 200


def _expected_reaction(persona: Persona, action: Action, name: str) -> int:
    allowed = persona.may.get(name, frozenset())
    if action in allowed:
        return 200
    return 403 if Action.PULL in allowed or name in persona.knows else 404


@pytest.mark.parametrize("who", PERSONAS)
def test_each_persona_may_do_exactly_this(actor_of, who):
    persona = PERSONAS[who]
    actor = actor_of(persona)
    allowed = {
        name: {action for action in Action if check(actor, action, _subject(name))}
        for name in OBJECTS
    }
    assert allowed == {name: persona.may.get(name, set()) for name in OBJECTS}


@pytest.mark.parametrize("who", PERSONAS)
def test_the_lists_hold_what_the_questions_allow(actor_of, who):
    persona = PERSONAS[who]
    actor = actor_of(persona)
    for action in Action:
        namespaces = Namespace.objects.permitted(actor, action)
        repositories = Repository.objects.permitted(actor, action)
        listed = [
            *(row.name for row in namespaces),
            *(row.full_name for row in repositories.select_related("namespace")),
        ]
        expected = [name for name in OBJECTS if action in persona.may.get(name, ())]
        assert sorted(listed) == sorted(expected), action


@pytest.mark.parametrize("who", PERSONAS)
def test_who_may_not_know_hears_404_and_the_others_403(actor_of, who):
    persona = PERSONAS[who]
    actor = actor_of(persona)
    for name in OBJECTS:
        subject = _subject(name)
        reactions = {action: _reaction(actor, action, subject) for action in Action}
        expected = {
            action: _expected_reaction(persona, action, name) for action in Action
        }
        assert reactions == expected, name


@pytest.mark.parametrize("who", PERSONAS)
def test_only_administrators_with_a_token_for_everything_run_the_portal(actor_of, who):
    actor = actor_of(PERSONAS[who])
    if who == "administrator":
        require_administrator(actor)
        return
    with pytest.raises(PermissionDenied):
        require_administrator(actor)


def test_a_deleted_repository_is_nobodys(actor_of):
    actor = actor_of(PERSONAS["administrator"])
    website = _subject("dev/website")
    Repository.objects.filter(pk=website.pk).update(deleted_at=website.created_at)
    assert not any(check(actor, action, website) for action in Action)
    with pytest.raises(Http404):
        require(actor, Action.PULL, website)


def test_a_refusal_says_what_is_missing(actor_of):
    website = _subject("dev/website")
    reader = actor_of(
        PERSONAS["reader of one repository, at home in the own namespace"]
    )
    assert check(reader, Action.PUSH, website).reason == (
        "This needs the right “push” on dev/website; ask one of its admins."
    )
    token = actor_of(PERSONAS["owner with a token to pull"])
    assert "was not made for “push”" in check(token, Action.PUSH, website).reason
