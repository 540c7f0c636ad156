"""Taking another registry over: once, whole, and nothing that it may not."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import (
    AuditEvent,
    Namespace,
    Organization,
    OrganizationMembership,
    TeamMembership,
    User,
)
from promotions.models import (
    Evaluation,
    Import,
    ImportedObject,
    PromotionPolicy,
    Standing,
)
from promotions.services import policies
from promotions.services.importing.ledger import Became, Kind, Ledger, State, Thing
from repositories.models import Repository, VulnerabilityException
from repositories.services import repositories
from tests.factories import (
    make_manifest,
    make_organization,
    make_repository,
    make_scan,
    make_tag,
    make_user,
)
from tests.importing.fake_msr import LAYER, POLICIES, SECRET, policy, rule

if TYPE_CHECKING:
    from repositories.models import Manifest

pytestmark = pytest.mark.django_db


def state_of(key: str) -> str:
    return ImportedObject.objects.get(key=key).state


def reason_of(key: str) -> str:
    return ImportedObject.objects.get(key=key).reason


def policy_of(key: str) -> PromotionPolicy:
    row = ImportedObject.objects.get(kind="policy", key=key)
    assert row.local_uuid is not None
    return PromotionPolicy.objects.kept().get(uuid=row.local_uuid)


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of the domain, without keys and times of their own."""
    volatile = {"id", "uuid", "created_at", "password", "decided_at", "finished_at"}
    return {
        model._meta.label: [
            {key: value for key, value in row.items() if key not in volatile}
            for row in model._default_manager.order_by("pk").values()
        ]
        for app in ("accounts", "repositories", "promotions")
        for model in apps.get_app_config(app).get_models()
    }


def scanned(name: str = "seen", **found: Any) -> Manifest:
    """An image of another tenant in which a scan found something."""
    image = make_manifest(repository=make_repository(name=f"others/{name}"))
    make_scan(manifest=image, **found)
    return image


def test_people_teams_and_what_they_may(import_msr) -> None:
    import_msr()

    dev = Organization.objects.get(namespace__name="dev")
    members = dev.memberships.values_list("user__username", "is_owner")
    assert set(members) == {("dana", False), ("olga", True)}
    assert dev.primary_owner.username == "olga"
    in_teams = TeamMembership.objects.values_list("team__name", "user__username")
    assert set(in_teams) == {
        ("writers", "dana"),
        ("readers", "olga"),
        ("testers", "quentin"),
    }
    writers = dev.teams.get(name="writers")
    (whole,) = dev.namespace.group_grants.filter(group=writers.group)
    assert whole.level == "read_write"
    website = Repository.objects.named("dev/website").get()
    (single,) = website.group_grants.all()
    assert (single.group.team.name, single.level) == ("readers", "read_only")


def test_who_is_made_can_neither_sign_in_nor_administer(import_msr) -> None:
    said = import_msr()
    quentin = User.objects.get(username="quentin")
    assert not quentin.has_usable_password()
    assert not quentin.is_superuser
    assert "Administers the registry there, and not here." in said
    assert not User.objects.filter(username="idle").exists()
    assert "May not sign in there any more." in said


def test_nobody_is_made_where_that_is_not_wanted(import_msr) -> None:
    make_user(name="dana")
    import_msr("--existing-users-only")
    names = set(User.objects.values_list("username", flat=True))
    assert names == {"root", "dana", "msr-import"}
    assert state_of("olga") == "refused"
    assert reason_of("dev/olga") == "The person olga was not taken over."
    assert OrganizationMembership.objects.filter(user__username="dana").exists()


def test_nobody_else_is_called_as_who_copies_images(import_msr, msr) -> None:
    """What that user pushes asks no policy, and an import lets it push everywhere."""
    msr.members["dev"] = [
        *msr.members["dev"],
        {"member": {"name": "msr-import", "id": "u-9"}, "isAdmin": True},
    ]
    import_msr()
    assert "is the name of whoever copies images" in reason_of("msr-import")
    assert User.objects.get(username="msr-import").namespace is None
    assert not OrganizationMembership.objects.filter(
        user__username="msr-import"
    ).exists()


def test_repositories_come_with_their_settings(import_msr) -> None:
    import_msr()
    website = Repository.objects.named("dev/website").get()
    assert website.immutable_tags == ["*"]
    assert (website.tag_limit, website.scan_on_push) == (5, True)
    app = Repository.objects.named("dev/app").get()
    assert (app.visibility, app.long_description) == ("public", "# App")
    assert Repository.objects.named("paul/tool").get().namespace.is_personal


def test_policies_come_verbatim_switched_off_and_agreed_to_by_nobody(
    import_msr,
) -> None:
    import_msr()
    for original in (POLICIES[0], POLICIES[2]):
        found = policy_of(str(original["id"]))
        version = found.shown_version
        assert version.rules == original["rules"]
        assert version.source == original["sourceRepository"]
        assert version.target == original["targetRepository"]
        assert version.tag_template == original["tagTemplate"]
        assert version.unscored == "ignore"
        assert (found.enabled, found.standing) == (False, Standing.PROPOSED)
        assert not version.consents.exists()
    assert ImportedObject.objects.get(key="p-stable").original["enabled"] is True


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("p-field", "vulnerability_kev"),
        ("p-operator", "resembles"),
        ("p-value", "few"),
        ("p-none", "no list of rules"),
        ("p-astray", "Its target elsewhere/app was not taken over."),
    ],
)
def test_what_is_not_understood_is_kept_and_is_no_policy(
    import_msr, key: str, said: str
) -> None:
    told = import_msr()
    row = ImportedObject.objects.get(key=key)
    assert (row.state, row.local_uuid) == ("refused", None)
    assert said in row.reason
    assert row.reason in told
    assert row.original == next(one for one in POLICIES if one["id"] == key)


def test_names_are_those_that_scans_here_know(import_msr) -> None:
    scanned(components={"openssl": "Apache-2.0"})
    import_msr()
    found = policy_of("p-old").shown_version.rules
    assert found[0] == rule("component.name", "oo", "openssl")
    assert found[1]["values"] == ["GPL-3.0-only"]
    assert "“debian/OpenSSL” is called “openssl” here" in reason_of("p-old")


def test_an_exclusion_of_an_unknown_name_is_held_until_a_scan_knows_it(
    import_msr,
) -> None:
    scanned(components={"openssl": "Apache-2.0"})
    import_msr()
    held = policy_of("p-noo")
    assert state_of("p-noo") == "held"
    assert "“opensssl”; names like it are “openssl”" in reason_of("p-noo")
    assert held.shown_version.rules[1]["values"] == ["opensssl"]

    scanned("later", components={"OpenSSSL": "MIT"})
    import_msr()
    assert state_of("p-noo") == "done"
    assert policy_of("p-noo").shown_version.rules[1]["values"] == ["OpenSSSL"]
    held.refresh_from_db()
    assert held.deleted_at is not None


def test_a_held_policy_that_changed_there_is_made_anew(import_msr, msr) -> None:
    import_msr()
    held = policy_of("p-noo")
    import_msr()
    assert policy_of("p-noo") == held
    changed = [
        {**one, "tagTemplate": "%n-two"} if one["id"] == "p-noo" else one
        for one in msr.policies
    ]
    msr.policies = changed
    import_msr()
    assert policy_of("p-noo").shown_version.tag_template == "%n-two"


def test_what_people_changed_of_a_held_policy_stays(import_msr, root) -> None:
    import_msr()
    held = policy_of("p-noo")
    changes = {"rules": [rule("tag", "eq", "mine")]}
    policies.update(actor=root, policy=held, changes=changes)
    import_msr()
    assert policy_of("p-noo").shown_version.rules == changes["rules"]


def test_hidden_vulnerabilities_are_of_images_and_expire(import_msr) -> None:
    import_msr()
    assert state_of("o-1") == "refused"

    website = Repository.objects.named("dev/website").get()
    image = make_manifest(repository=website)
    image.layers.update(digest=LAYER)
    foreign = make_repository(name="others/app")
    make_tag(repository=foreign, manifest=image)
    import_msr()
    import_msr()

    (found,) = VulnerabilityException.objects.all()
    assert (found.repository, found.digest) == (website, image.digest)
    assert (found.vulnerability, found.component_name) == ("CVE-2026-1", "openssl")
    assert found.author.username == "root"
    assert "not reachable" in found.reason
    assert found.expires_at is not None
    left = found.expires_at - timezone.now()
    assert timedelta(days=89) < left <= timedelta(days=90)
    assert (state_of("o-1"), state_of("o-2")) == ("done", "refused")


def test_what_is_never_taken_over_is_said(import_msr) -> None:
    said = import_msr()
    assert "not taken over: images." in said
    assert "not taken over: signatures." in said


def test_nothing_is_evaluated(import_msr) -> None:
    import_msr()
    assert not Evaluation.objects.exists()
    assert not PromotionPolicy.objects.live().exists()


# --- Again, and after a crash ---------------------------------------------------------


def test_a_second_run_changes_nothing(import_msr) -> None:
    import_msr()
    before = everything()
    assert "0 objects were taken over by this run" in import_msr()
    after = everything()
    assert before == after


@pytest.mark.parametrize("number", [1, 4, 9, 17, 24])
def test_a_run_that_broke_off_ends_as_one_that_did_not(
    import_msr, msr, number: int
) -> None:
    msr.fails_at = number
    with pytest.raises(CommandError, match="answers 500"):
        import_msr()
    msr.fails_at = 0
    import_msr()
    assert Repository.objects.count() == 5
    assert PromotionPolicy.objects.count() == 4
    assert Organization.objects.count() == 2


@pytest.mark.parametrize("number", [1, 3])
def test_a_crash_in_the_middle_of_writing_is_gone_on_from(
    import_msr, monkeypatch, number: int
) -> None:
    made = 0
    create = repositories.create

    def create_some(**values: Any) -> Any:
        nonlocal made
        made += 1
        if made == number:
            raise KeyboardInterrupt
        return create(**values)

    with monkeypatch.context() as patch:
        patch.setattr(repositories, "create", create_some)
        with pytest.raises(KeyboardInterrupt):
            import_msr()
    assert Repository.objects.count() == number - 1
    import_msr()
    assert Repository.objects.count() == 5
    assert PromotionPolicy.objects.count() == 4
    made_events = AuditEvent.objects.filter(action="create")
    names = list(made_events.values_list("object_type", "object_uuid"))
    assert len(names) == len(set(names))


def test_two_runs_at_once_take_nothing_over_twice(root) -> None:
    """Both have read what was done before; the second comes to it later."""
    source = Import.objects.create(source_url="https://msr", started_by=root.user)
    first, second = (Ledger.of(root, source) for _ in range(2))
    thing = Thing(Kind.ORGANIZATION, "dev", "dev")
    done: list[str] = []

    def work(_before: ImportedObject | None) -> Became:
        done.append("once")
        return Became(State.DONE)

    first.take_over(thing, work)
    assert second.take_over(thing, work).state == State.DONE
    assert done == ["once"]
    assert (first.taken_now, second.taken_now) == (1, 0)


def test_what_was_deleted_here_does_not_come_back(import_msr, root) -> None:
    import_msr()
    policies.delete(actor=root, policy=policy_of("p-stable"))
    import_msr()
    assert PromotionPolicy.objects.kept().count() == 3


def test_what_changed_there_since_is_said_and_left(import_msr, msr) -> None:
    import_msr()
    msr.repositories[0] = {**msr.repositories[0], "tagLimit": 9, "pulls": 1000}
    msr.repositories[2] = {**msr.repositories[2], "pulls": 1000}
    said = import_msr()
    changed = [line for line in said.splitlines() if line.startswith("changed there")]
    assert len(changed) == 1
    assert changed[0].endswith("repository dev/website")
    assert Repository.objects.named("dev/website").get().tag_limit == 5


def test_a_dry_run_says_all_and_writes_nothing(import_msr) -> None:
    before = everything()
    said = import_msr("--dry-run")
    assert everything() == before
    assert "Nothing was written." in said
    real = import_msr()
    lines = set(real.splitlines()[:-1])
    assert lines <= set(said.splitlines())


def test_the_report_is_a_file(import_msr, tmp_path) -> None:
    file = tmp_path / "report.json"
    import_msr("--report", str(file))
    found = json.loads(file.read_text())
    rows = {row["key"]: row for row in found["objects"]}
    assert rows["p-field"]["original"]["rules"][1]["field"] == "vulnerability_kev"
    assert found["counts"]["promotion policy"]["refused"] == 5
    assert SECRET not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="cannot be written"):
        import_msr("--report", str(tmp_path / "nowhere" / "report.json"))


# --- What it may not ------------------------------------------------------------------


def test_a_tenant_that_was_here_before_is_left_alone(import_msr) -> None:
    """Else a foreign registry could make its people owners of it."""
    owner = make_user(name="quentina")
    qa = make_organization(name="qa", owner=owner)
    said = import_msr()
    assert [one.user for one in qa.memberships.all()] == [owner]
    assert not qa.teams.exists()
    assert not qa.namespace.repositories.exists()
    assert not qa.namespace.user_grants.exists()
    assert "Name it with --merge qa to add to it." in said
    assert reason_of("p-stable") == "Its target qa/website was not taken over."


def test_a_tenant_that_is_named_is_added_to(import_msr) -> None:
    owner = make_user(name="quentina")
    qa = make_organization(name="qa", owner=owner)
    website = make_repository(name="qa/website", tag_limit=3)
    import_msr("--merge", "qa")
    assert qa.memberships.filter(user__username="quentin", is_owner=True).exists()
    website.refresh_from_db()
    assert website.tag_limit == 3
    assert state_of("qa/website") == "skipped"
    assert policy_of("p-stable").shown_version.target == "qa/website"


def test_a_persons_repositories_are_left_alone_too(import_msr) -> None:
    paul = make_user(name="paul")
    import_msr()
    assert paul.namespace is not None
    assert not paul.namespace.repositories.exists()


def test_names_that_are_none_are_refused_and_the_rest_goes_on(import_msr, msr) -> None:
    msr.repositories.append({**msr.repositories[0], "name": "Bad Name"})
    msr.repositories.append({**msr.repositories[0], "name": "tags"})
    msr.accounts.append({"name": "<script>", "isOrg": True})
    import_msr()
    assert state_of("dev/Bad Name") == "refused"
    assert state_of("dev/tags") == "refused"
    assert state_of("<script>") == "refused"
    assert Repository.objects.count() == 5


def test_names_do_not_move_the_terminal(import_msr, msr) -> None:
    msr.accounts.append({"name": "\x1b[2Jgone\x9b1m", "isOrg": True})
    said = import_msr()
    assert "\x1b" not in said
    assert "\x9b" not in said
    assert "[2Jgone" in said


def test_a_policy_onto_itself_is_not_made(import_msr, msr) -> None:
    msr.policies = [policy("p-self", "dev/app", "dev/app", rule("tag", "eq", "1"))]
    import_msr()
    assert state_of("p-self") == "refused"
    assert not PromotionPolicy.objects.exists()


def test_a_loop_is_taken_over_and_not_switched_on(import_msr, msr) -> None:
    msr.policies = [
        policy("p-there", "dev/app", "qa/app", rule("tag", "eq", "1")),
        policy("p-back", "qa/app", "dev/app", rule("tag", "eq", "1")),
    ]
    import_msr()
    import_msr(phase="switch-on", namespace=["dev", "qa"])
    running = PromotionPolicy.objects.live().filter(enabled=True)
    assert [str(one.current_version) for one in running] == ["dev/app → qa/app"]


def test_who_imports_must_administer_and_be_named_among_several(import_msr) -> None:
    make_user(name="second", is_superuser=True)
    with pytest.raises(CommandError, match="--as NAME"):
        import_msr()
    make_user(name="mere")
    with pytest.raises(CommandError, match="--as NAME"):
        import_msr(administrator="mere")
    import_msr(administrator="second")
    assert Import.objects.get().started_by.username == "second"
    assert Namespace.objects.filter(name="dev").exists()
