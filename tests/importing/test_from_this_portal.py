"""What is read of this portal's own API makes the same policies again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from accounts.access import SYSTEM, AccessLevel, Actor
from accounts.services import teams
from promotions.api.policy_json import policies_json
from promotions.models import PromotionPolicy
from promotions.rules import Field
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import importing, policies
from promotions.services.importing.understanding import MISSING, OURS
from repositories.models import Repository
from tests.factories import (
    PASSWORD,
    grant,
    make_manifest,
    make_organization,
    make_policy,
    make_repository,
    make_scan,
    make_user,
    tag_rule,
)

if TYPE_CHECKING:
    from promotions.services.importing import Snapshot

CHANGING = {"id", "lastPromotedAt", "version", "consents", "standing", "proposed"}
CHOSEN: dict[str, Any] = {
    "zone": "Europe/Berlin",
    "on_moved_tag": "every_push",
    "on_conflict": "keep_both",
    "unscored": "wait",
    "unlicensed": "ignore",
    "allow_unscannable": True,
    "origins": ["ci"],
    "exceptions_of": "target",
}


def on(field: Field) -> dict[str, Any]:
    """A rule on the field, by its first operator that takes the example."""
    operator = "ew" if field is Field.TAG else field.operators[0].value
    return {"field": field.value, "operator": operator, "values": [field.example]}


@pytest.fixture
def root(transactional_db) -> Actor:
    if connection.vendor != "postgresql":
        # Only TRUNCATE empties tables that nothing may be deleted from.
        pytest.skip("needs PostgreSQL: python -m tests.stack pytest tests/importing")
    return Actor(make_user(name="root", is_superuser=True))


@pytest.fixture
def world(root: Actor) -> None:
    """Two organizations with a team, and policies of every kind."""
    olga, dana = make_user(name="olga"), make_user(name="dana")
    dev = make_organization(name="dev", owner=olga, members=(dana,))
    make_organization(name="qa", owner=olga)
    team = teams.create(actor=SYSTEM, organization=dev, name="writers")
    teams.add_member(actor=SYSTEM, team=team, user=dana)
    grant(to=team, on=dev.namespace, level=AccessLevel.READ_WRITE)
    website = make_repository(
        name="dev/website", immutable_tags=["v*"], short_description="The site"
    )
    nested = make_repository(name="dev/team/app", visibility="public")
    grant(to=team, on=nested, level=AccessLevel.ADMIN)
    qa = make_repository(name="qa/website")
    _policies(root, website, nested, qa)


def _policies(
    root: Actor, website: Repository, nested: Repository, qa: Repository
) -> None:
    _scanned(website)
    make_policy(
        source=website,
        target=qa,
        rules=[tag_rule("ew", "stable")],
        tag_template="%Y-%n",
    )
    make_policy(source=nested, target=qa, enabled=False, **CHOSEN)
    for number, field in enumerate(Field):
        template = f"{number}-%n"
        make_policy(source=website, target=qa, rules=[on(field)], tag_template=template)
    alternatives = {
        "any": [
            tag_rule("eq", "a"),
            tag_rule(
                "sw",
                "b",
            ),
        ]
    }
    make_policy(source=nested, target=qa, rules=[alternatives], tag_template="x-%n")
    excluding = {
        "field": "component.name",
        "operator": "noo",
        "values": ["openssl"],
    }
    make_policy(source=website, target=qa, rules=[excluding], tag_template="y-%n")
    patterned: dict[str, Any] = {"tag_template": "%n", "rules": [tag_rule("c", "wide")]}
    for namespace in (nested.namespace, None):
        draft = policies.Draft(
            source=RepositoryPattern("dev/**"),
            namespace=namespace,
            target="qa/{repository}",
            **patterned,
        )
        policies.create(actor=root, draft=draft)


def _scanned(repository: Repository) -> None:
    image = make_manifest(repository=repository)
    make_scan(manifest=image, components={"openssl": "Apache-2.0"})


def shown(root: Actor) -> list[dict[str, Any]]:
    """All policies as the API has them, without what is of the row and not its work."""
    rows = PromotionPolicy.objects.kept().with_consents().order_by("id")
    found = [
        {key: value for key, value in one.items() if key not in CHANGING}
        for one in policies_json(root, rows)
    ]
    return sorted(found, key=lambda one: repr({**one, "enabled": None}))


def another_portal() -> Actor:
    """Empty the database; in the portal that is left, a scan has seen openssl."""
    call_command("flush", verbosity=0, interactive=False)
    ContentType.objects.clear_cache()
    _scanned(make_repository(name="others/app"))
    return Actor(make_user(name="boss", is_superuser=True))


@pytest.fixture
def exported(world: None, live_server, allow) -> Snapshot:
    allow(live_server.thread.port)
    portal = importing.Connection.to(
        live_server.url, username="root", secret=PASSWORD, insecure_http=True
    )
    return importing.read(importing.Source(portal))


@pytest.mark.slow
def test_every_policy_comes_back(exported: Snapshot, root: Actor) -> None:
    before = shown(root)
    assert len(before) == len(Field) + 6
    boss = another_portal()

    ledger = importing.take_over(
        actor=boss, snapshot=exported, choices=importing.Choices()
    )

    bad = [
        f"{row}: {row.reason}"
        for row in ledger.seen.values()
        if row.state in {"refused", "held"}
    ]
    assert not bad
    assert [{**one, "enabled": False} for one in before] == shown(boss)
    for namespace in ("dev", "qa", "*"):
        importing.switch_on(actor=boss, source=ledger.source, namespace=namespace)
    assert shown(boss) == before
    nested = Repository.objects.named("dev/team/app").get()
    assert nested.visibility == "public"
    assert nested.group_grants.get().level == "admin"
    website = Repository.objects.named("dev/website").get()
    assert website.immutable_tags == ["v*"]


def test_everything_that_a_version_chooses_is_read() -> None:
    assert not MISSING
    assert set(OURS) >= {"zone", "unscored", "allowPublicTarget"}
