"""Trying a policy by the API, and the preview of its template."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from promotions.models import Evaluation, PolicyVersion, Promotion
from tests.api import factories

TEST = "/api/v0/repositories/dev/website/promotionPolicies/test"
PREVIEW = "/api/v0/repositories/dev/website/promotionPolicies/preview"


def body(**values: Any) -> dict[str, Any]:
    return {
        "enabled": True,
        "rules": [factories.STABLE],
        "targetRepository": "qa/website",
        "tagTemplate": "%n",
        **values,
    }


def test_a_dry_run_tells_what_becomes_of_each_tag(world):
    newest = factories.push(world.website, "1-beta")
    row = factories.push(world.website, "1-stable")
    before = factories.push(world.target, "1-stable")
    shown = world.client("ada").post(TEST, body()).json()
    assert [one["name"] for one in shown] == ["1-stable", "1-beta"]
    stable, beta = shown
    assert stable["digest"] == row.manifest.digest
    assert (stable["verdict"], stable["effect"]) == ("matched", "overwrites")
    assert stable["targetRepository"] == "qa/website"
    assert stable["targetTag"] == "1-stable"
    assert stable["overwrites"] == before.manifest.digest
    assert stable["outcomes"][0]["result"] == "holds"
    assert stable["id"] == str(row.current_move.uuid)
    assert (beta["verdict"], beta["effect"]) == ("not_matched", "stays")
    assert "does not end with" in beta["outcomes"][0]["sentence"]
    assert beta["digest"] == newest.manifest.digest


def test_nothing_is_saved_by_it(world):
    factories.push(world.website, "1-stable")
    assert world.client("ada").post(TEST, body()).status_code == 200
    for model in (PolicyVersion, Evaluation, Promotion):
        assert not model.objects.exists()


def test_why_a_tag_is_skipped_or_waits(world):
    image = factories.push(world.website, "1-stable").manifest
    factories.push(world.target, "1-stable", image)
    client = world.client("ada")
    (skipped,) = client.post(TEST, body()).json()
    assert (skipped["effect"], skipped["errorCode"]) == ("skipped", "ALREADY_THERE")
    assert "has this image already" in skipped["reason"]
    rule = {"field": "vulnerability_critical", "operator": "lte", "values": ["0"]}
    (waiting,) = client.post(TEST, body(rules=[rule])).json()
    assert waiting["effect"] == "waits"
    assert "no scan of" in waiting["waitsFor"][0]


def test_with_days_the_pushes_of_that_time_are_replayed(world):
    long_ago, yesterday = (timezone.now() - timedelta(days=days) for days in (9, 1))
    for at in (long_ago, yesterday):
        with time_machine.travel(at, tick=False):
            image = factories.manifest(world.website, f"{at}")
            factories.push(world.website, "1-stable", image)
    factories.push(world.website, "2-stable")
    client = world.client("ada")
    template = {"tagTemplate": "%Y-%m-%d"}
    shown = client.post(f"{TEST}?days=7", body(**template)).json()
    assert [one["name"] for one in shown] == ["2-stable", "1-stable"]
    assert shown[1]["targetTag"] == f"{yesterday:%Y-%m-%d}"
    assert len(client.post(f"{TEST}?days=90", body(**template)).json()) == 3


@pytest.mark.parametrize("days", ["0", "91", "x"])
def test_days_are_1_to_90(world, days):
    response = world.client("ada").post(f"{TEST}?days={days}", body())
    assert response.status_code == 400
    assert "days" in response.json()["errors"][0]["detail"]


def test_pages_follow_each_other(world):
    for number in range(5):
        factories.push(world.website, f"{number}-stable")
    client, start, found = world.client("ada"), "", []
    for _ in range(3):
        page = client.post(f"{TEST}?pageSize=2&count=true{start}", body())
        assert page["X-Resource-Count"] == "5"
        found += [one["name"] for one in page.json()]
        start = f"&pageStart={page.get('X-Next-Page-Start')}"
    assert found == [f"{number}-stable" for number in (4, 3, 2, 1, 0)]
    assert start == "&pageStart=None"
    unknown = f"{TEST}?pageStart={world.website.uuid}"
    assert client.post(unknown, body()).status_code == 400


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tagTemplate": "%!"}, "There is no code"),
        ({"tagTemplate": "%{1}"}, "names a group"),
        ({"zone": "Mars"}, "no time zone"),
        ({"targetRepository": "nothing"}, "lacks a slash"),
        (
            {"rules": [{"field": "tag", "operator": "gte", "values": ["1"]}]},
            "does not fit the field tag",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(world, change, said):
    response = world.client("ada").post(TEST, body(**change))
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["code"] == "INVALID_PROMOTION_POLICY"
    assert said in error["message"]


def test_a_reader_of_the_source_may_not_try(world):
    for path, sent in ((TEST, body()), (PREVIEW, {"tagTemplate": "%n"})):
        response = world.client("drew").post(path, sent)
        assert response.status_code == 403
        assert response.json()["errors"][0]["code"] == "NOT_AUTHORIZED"


def test_the_target_shows_nothing_to_who_may_not_pull_it(world):
    image = factories.push(world.website, "1-stable").manifest
    factories.push(world.target, "1-stable", image)
    world.target.immutable_tags = ["*"]
    world.target.save()
    client = world.client("olga")
    shown = client.post(TEST, body()).content.decode()
    for name in ("qa/nothing", "nobody/nothing"):
        absent = client.post(TEST, body(targetRepository=name)).content.decode()
        times = [one.split('"decidedAt"')[0] for one in (absent, shown)]
        assert times[0] == times[1]
        rest = [one.split('"verdict"')[1] for one in (absent, shown)]
        assert rest[0].replace(name, "qa/website") == rest[1]
    assert "not shown to you" in shown


@pytest.mark.parametrize(
    ("sent", "tag", "codes"),
    [
        ({"tagTemplate": "qa-%n"}, "qa-1.4-stable", ["%n"]),
        ({"tagTemplate": "%n", "tag": "2.0"}, "2.0", ["%n"]),
        (
            {
                "tagTemplate": "v%{1}",
                "rules": [
                    {"field": "tag", "operator": "matches", "values": [r"^(\d+)"]}
                ],
            },
            "v1",
            ["%{1}"],
        ),
        ({"tagTemplate": "%Y", "zone": "Asia/Tokyo"}, "2027", ["%Y"]),
    ],
)
def test_a_preview_shows_the_tag_that_is_made(world, sent, tag, codes):
    with time_machine.travel("2026-12-31T20:00:00+00:00", tick=False):
        shown = world.client("olga").post(PREVIEW, sent).json()
    assert shown["tag"] == tag
    assert shown["at"] == "2026-12-31T20:00:00Z"
    assert [one["code"] for one in shown["codes"]] == codes
    assert all(one["meaning"] for one in shown["codes"])


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"tagTemplate": "%{1}"}, "capture 0"),
        ({"tagTemplate": "a b"}, "No tag contains"),
        ({"tagTemplate": "%Z", "zone": "Mars"}, "no time zone"),
        ({"tagTemplate": "a%n", "tag": "x" * 128}, "which is no tag"),
        ({"tagTemplate": "%n", "rules": [{"field": "no"}]}, "rule"),
    ],
)
def test_a_preview_says_why_there_is_no_tag(world, sent, said):
    response = world.client("olga").post(PREVIEW, sent)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["code"] == "INVALID_PROMOTION_POLICY"
    assert said in error["message"]
