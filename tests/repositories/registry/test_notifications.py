"""Notifications: one odd event spoils nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repositories.registry import (
    Event,
    MalformedNotification,
    MediaType,
    parse_envelope,
)

PUSH: dict[str, Any] = {
    "id": "320678d8-ca14-430f-8bb6-4ca139cd83f7",
    "timestamp": "2016-03-09T14:44:26.402973972-08:00",
    "action": "push",
    "target": {
        "mediaType": MediaType.OCI_MANIFEST,
        "size": 708,
        "digest": f"sha256:{'fea8895f450959fa' * 4}",
        "repository": "dev/website",
        "url": "http://registry/v2/dev/website/manifests/sha256:fea8",
        "tag": "latest",
    },
    "request": {"id": "6df24a34", "addr": "192.0.2.1:64738", "method": "PUT"},
    "actor": {"name": "dana"},
    "source": {"addr": "xtal.local:5000", "instanceID": "a53db899-3b4b"},
}


def events(*items: Any) -> tuple[Event, ...]:
    return parse_envelope(json.dumps({"events": items}).encode())


def test_a_push_is_read_whole():
    (event,) = events(PUSH)
    assert event.id == PUSH["id"]
    assert event.timestamp == datetime(2016, 3, 9, 22, 44, 26, 402973, UTC)
    assert (event.action, event.repository, event.tag) == (
        "push",
        "dev/website",
        "latest",
    )
    assert event.digest == PUSH["target"]["digest"]
    assert event.media_type == MediaType.OCI_MANIFEST
    assert (event.actor, event.instance_id) == ("dana", "a53db899-3b4b")
    assert event.raw == PUSH
    assert event.is_manifest_push
    assert not any((event.is_blob, event.is_delete, event.malformed))


def with_target(action: str = "push", **target: str) -> Event:
    return events({**PUSH, "action": action, "target": target})[0]


def test_blobs_are_told_from_manifests():
    assert with_target(mediaType="application/octet-stream").is_blob
    assert with_target(
        "mount", mediaType=MediaType.OCI_LAYER, fromRepository="a"
    ).is_blob
    assert with_target(mediaType=MediaType.DOCKER_SCHEMA_1).is_manifest_push
    assert not with_target("pull", mediaType=MediaType.OCI_INDEX).is_manifest_push


@pytest.mark.parametrize(
    "target", [{"digest": "sha256:1"}, {"tag": "latest"}, {"repository": "a"}]
)
def test_deletions_name_little(target):
    event = with_target("delete", **target)
    assert event.is_delete
    assert not any((event.is_blob, event.malformed))


def test_unknown_fields_and_actions_are_kept():
    (event,) = events({**PUSH, "action": "restored", "novel": {"a": [1, 2.5, None]}})
    assert (event.action, event.malformed) == ("restored", False)
    assert event.raw["novel"] == {"a": [1, 2.5, None]}


def test_missing_fields_are_empty():
    (event,) = events({"id": "1", "timestamp": "2020-01-01T00:00:00", "action": "push"})
    assert not event.malformed
    assert event.timestamp == datetime(2020, 1, 1, tzinfo=UTC)
    assert (event.repository, event.actor, event.media_type) == ("", "", "")


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "text",
        {},
        {**PUSH, "id": 1},
        {**PUSH, "id": "x" * 300},
        {**PUSH, "timestamp": "yesterday"},
        {**PUSH, "timestamp": "0001-01-01T00:00:00+14:00"},
        {**PUSH, "action": ["push"]},
    ],
)
def test_an_odd_event_does_not_spoil_the_others(odd):
    first, strange, last = events(PUSH, odd, PUSH)
    assert first == last
    assert not first.malformed
    assert strange.malformed
    assert strange.id.startswith("sha256:")
    assert strange.id == events(odd)[0].id


def test_long_texts_are_cut():
    agent = "x" * 900_000
    (event,) = events(
        {**PUSH, "request": {"useragent": agent}, "actor": {"name": agent}}
    )
    assert len(event.raw["request"]["useragent"]) < 5000
    assert len(event.actor) < 5000
    assert not event.malformed


def test_what_databases_refuse_is_replaced():
    body = json.dumps({"events": [{**PUSH, "a\0b": "\0", "c": "\ud800", "d": 1e400}]})
    (event,) = parse_envelope(body.encode())
    assert event.raw["a\ufffdb"] == "\ufffd"
    assert (event.raw["c"], event.raw["d"]) == ("?", None)
    json.dumps(event.raw, allow_nan=False).encode()


def test_deep_nesting_is_cut_or_refused():
    deep = json.loads('{"a":' * 200 + "1" + "}" * 200)
    (event,) = events({**PUSH, "novel": deep})
    assert not event.malformed
    assert len(json.dumps(event.raw)) < 2000
    with pytest.raises(MalformedNotification, match="nested too deeply"):
        parse_envelope(b'{"events":' + b"[" * 1_000_000)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"events": {}}', b"\xff\xfe"])
def test_what_is_no_envelope_is_refused(body):
    with pytest.raises(MalformedNotification) as refused:
        parse_envelope(body)
    assert str(refused.value).endswith(".")


def test_an_empty_envelope_has_no_events():
    assert parse_envelope(b'{"events": []}') == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from([*PUSH, *PUSH["target"]]) | st.text(), inner)
    ),
)


@given(st.lists(JSON))
def test_any_event_is_read(items):
    found = events(*items)
    assert len(found) == len(items)
    for event in found:
        assert event.timestamp.tzinfo is UTC
        assert 0 < len(event.id) <= 255
        json.dumps(event.raw, allow_nan=False).encode()


@given(st.binary())
def test_any_bytes_are_read_or_refused(body):
    with suppress(MalformedNotification):
        parse_envelope(body)
