"""Who may register which scanners, and what becomes of their secrets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404

from accounts.access import ANONYMOUS, SYSTEM, AccessLevel, Actor
from accounts.models import AuditEvent, Namespace, User
from repositories.models import Scanner
from repositories.services import scanners
from repositories.services.scanners import Draft
from tests import scanner_adapter as script
from tests.factories import grant, make_organization, make_repository, make_user

if TYPE_CHECKING:
    from tests.scanner_adapter import ScannerAdapter

pytestmark = pytest.mark.django_db

CANARY = "the-canary-secret"


@pytest.fixture
def admin() -> Actor:
    return Actor(make_user(name="admin", is_superuser=True))


@pytest.fixture
def dana() -> User:
    """Owns the organization dev."""
    dana = make_user(name="dana")
    make_organization(name="dev", owner=dana)
    return dana


@pytest.fixture
def quinn() -> User:
    """Owns the organization qa."""
    quinn = make_user(name="quinn")
    make_organization(name="qa", owner=quinn)
    return quinn


@pytest.fixture
def draft(scanner_adapter: ScannerAdapter, settings: Any) -> Draft:
    """The scripted adapter, allowed for administrators and for tenants."""
    port = scanner_adapter.port
    settings.OUTBOUND_ALLOW = [
        f"scanner=127.0.0.1:{port}",
        f"tenant-scanner=127.0.0.1:{port}",
    ]
    return Draft(scanner_adapter.url)


def namespace(name: str) -> Namespace:
    return Namespace.objects.get(name=name)


def refusal(error: pytest.ExceptionInfo[ValidationError]) -> str:
    return " ".join(error.value.messages)


# Rights


def test_administrators_register_scanners_for_all(admin, draft):
    scanner = scanners.create(actor=admin, namespace=None, name="clair", draft=draft)
    assert (scanner.name, scanner.kind, scanner.namespace) == ("clair", "adapter", None)
    entry = AuditEvent.objects.latest("id")
    assert (entry.actor, entry.action, entry.object_name) == (
        "admin",
        "create",
        "clair",
    )
    assert entry.after["url"] == draft.url


def test_others_register_none_for_all(dana, draft):
    with pytest.raises(PermissionDenied):
        scanners.create(actor=Actor(dana), namespace=None, name="clair", draft=draft)
    scanner = scanners.create(actor=SYSTEM, namespace=None, name="clair", draft=draft)
    for change in (
        lambda actor: scanners.edit(actor=actor, scanner=scanner, draft=draft),
        lambda actor: scanners.check(actor=actor, scanner=scanner),
        lambda actor: scanners.arrange(
            actor=actor, scanner=scanner, is_enabled=False, position=1
        ),
    ):
        with pytest.raises(PermissionDenied):
            change(Actor(dana))
    scanner.refresh_from_db()
    assert scanner.is_enabled


def test_a_namespaces_admin_registers_its_own(dana, draft):
    scanner = scanners.create(
        actor=Actor(dana), namespace=namespace("dev"), name="clair", draft=draft
    )
    assert (scanner.name, scanner.namespace) == ("dev.clair", namespace("dev"))
    assert AuditEvent.objects.latest("id").namespace_uuid == namespace("dev").uuid


def test_less_than_admin_does_not_do(dana, draft):
    member = make_user()
    grant(to=member, on=namespace("dev"), level=AccessLevel.READ_WRITE)
    with pytest.raises(PermissionDenied):
        scanners.create(
            actor=Actor(member), namespace=namespace("dev"), name="x", draft=draft
        )


def test_another_tenants_scanner_is_as_if_it_did_not_exist(dana, quinn, draft):
    theirs = scanners.create(
        actor=Actor(dana), namespace=namespace("dev"), name="clair", draft=draft
    )
    for change in (
        lambda actor: scanners.edit(actor=actor, scanner=theirs, draft=draft),
        lambda actor: scanners.check(actor=actor, scanner=theirs),
        lambda actor: scanners.arrange(
            actor=actor, scanner=theirs, is_enabled=False, position=1
        ),
        lambda actor: scanners.create(
            actor=actor, namespace=namespace("dev"), name="other", draft=draft
        ),
    ):
        with pytest.raises(Http404):
            change(Actor(quinn))
    assert theirs not in Scanner.objects.visible_to(Actor(quinn))
    assert theirs in Scanner.objects.visible_to(Actor(dana))
    assert not Scanner.objects.visible_to(ANONYMOUS).exists()


def test_naming_another_tenants_scanner_chooses_nothing(dana, quinn, draft):
    scanners.create(
        actor=Actor(dana), namespace=namespace("dev"), name="clair", draft=draft
    )
    repository = make_repository(name="qa/website")
    repository.scanners = ["dev.clair"]
    assert Scanner.objects.of(repository) == []


# Names


def test_two_tenants_may_give_the_same_name(dana, quinn, draft):
    for user, name in ((dana, "dev"), (quinn, "qa")):
        own = namespace(name)
        scanners.create(actor=Actor(user), namespace=own, name="clair", draft=draft)
    assert Scanner.objects.filter(name__endswith=".clair").count() == 2


@pytest.mark.parametrize("name", ["dev.clair", "clair"])
def test_the_namespace_stands_before_the_name_once(dana, draft, name):
    scanner = scanners.create(
        actor=Actor(dana), namespace=namespace("dev"), name=name, draft=draft
    )
    assert scanner.name == "dev.clair"


@pytest.mark.parametrize("name", ["qa.clair", "a.b", "Clair", "a:b", "", "x" * 64])
def test_other_names_are_refused(dana, draft, name):
    with pytest.raises(ValidationError):
        scanners.create(
            actor=Actor(dana), namespace=namespace("dev"), name=name, draft=draft
        )


@pytest.mark.parametrize("name", ["built-in", "trivy", "upload", "scan", "A"])
def test_names_of_other_results_are_refused(admin, draft, name):
    with pytest.raises(ValidationError):
        scanners.create(actor=admin, namespace=None, name=name, draft=draft)


def test_a_name_that_is_taken_is_said(admin, draft):
    scanners.create(actor=admin, namespace=None, name="clair", draft=draft)
    with pytest.raises(ValidationError) as error:
        scanners.create(actor=admin, namespace=None, name="clair", draft=draft)
    assert refusal(error) == "A scanner “clair” exists already; choose another name."


def test_a_namespace_has_a_few_scanners_at_most(dana, draft):
    own = namespace("dev")
    for number in range(scanners.MAX_OWN):
        scanners.create(
            actor=Actor(dana), namespace=own, name=f"s{number}", draft=draft
        )
    with pytest.raises(ValidationError) as error:
        scanners.create(actor=Actor(dana), namespace=own, name="more", draft=draft)
    assert "at most 10 scanners" in refusal(error)


# Addresses


def test_an_address_that_may_not_be_called_is_refused(admin, dana, draft, settings):
    settings.OUTBOUND_ALLOW = [settings.OUTBOUND_ALLOW[0]]
    scanners.create(actor=admin, namespace=None, name="clair", draft=draft)
    own = namespace("dev")
    with pytest.raises(ValidationError) as error:
        scanners.create(actor=Actor(dana), namespace=own, name="clair", draft=draft)
    assert "cannot be called from here" in refusal(error)
    assert "127.0.0.1" not in refusal(error)
    with pytest.raises(ValidationError) as error:
        scanners.create(actor=admin, namespace=own, name="clair", draft=draft)
    assert "MSR_OUTBOUND_ALLOW=tenant-scanner=127.0.0.1:" in refusal(error)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "scanner",
        "ftp://127.0.0.1",
        "http://user:password@127.0.0.1",
        "http://169.254.169.254/latest",
        "http://127.0.0.1/?x=1",
        "http://127.0.0.1/#x",
    ],
)
def test_what_is_no_address_of_an_adapter_is_refused(admin, url):
    with pytest.raises(ValidationError) as error:
        scanners.create(actor=admin, namespace=None, name="clair", draft=Draft(url))
    assert list(error.value.message_dict) == ["url"]


def test_a_list_that_cannot_be_read_is_the_operators_affair(admin, draft, settings):
    settings.OUTBOUND_ALLOW = ["10.0.0.0/8"]
    with pytest.raises(Exception, match="MSR_OUTBOUND_ALLOW or MSR_OUTBOUND_DENY"):
        scanners.create(actor=admin, namespace=None, name="clair", draft=draft)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"authentication": "basic", "secret": CANARY}, "username"),
        ({"authentication": "basic", "username": "a:b", "secret": CANARY}, "username"),
        ({"authentication": "basic", "username": "portal"}, "secret"),
        ({"authentication": "bearer"}, "secret"),
        ({"authentication": "bearer", "secret": "two\nlines"}, "secret"),
        ({"authentication": "magic", "secret": CANARY}, "authentication"),
        ({"ca_certificate": "nothing"}, "ca_certificate"),
        ({"position": -1}, "position"),
    ],
)
def test_what_cannot_work_is_refused(admin, draft, changes, field):
    wrong = replace(draft, **changes)
    with pytest.raises(ValidationError) as error:
        scanners.create(actor=admin, namespace=None, name="clair", draft=wrong)
    assert list(error.value.message_dict) == [field]
    assert CANARY not in str(error.value)


# Secrets


@pytest.fixture
def secret(admin, draft) -> Scanner:
    return scanners.create(
        actor=admin,
        namespace=None,
        name="clair",
        draft=replace(draft, authentication="bearer", secret=CANARY),
    )


def test_a_secret_is_in_no_log_and_not_readable_in_the_database(
    secret, admin, draft, caplog
):
    scanners.edit(
        actor=admin,
        scanner=secret,
        draft=replace(draft, authentication="bearer", secret=CANARY + "2"),
    )
    scanners.check(actor=admin, scanner=secret)
    kept = [
        json.dumps([one.before, one.after], ensure_ascii=False)
        for one in AuditEvent.objects.all()
    ]
    assert any("•••" in text for text in kept)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM repositories_scanner WHERE name = 'clair'")
        kept += [str(cursor.fetchone()), caplog.text, repr(draft)]
    assert not [text for text in kept if CANARY in text]
    secret.refresh_from_db()
    assert secret.secret == CANARY + "2"


def test_an_empty_secret_keeps_the_one_there_is(secret, admin, draft):
    changed = replace(draft, authentication="bearer", position=7)
    row = scanners.edit(actor=admin, scanner=secret, draft=changed)
    assert (row.secret, row.position) == (CANARY, 7)
    entry = AuditEvent.objects.latest("id")
    assert (entry.before, entry.after) == ({"position": 100}, {"position": 7})


def test_a_kept_secret_is_not_sent_to_another_address(
    secret, admin, draft, settings, make_server
):
    elsewhere = make_server(lambda handler: handler.reply(200))
    settings.OUTBOUND_ALLOW = ["scanner=127.0.0.1:" + str(elsewhere.server_port)]
    moved = replace(draft, url=elsewhere.url, authentication="bearer")
    with pytest.raises(ValidationError) as error:
        scanners.edit(actor=admin, scanner=secret, draft=moved)
    assert list(error.value.message_dict) == ["secret"]
    scanners.edit(actor=admin, scanner=secret, draft=replace(moved, secret="new"))
    secret.refresh_from_db()
    assert (secret.url, secret.secret) == (elsewhere.url, "new")


def test_without_authentication_no_secret_is_kept(secret, admin, draft):
    row = scanners.edit(actor=admin, scanner=secret, draft=draft)
    assert (row.secret, row.username) == ("", "")


# The scanners that come along


def test_of_the_built_in_only_use_and_place_can_be_changed(admin, draft):
    built_in = Scanner.objects.get(name="built-in")
    with pytest.raises(ValidationError):
        scanners.edit(actor=admin, scanner=built_in, draft=draft)
    with pytest.raises(ValidationError):
        scanners.check(actor=admin, scanner=built_in)
    scanners.arrange(actor=admin, scanner=built_in, is_enabled=False, position=3)
    built_in.refresh_from_db()
    assert (built_in.is_enabled, built_in.position) == (False, 3)
    assert AuditEvent.objects.latest("id").after == {"is_enabled": False, "position": 3}


# The test of the connection


def test_an_adapter_says_who_it_is(admin, draft):
    scanner = scanners.create(actor=admin, namespace=None, name="clair", draft=draft)
    checked = scanners.check(actor=admin, scanner=scanner)
    assert (checked.check_error, checked.checked_at is not None) == ("", True)
    assert scanners.described(checked) == "Probe 1.2.3 by Tests: sbom, vulnerability"


def test_an_adapter_without_a_report_for_us_is_said(admin, draft, scanner_adapter):
    raw = "application/vnd.scanner.adapter.vuln.report.raw"
    scanner_adapter.capabilities = [script.capability("vulnerability", raw)]
    scanner = scanners.create(actor=admin, namespace=None, name="clair", draft=draft)
    checked = scanners.check(actor=admin, scanner=scanner)
    assert checked.check_error == "It makes no reports of images that are read here."
    assert checked.metadata["name"] == "Probe"


def test_what_an_adapter_said_before_stays_when_it_is_away(
    admin, draft, scanner_adapter
):
    scanner = scanners.create(actor=admin, namespace=None, name="clair", draft=draft)
    scanners.check(actor=admin, scanner=scanner)
    scanner_adapter.instead["metadata"] = script.saying(401)
    checked = scanners.check(actor=admin, scanner=scanner)
    assert checked.metadata["name"] == "Probe"
    assert checked.check_error == (
        "The scanner “clair” did not accept the user name, password or token."
    )


def test_why_an_address_is_not_reached_only_administrators_scanners_tell(
    admin, dana, draft, scanner_adapter
):
    own = namespace("dev")
    ours = scanners.create(actor=admin, namespace=None, name="clair", draft=draft)
    theirs = scanners.create(actor=SYSTEM, namespace=own, name="clair", draft=draft)
    scanner_adapter.server.shutdown()
    scanner_adapter.server.server_close()
    error = scanners.check(actor=admin, scanner=ours).check_error
    assert error == "The connection failed."
    error = scanners.check(actor=Actor(dana), scanner=theirs).check_error
    assert error == "No proper answer came from this address."
