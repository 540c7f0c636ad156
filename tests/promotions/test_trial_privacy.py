"""What a trial does not tell to who may not pull the target, or a source."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.access import SYSTEM, AccessLevel, Actor
from promotions.models import PolicyVersion
from promotions.services import trial
from promotions.services.trial import Effect
from repositories.models import Repository
from repositories.services import exceptions
from tests.factories import (
    grant,
    make_repository,
    make_scan,
    make_tag,
    make_user,
    tag_rule,
)
from tests.promotions.unsaved import draft, unsaved_version

pytestmark = pytest.mark.django_db

NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}


@pytest.fixture
def reader(source) -> Actor:
    """An admin of the source who knows nothing of qa."""
    user = make_user()
    grant(to=user, on=source, level=AccessLevel.ADMIN)
    return Actor(user)


def shown_to(actor: Actor, version: PolicyVersion) -> list[tuple[object, ...]]:
    trials = trial.dry_run(actor=actor, version=version)
    return [
        (row.result, row.effect, row.target_tag, row.overwrites, row.code, row.sentence)
        for row in trials.rows
    ]


@pytest.mark.parametrize("on_conflict", PolicyVersion.OnConflict.values)
@pytest.mark.parametrize("template", ["%n", "%Y", "{}"])
def test_a_hidden_target_looks_like_none(source, target, reader, on_conflict, template):
    make_tag(repository=source, name="1.0")
    image = make_tag(repository=source, name="2.0").manifest
    make_tag(repository=target, name="2.0", manifest=image)
    make_tag(repository=target, name=f"{timezone.now():%Y}")
    Repository.objects.filter(pk=target.pk).update(immutable_tags=["*"])
    names = ["qa/website", "qa/fresh", "no/fresh"]
    if template == "{}":
        template, names = "%n", ["qa/{repository}", "no/{repository}"]
    rules = [tag_rule("sw", "2")]
    values = {"on_conflict": on_conflict, "rules": rules, "tag_template": template}
    told = [shown_to(reader, draft(source, name, **values)) for name in names]
    assert all(one == told[0] for one in told)
    assert "not shown to you" in str(told[0])


def test_whose_exceptions_count_does_not_tell_of_a_hidden_target(
    source, target, reader
):
    image = make_tag(repository=source, name="1.0").manifest
    make_scan(manifest=image, vulnerabilities={"CVE-2026-1": 9.8})
    exceptions.hide(
        actor=reader, scope=source, vulnerability="CVE-2026-1", reason="not reachable"
    )
    values: dict[str, Any] = {"rules": [NO_CRITICAL], "exceptions_of": "target"}
    hidden, absent = (
        shown_to(reader, draft(source, name, **values))
        for name in ("qa/website", "qa/fresh")
    )
    assert hidden == absent
    assert [row[1] for row in shown_to(SYSTEM, draft(source, **values))] == [
        Effect.STAYS
    ]


def test_of_a_pattern_only_what_one_may_pull_is_tried(source, target, reader):
    other = make_repository(name="dev/other")
    elsewhere = make_repository(name="devel.op/website")
    for repository in (source, other, elsewhere):
        make_tag(repository=repository, name="1.0")
    version = unsaved_version(
        source_pattern="dev*/*", target="qa/{repository}", tag_template="%n"
    )
    seen = {
        actor: {
            row.repository for row in trial.dry_run(actor=actor, version=version).rows
        }
        for actor in (reader, SYSTEM)
    }
    assert seen[reader] == {"dev/website"}
    assert seen[SYSTEM] == {"dev/website", "dev/other", "devel.op/website"}
    version.source_pattern = "dev/*"
    among = Repository.objects.filter(name="website")
    for given, names in (
        (None, {"dev/website", "dev/other"}),
        (among, {"dev/website"}),
    ):
        trials = trial.dry_run(actor=SYSTEM, version=version, repositories=given)
        assert {row.repository for row in trials.rows} == names
