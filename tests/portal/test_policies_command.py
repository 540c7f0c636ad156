"""`manage.py policies`."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from promotions.services.policy_files import file_schema
from tests.factories import make_policy, make_repository, make_user

if TYPE_CHECKING:
    from promotions.models import PromotionPolicy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sent: list[int] = []
    monkeypatch.setattr(
        "msr.management.commands.policies.wake", lambda _task, key: sent.append(key)
    )
    return sent


@pytest.fixture
def policy() -> PromotionPolicy:
    make_user(name="root", is_superuser=True)
    source, target = make_repository(name="dev/a"), make_repository(name="qa/a")
    return make_policy(source=source, target=target)


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("policies", *map(str, arguments), stdout=out)
    return out.getvalue()


def fingerprint(told: str) -> str:
    return told.strip().rpartition("Fingerprint: ")[2]


def test_from_the_export_over_the_plan_to_the_apply(policy, tmp_path, woken):
    file = tmp_path / "policies.yaml"
    run("export", file)
    assert run("export") == file.read_text()
    assert file.read_text().startswith("# yaml-language-server: $schema=http")
    changed = file.read_text().replace('tagTemplate: "%n"', 'tagTemplate: "%n-x"')
    file.write_text(changed)
    told = run("plan", file)
    assert "~ update    dev: a-to-qa-a  (dev/a → qa/a)" in told
    assert "        + %n-x" in told
    assert "Applied." in run("apply", file, "--plan", fingerprint(told))
    policy.refresh_from_db()
    assert policy.shown_version.tag_template == "%n-x"
    assert woken == [policy.pk]
    with pytest.raises(CommandError, match="The plan does not hold"):
        run("apply", file, "--plan", fingerprint(told))


def test_a_plan_for_programs_is_json_and_its_failure_an_exit_code(policy, tmp_path):
    file = tmp_path / "policies.yaml"
    run("export", file)
    assert json.loads(run("plan", file, "--json"))["applicable"]
    test = '    tests: [{given: {tag: "1"}, expect: waiting}]\n'
    file.write_text(file.read_text() + test)
    with pytest.raises(SystemExit) as failed:
        run("plan", file)
    assert failed.value.code == 1


def test_it_acts_in_the_rights_of_one_person(policy, tmp_path):
    file = tmp_path / "policies.yaml"
    run("export", file, "--namespace", "dev")
    stranger = make_user(name="eve")
    with pytest.raises(CommandError, match="No namespace with this name"):
        run("plan", file, "--as", stranger.username)
    with pytest.raises(CommandError, match="no active user mallory"):
        run("plan", file, "--as", "mallory")
    make_user(name="second", is_superuser=True)
    with pytest.raises(CommandError, match="Say with --as"):
        run("plan", file)


def test_what_cannot_be_read_is_said(policy, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        run("plan", tmp_path / "none.yaml")
    (tmp_path / "wrong.yaml").write_text("a: *b")
    with pytest.raises(CommandError, match="Line 1, column 4"):
        run("plan", tmp_path / "wrong.yaml")


def test_what_a_file_says_steers_no_terminal_where_it_is_refused(policy, tmp_path):
    file = tmp_path / "policies.yaml"
    text = run("export").replace("enabled: true", 'enabled: true\n    zone: "\\e[2J"')
    file.write_text(text, encoding="utf-8")
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("policies", "plan", str(file), stdout=out)
    with pytest.raises(CommandError) as refused:
        run("apply", file, "--plan", fingerprint(out.getvalue()))
    assert "[2J" in str(refused.value)
    assert "\x1b" not in str(refused.value) + out.getvalue()


def test_the_schema_is_printed():
    assert json.loads(run("schema")) == file_schema()
