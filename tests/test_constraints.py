"""What the database itself refuses, whatever the code above it does.

Holds on SQLite and PostgreSQL alike: MSR_DATABASE_URL says which one is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel
from accounts.models import (
    AccessToken,
    AuditEvent,
    Namespace,
    NamespaceUserGrant,
    Organization,
    OrganizationMembership,
    Team,
    TeamMembership,
    User,
)
from accounts.services import teams
from promotions.models import (
    Decision,
    Evaluation,
    PolicyVersion,
    Promotion,
    PromotionPolicy,
)
from promotions.models.promotion import State
from repositories.models import (
    AttachmentNotice,
    ImageSignature,
    Manifest,
    RegistryEvent,
    Repository,
    RepositoryManifest,
    SigningKey,
    Tag,
    TagMove,
)
from tests.factories import (
    grant,
    make_manifest,
    make_organization,
    make_policy,
    make_repository,
    make_user,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model

pytestmark = pytest.mark.django_db


def refused(write: Callable[[], object]) -> None:
    """Expect IntegrityError at once: nothing here is checked at COMMIT only."""
    with pytest.raises(IntegrityError), transaction.atomic():
        write()


def copy_of(row: Model, **changes: Any) -> Callable[[], Any]:
    """Return the writing of the same row once more, with new keys of its own."""
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in {"id", "uuid"}
    }
    return lambda: type(row)._default_manager.create(**values | changes)


@pytest.fixture
def website() -> Repository:
    return make_repository(name="dev/website")


@pytest.fixture
def target() -> Repository:
    return make_repository(name="qa/website")


@pytest.fixture
def move(website) -> TagMove:
    return TagMove.objects.create(
        repository=website,
        tag="1.0",
        to_manifest=make_manifest(repository=website),
        moved_at=timezone.now(),
    )


@pytest.fixture
def promotion(website, target, move) -> Promotion:
    policy = make_policy(source=website, target=target)
    return Promotion.objects.create(
        policy=policy,
        policy_version=policy.current_version,
        idempotency_key="first",
        source_repository=website,
        source_tag="1.0",
        tag_move=move,
        root_move=move,
        manifest=move.to_manifest,
        target_namespace=target.namespace,
        target_name=target.name,
        target_repository=target,
        target_tag="1.0",
    )


RUNNING = {"state": State.RUNNING, "started_at": timezone.now(), "lease_token": uuid4()}


# --- names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["dev", "d", "0", "a-b", "a--b", "a_b", "a__b", "a.b", "a.b-c_d", "a" * 64]
)
def test_a_path_component_is_a_name(name):
    assert Namespace.objects.create(name=name, kind=Namespace.Kind.USER).pk


@pytest.mark.parametrize(
    "name",
    [
        *("Dev", "DEV", "", "a/b", "a:b", "a b", "-a", "a-", ".a", "a..b", "a___b"),
        *("dév", "dev\n", "\ndev", "dev\nDEV"),
    ],
)
def test_nothing_else_is_a_name(name):
    refused(lambda: Namespace.objects.create(name=name, kind=Namespace.Kind.USER))
    dev = Namespace.objects.create(name="dev1", kind=Namespace.Kind.USER)
    refused(lambda: Namespace.objects.filter(pk=dev.pk).update(name=name))


# --- unique pairs -----------------------------------------------------------------


def test_accounts_know_each_pair_once():
    dana, dev = make_user(name="dana"), make_organization(name="dev")
    team = teams.create(actor=SYSTEM, organization=dev, name="developers")
    teams.add_member(actor=SYSTEM, team=team, user=dana)
    group = Group.objects.create(name="another")
    refused(copy_of(Namespace.objects.get(name="dana"), kind="organization"))
    refused(copy_of(dana, namespace_id=None))
    refused(copy_of(dana, username="dana2"))
    refused(copy_of(dev))
    refused(copy_of(OrganizationMembership.objects.get(user=dana), is_owner=True))
    refused(copy_of(team, group_id=group.pk))
    refused(copy_of(team, name="testers"))
    refused(copy_of(TeamMembership.objects.get()))


def test_an_access_token_has_a_prefix_of_its_own():
    token = AccessToken.objects.create(
        user=make_user(), label="ci", prefix="abc", secret_hash="1"
    )
    refused(copy_of(token, secret_hash="2"))


@pytest.mark.parametrize("to_team", [False, True])
@pytest.mark.parametrize("on_namespace", [False, True])
def test_a_grantee_has_one_level_on_an_object(website, to_team, on_namespace):
    dev = Organization.objects.get(namespace__name="dev")
    team = teams.create(actor=SYSTEM, organization=dev, name="developers")
    grantee: Team | User = team if to_team else make_user()
    subject: Namespace | Repository = dev.namespace if on_namespace else website
    for level in (AccessLevel.READ_ONLY, AccessLevel.SCAN):
        grant(to=grantee, on=subject, level=level)
    rows = subject.group_grants if to_team else subject.user_grants
    row = rows.get(kind="level")
    admin = type(row.permission).objects.get(
        content_type=row.permission.content_type, codename="admin"
    )
    refused(copy_of(row, permission_id=admin.pk))
    assert rows.count() == 2


def test_the_kind_of_a_grant_follows_its_level():
    dana, dev = make_user(), make_organization(name="dev").namespace
    grant(to=dana, on=dev, level=AccessLevel.SCAN)
    row = NamespaceUserGrant.objects.get()
    row.kind = "level"
    row.save()
    row.refresh_from_db()
    assert row.kind == "scan"


def test_repositories_know_each_pair_once(website, move):
    holding = RepositoryManifest.objects.get()
    tag = Tag.objects.create(
        repository=website,
        name="1.0",
        manifest=holding.manifest,
        current_move=move,
        updated_at=timezone.now(),
    )
    refused(copy_of(website))
    refused(copy_of(website, deleted_at=timezone.now()))
    refused(copy_of(Manifest.objects.get()))
    refused(copy_of(holding, gone_at=timezone.now()))
    refused(copy_of(tag))
    assert copy_of(tag, name="1.0-RC")()
    assert copy_of(tag, name="1.0-rc")(), "tags differ by case"


@pytest.mark.parametrize("of_namespace", [False, True])
def test_a_name_means_one_signing_key(website, of_namespace):
    values = {"public_key": "pem", "created_by": make_user()}
    namespace = website.namespace if of_namespace else None
    key = SigningKey.objects.create(namespace=namespace, name="release", **values)
    refused(copy_of(key))
    refused(copy_of(key, retired_at=timezone.now()))
    for change in ({"name": "qa/release"}, {"name": ""}, {"public_key": ""}):
        refused(copy_of(key, **{"name": "third", **change}))
    assert copy_of(key, name="other")()
    for other in (make_organization().namespace, make_organization().namespace):
        assert copy_of(key, namespace_id=other.pk)()


def test_signatures_and_notices_know_each_pair_once(website):
    manifest = make_manifest(repository=website)
    row = ImageSignature.objects.create(
        manifest=manifest, payload_sha256="1", signature_sha256="2"
    )
    refused(copy_of(row))
    assert copy_of(row, signature_sha256="3")()
    notice = AttachmentNotice.objects.create(
        repository=website, subject_digest="sha256:1", changed_at=timezone.now()
    )
    refused(copy_of(notice))
    assert copy_of(notice, subject_digest="sha256:2")()


# --- the inbox and the moves ------------------------------------------------------


def test_an_event_is_stored_once():
    event = RegistryEvent.objects.create(event_id="e1")
    refused(copy_of(event))


def test_an_event_in_process_has_a_lease():
    event = RegistryEvent.objects.create(event_id="e1")
    rows = RegistryEvent.objects.filter(pk=event.pk)
    refused(lambda: rows.update(state="processing"))
    assert rows.update(state="processing", lease_token=uuid4())


def test_a_promotion_or_an_event_makes_one_move(website, move):
    moved = copy_of(move, promotion_uuid=uuid4(), event_id="e1")()
    refused(copy_of(moved, event_id="e2"))
    refused(copy_of(moved, promotion_uuid=uuid4()))
    assert copy_of(moved, event_id="e2", tag="2.0")()
    for _ in range(2):
        assert copy_of(move)(), "moves by push are unlimited"


# --- policies and promotions ------------------------------------------------------


def test_policies_and_decisions_know_each_pair_once(promotion):
    version = promotion.policy_version
    evaluation = Evaluation.objects.create(
        tag_move=promotion.tag_move, evidence_version="e"
    )
    decision = Decision.objects.create(
        evaluation=evaluation,
        policy_version=version,
        tag_move=promotion.tag_move,
        evidence_version="e",
        verdict=Decision.Verdict.MATCHED,
    )
    refused(copy_of(version))
    refused(copy_of(decision))
    refused(copy_of(PromotionPolicy.objects.get()))
    assert copy_of(decision, evidence_version="f")()


def test_an_idempotency_key_is_used_once(promotion):
    refused(copy_of(promotion))
    refused(copy_of(promotion, idempotency_key=None))
    assert copy_of(promotion, idempotency_key="second")()


def test_one_promotion_runs_per_target_tag(promotion, website):
    Promotion.objects.update(**RUNNING)
    promotion.refresh_from_db()
    refused(copy_of(promotion, idempotency_key="second"))
    others: dict[str, dict[str, Any]] = {
        "waits for a worker": {"state": State.PENDING},
        "another tag": {"target_tag": "2.0"},
        "another target": {"target_repository_id": website.pk},
        "ended": {"state": State.SUCCEEDED, "finished_at": timezone.now()},
    }
    for key, change in others.items():
        assert copy_of(promotion, idempotency_key=key, **change)()
    waiting = Promotion.objects.get(idempotency_key="waits for a worker")
    refused(lambda: Promotion.objects.filter(pk=waiting.pk).update(**RUNNING))


@pytest.mark.parametrize(
    "missing",
    [
        {"lease_token": None},
        {"started_at": None},
        {"target_repository": None},
        {"target_tag": ""},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_runs_has_a_lease_a_start_and_a_target(promotion, missing):
    refused(lambda: Promotion.objects.update(**RUNNING | missing))
    assert Promotion.objects.update(**RUNNING)
    refused(lambda: Promotion.objects.update(**missing))


@pytest.mark.parametrize("state", [state for state in State if state.is_final])
def test_what_has_ended_has_an_end(promotion, state):
    change = {"state": state, "error_code": "DENIED"}
    refused(lambda: Promotion.objects.update(**change))
    assert Promotion.objects.update(**change, finished_at=timezone.now())


def test_what_failed_says_why(promotion):
    change = {"state": State.FAILED, "finished_at": timezone.now()}
    refused(lambda: Promotion.objects.update(**change))
    assert Promotion.objects.update(**change, error_code="DENIED")


def test_a_promotion_is_by_a_policy_or_a_person(promotion):
    refused(lambda: Promotion.objects.update(policy=None))
    assert Promotion.objects.update(policy=None, requested_by=make_user())


# --- append-only ------------------------------------------------------------------


@pytest.mark.parametrize("model", [AuditEvent, TagMove, PolicyVersion])
def test_evidence_is_neither_changed_nor_deleted(promotion, model):
    key = model.objects.latest("id").pk
    rows = model.objects.filter(pk=key)
    table = model._meta.db_table
    for change in (
        lambda: rows.update(created_at=timezone.now()),
        lambda: rows._raw_delete(using="default"),
        lambda: _execute(f"UPDATE {table} SET id = id"),  # noqa: S608 - our own tables
        lambda: _execute(f"DELETE FROM {table}"),  # noqa: S608 - our own tables
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert rows.exists()


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("history", ["move", "promotion"])
def test_history_keeps_what_it_refers_to(request, history):
    """Rows that evidence points to are protected, so nothing cascades over it."""
    request.getfixturevalue(history)
    for model in (Repository, Namespace, Manifest):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.all().delete()
