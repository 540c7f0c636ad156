"""That a trial changes nothing, and could not."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from accounts.access import SYSTEM
from accounts.models import Namespace
from promotions.services import trial
from promotions.services.trial.read_only import WouldWrite, only_reading
from repositories.models import Repository
from tests.factories import (
    make_index,
    make_scan,
    make_tag,
    make_user,
)
from tests.promotions.unsaved import draft, dry

pytestmark = pytest.mark.django_db

NO_CRITICAL = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}


def rows_of_everything() -> dict[str, list[Any]]:
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
    }


def test_a_trial_changes_no_row(source, target):
    Namespace.objects.filter(name="qa").update(create_on_push=True)
    image = make_index(repository=source, platforms=("linux/amd64",))
    make_tag(repository=source, name="1.0", manifest=image)
    make_scan(manifest=make_tag(repository=source, name="2.0").manifest)
    before = rows_of_everything()
    for name in ("qa/website", "qa/fresh"):
        assert dry(source, name, rules=[NO_CRITICAL])
        assert dry(source, name, on_conflict="keep_both")
        version = draft(source, name, tag_template="%Y%m%d")
        assert trial.replay(actor=SYSTEM, version=version, days=3).rows
    assert rows_of_everything() == before


def test_nothing_can_be_written_during_a_trial(source):
    with only_reading():
        assert Repository.objects.get(pk=source.pk) == source
        with transaction.atomic():
            assert Repository.objects.exists()
        for write in (
            lambda: Repository.objects.update(name="other"),
            lambda: Repository.objects.all().delete(),
            make_user,
            lambda: connection.cursor().execute("DROP TABLE repositories_tag"),
        ):
            with pytest.raises(WouldWrite, match="write"), transaction.atomic():
                write()
    source.refresh_from_db()
    assert source.name == "website"
    Repository.objects.filter(pk=source.pk).update(short_description="may write again")


def test_a_bug_in_what_is_tried_cannot_write(source, target, monkeypatch):
    make_tag(repository=source, name="1.0")

    def buggy(*_args: Any) -> None:
        Repository.objects.update(name="other")

    monkeypatch.setattr("promotions.services.trial.rehearsal.refuse_publishing", buggy)
    with pytest.raises(WouldWrite):
        dry(source)
