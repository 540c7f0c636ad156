"""MSR's jobs: promotions, scans and work on the registry, in one list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.access import Actor
from promotions.models import Promotion
from promotions.models.promotion import State
from repositories.models import Registry, RegistryJob, Scan, WebhookDelivery
from repositories.services import reconcile as walk
from repositories.services import registry_jobs
from repositories.services.reconcile import BrakeEngaged
from repositories.services.scans import everything
from tests.api import factories
from tests.api.limited import token
from tests.api.swagger import assert_is
from tests.factories import make_delivery, make_scan

JOBS = "/api/v0/jobs"


def jobs(client, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(JOBS, query)
    assert answer.status_code == 200, answer.content
    assert_is("tmpresponses.Jobs", answer.json())
    found: list[dict[str, Any]] = answer.json()["jobs"]
    return found


def logs(client, uuid, **query: Any) -> list[str]:
    answer = client.get(f"{JOBS}/{uuid}/logs", query)
    assert answer.status_code == 200, answer.content
    for line in answer.json():
        assert_is("tmpresponses.JobLog", line)
    return [line["data"] for line in answer.json()]


def set_to(job: Promotion, state: State, **values: Any) -> None:
    now = timezone.now()
    ended = {"finished_at": now} if state.is_final else {}
    Promotion.objects.filter(pk=job.pk).update(state=state, **ended, **values)


@pytest.fixture
def promotion(world) -> Promotion:
    tag = factories.push(world.website, "v1", by="dana")
    return factories.promotion(tag, world.target, "out", world.people.ada)


@pytest.fixture
def scan(world) -> Scan:
    tag = factories.push(world.website, "scanned")
    made = make_scan(manifest=tag.manifest)
    Scan.objects.filter(pk=made.pk).update(repository=world.website)
    return made


def test_promotions_scans_and_walks_are_in_one_list_the_newest_first(
    world, promotion, scan
):
    job = everything.request_all(actor=Actor(world.people.root))
    found = jobs(world.client("root"))
    assert [one["id"] for one in found] == [
        str(one.uuid) for one in (job, scan, promotion)
    ]
    assert [(one["action"], one["status"]) for one in found] == [
        ("scan_check_all", "waiting"),
        ("scan_check_single", "done"),
        ("promotion", "waiting"),
    ]


def test_pages_are_counted(world, promotion, scan):
    client = world.client("root")
    all_of_them = [one["id"] for one in jobs(client)]
    first = client.get(JOBS, {"limit": 1})
    assert [one["id"] for one in first.json()["jobs"]] == all_of_them[:1]
    following = client.get(JOBS, {"limit": 1, "start": first["X-Next-Page-Start"]})
    assert [one["id"] for one in following.json()["jobs"]] == all_of_them[1:]
    assert "X-Next-Page-Start" not in following


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"action": "promotion"}, 1),
        ({"action": "scan_check_single"}, 1),
        ({"action": "gc"}, 0),
        ({"action": "any", "worker": "any", "running": "any"}, 2),
        ({"running": "true"}, 0),
        ({"worker": "celery@host"}, 0),
    ],
)
def test_filters(world, promotion, scan, query, expected):
    assert len(jobs(world.client("root"), **query)) == expected


def test_only_what_runs(world, promotion, scan):
    set_to(
        promotion,
        State.RUNNING,
        started_at=timezone.now(),
        lease_token=promotion.uuid,
    )
    (found,) = jobs(world.client("root"), running="true")
    assert found["status"] == "running"


@pytest.mark.parametrize(
    "query", [{"start": -1}, {"start": 10_001}, {"limit": 0}, {"limit": "x"}]
)
def test_what_cannot_be_read_is_refused(world, query):
    assert world.client("root").get(JOBS, query).status_code == 400


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.WAITING, "waiting"),
        (State.SUCCEEDED, "done"),
        (State.FAILED, "errored"),
        (State.SKIPPED, "canceled"),
        (State.CANCELLED, "canceled"),
    ],
)
def test_states_in_the_words_of_msr(world, promotion, state, status):
    set_to(promotion, state, error_code="X")
    answer = world.client("root").get(f"{JOBS}/{promotion.uuid}")
    assert_is("tmpresponses.Job", answer.json())
    assert answer.json()["status"] == status


def test_admins_see_the_jobs_of_their_repositories(world, promotion, scan):
    assert len(jobs(world.client("olga"))) == 2
    assert [one["action"] for one in jobs(world.client("quentin"))] == ["promotion"]
    for who in ("dana", "quinn", "eve"):
        assert jobs(world.client(who)) == []
        assert world.client(who).get(f"{JOBS}/{promotion.uuid}").status_code == 404
    assert world.client().get(JOBS).status_code == 401


def test_the_end_that_an_admin_may_not_pull_is_not_named(world, promotion):
    set_to(
        promotion,
        State.FAILED,
        error_code="REGISTRY",
        reason="dev/website:v1 could not be copied to qa/website:out",
        failures=[
            {
                "attempt": 1,
                "at": timezone.now().isoformat(),
                "code": "REGISTRY",
                "reason": "qa/website refused dev/website",
            }
        ],
    )
    for who, hidden in (("olga", "qa/website"), ("quentin", "dev/website")):
        client = world.client(who)
        told = str(jobs(client)) + "".join(logs(client, promotion.uuid))
        assert hidden not in told
        assert "ada" not in told
        assert "REGISTRY" in told
    told = "".join(logs(world.client("ada"), promotion.uuid))
    assert "from dev/website:v1 to qa/website by ada" in told
    assert "attempt 1 failed: REGISTRY qa/website refused dev/website" in told


def test_a_part_of_the_lines(world, promotion):
    set_to(promotion, State.SUCCEEDED, started_at=timezone.now(), attempts=1)
    client = world.client("root")
    lines = logs(client, promotion.uuid)
    assert [line.split(" ", 1)[1].split()[0] for line in lines] == [
        "wanted",
        "attempt",
        "succeeded",
    ]
    answer = client.get(f"{JOBS}/{promotion.uuid}/logs", {"offset": 1, "limit": 1})
    assert answer.json() == [{"data": lines[1], "lineNum": 1}]
    assert logs(client, promotion.uuid, stream="true", offset=9) == []


def test_scans_tell_what_they_found(world, scan):
    lines = logs(world.client("olga"), scan.uuid)
    assert "components" in lines[-1]


def test_an_admin_cancels_a_promotion(world, promotion):
    answer = world.client("quentin").post(f"{JOBS}/{promotion.uuid}/cancel")
    assert answer.status_code == 204
    promotion.refresh_from_db()
    assert promotion.state == State.CANCELLED
    again = world.client("quentin").post(f"{JOBS}/{promotion.uuid}/cancel")
    assert again.status_code == 400


def test_administrators_cancel_scans(world, scan):
    Scan.objects.filter(pk=scan.pk).update(
        state="running", is_current=False, finished_at=None, lease_token=scan.uuid
    )
    path = f"{JOBS}/{scan.uuid}/cancel"
    assert world.client("olga").post(path).status_code == 403
    assert world.client("root").post(path).status_code == 204
    (found,) = jobs(world.client("olga"))
    assert found["status"] == "canceled"
    scan.refresh_from_db()
    assert scan.lease_token is None
    assert world.client("root").post(path).status_code == 400


def test_deliveries_of_webhooks_are_jobs(world):
    delivery = make_delivery(author=world.people.quentin, scope=world.target)
    rows = WebhookDelivery.objects.filter(pk=delivery.pk)
    rows.update(state="pending", finished_at=None)
    assert jobs(world.client("olga")) == jobs(world.client("quinn")) == []
    client = world.client("quentin")
    (found,) = jobs(client, action="webhook")
    assert (found["id"], found["status"]) == (str(delivery.uuid), "waiting")
    assert found["parameters"]["webhookID"] == str(delivery.webhook.uuid)
    path = f"{JOBS}/{delivery.uuid}/cancel"
    assert world.client("olga").post(path).status_code == 404
    assert client.post(path).status_code == 204
    assert jobs(client)[0]["status"] == "canceled"
    assert "cancelled" in logs(client, delivery.uuid)[-1]
    assert client.post(path).status_code == 400


def test_global_webhooks_are_for_administrators(world):
    delivery = make_delivery(author=world.people.root, scope=None)
    assert jobs(world.client("ada")) == []
    (found,) = jobs(world.client("root"))
    assert found["id"] == str(delivery.uuid)


def test_a_token_does_not_do_what_it_was_not_made_for(world, promotion):
    reading = world.client("ada", token(world.people.ada, "api", "pull"))
    assert jobs(reading) == []
    limit = world.qa.namespace
    limited = token(world.people.root, "api", "pull", "admin", within=limit)
    client = world.client("root", limited)
    assert [one["action"] for one in jobs(client)] == ["promotion"]
    assert client.post(JOBS, {"action": "reconcile"}).status_code == 403


def test_a_walk_is_asked_for_and_recorded(world, monkeypatch):
    answer = world.client("root").post(JOBS, {"action": "reconcile"})
    assert answer.status_code == 202
    assert_is("tmpresponses.Job", answer.json())
    uuid = answer.json()["id"]
    assert Registry.objects.get().reconcile_wanted_at is not None
    again = world.client("root").post(JOBS, {"action": "reconcile"})
    assert again.json()["id"] == uuid
    monkeypatch.setattr(walk, "differences", lambda *_: [])
    walk.reconcile()
    (found,) = jobs(world.client("root"), action="reconcile")
    assert (found["id"], found["status"]) == (uuid, "done")
    lines = logs(world.client("root"), uuid)
    assert "Asked for by root." in lines[0]
    assert "tags: 0" in lines


def test_a_walk_that_stops_says_why(world, monkeypatch):
    def stops(*_args):
        message = "More than 20 of 21 tags would change"
        raise BrakeEngaged(message)

    monkeypatch.setattr(walk, "_walk", stops)
    with pytest.raises(BrakeEngaged):
        walk.reconcile()
    (found,) = jobs(world.client("root"))
    assert found["status"] == "errored"
    assert found["reason"].startswith("More than 20")


def test_what_breaks_for_an_unknown_reason_does_not_tell_it(world, monkeypatch):
    def breaks(*_args):
        message = "password=hunter2"
        raise RuntimeError(message)

    monkeypatch.setattr(walk, "_walk", breaks)
    with pytest.raises(RuntimeError):
        walk.reconcile()
    (found,) = jobs(world.client("root"))
    assert found["reason"] == registry_jobs.BROKE


def test_a_worker_that_died_leaves_no_job_that_runs_for_ever(world):
    dead = RegistryJob.objects.create(
        action="reconcile", state="running", started_at=timezone.now()
    )
    with registry_jobs.running(RegistryJob.Action.RECONCILE):
        assert [one["status"] for one in jobs(world.client("root"))] == [
            "running",
            "errored",
        ]
    dead.refresh_from_db()
    assert dead.error == registry_jobs.LOST


def test_old_jobs_of_the_registry_go(world, settings):
    old = timezone.now() - timedelta(days=settings.DECISION_DAYS + 1)
    RegistryJob.objects.create(action="reconcile", state="done", finished_at=old)
    with registry_jobs.running(RegistryJob.Action.RECONCILE):
        pass
    assert len(jobs(world.client("root"))) == 1


def test_while_the_brake_holds_a_person_has_to_say_what_to_do(world):
    Registry.objects.update(brake="engaged", brake_reason="More than 20 would change.")
    answer = world.client("root").post(JOBS, {"action": "reconcile"})
    assert answer.status_code == 400
    assert "More than 20" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("action", ["reconcile", "scan_check_all"])
def test_what_waits_can_be_taken_back(world, action):
    client = world.client("root")
    uuid = client.post(JOBS, {"action": action}).json()["id"]
    assert client.post(f"{JOBS}/{uuid}/cancel").status_code == 204
    assert not walk.is_wanted()
    assert not everything.is_wanted()
    assert jobs(client)[0]["status"] == "canceled"
    assert client.post(f"{JOBS}/{uuid}/cancel").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"action": "gc"},
        {"action": "promotion"},
        {},
        {"action": "reconcile", "scheduledAt": "2999-01-01T00:00:00Z"},
        {"action": "reconcile", "scheduledAt": "tomorrow"},
    ],
)
def test_other_jobs_are_not_begun(world, body):
    answer = world.client("root").post(JOBS, body)
    assert answer.status_code == 400
    assert not RegistryJob.objects.exists()
    if body.get("action") == "gc":
        assert "“scan_check_all”" in answer.json()["errors"][0]["message"]


def test_jobs_are_not_deleted(world, promotion):
    answer = world.client("root").delete(f"{JOBS}/{promotion.uuid}")
    assert answer.status_code == 405
    assert "/cancel" in answer.json()["errors"][0]["message"]


def test_a_list_costs_the_same_however_long_it_is(
    world, promotion, scan, django_assert_max_num_queries
):
    client = world.client("root")
    for number in range(12):
        tag = factories.push(world.website, f"n{number}")
        factories.promotion(tag, world.target, f"n{number}", world.people.ada)
    jobs(client)
    with django_assert_max_num_queries(10):
        assert len(jobs(client, limit=100)) == 14


def test_the_schedule_is_read_only(world):
    client = world.client("root")
    crons = client.get("/api/v0/crons")
    assert_is("tmpresponses.Crons", crons.json())
    names = [one["action"] for one in crons.json()["crons"]]
    assert "reconcile" in names
    one = client.get("/api/v0/crons/reconcile")
    assert_is("tmpresponses.Cron", one.json())
    assert one.json()["schedule"] == "@every 3600s"
    assert client.get("/api/v0/crons/gc").json()["errors"][0]["code"] == "NO_SUCH_CRON"
    for answer in (
        client.post("/api/v0/crons", {"action": "gc"}),
        client.delete("/api/v0/crons/reconcile"),
    ):
        assert answer.status_code == 405
        assert "MSR_" in answer.json()["errors"][0]["message"]


def test_workers_that_answer(world, monkeypatch):
    found = {"celery@one": ["scan"], "celery@two": ["promote", "ingest"]}
    monkeypatch.setattr("msr.api.workers.answering", lambda: found)
    answer = world.client("root").get("/api/v0/workers")
    assert_is("tmpresponses.Workers", answer.json())
    assert [one["id"] for one in answer.json()["workers"]] == list(found)
    assert answer.json()["workers"][1]["queues"] == ["ingest", "promote"]


def test_without_a_broker_no_worker_answers(world):
    answer = world.client("root").get("/api/v0/workers")
    assert answer.status_code == 200
    assert answer.json() == {"workers": []}
