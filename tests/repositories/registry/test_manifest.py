"""Manifests: what they say, and which are refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repositories.registry import (
    Digest,
    ImageIndex,
    InvalidManifest,
    MediaType,
    Platform,
    parse_manifest,
)

EMPTY: dict[str, Any] = {
    "mediaType": MediaType.OCI_EMPTY,
    "digest": str(Digest.of(b"{}")),
    "size": 2,
}
IMAGE: dict[str, Any] = {
    "schemaVersion": 2,
    "mediaType": MediaType.OCI_MANIFEST,
    "config": EMPTY,
    "layers": [EMPTY],
}
INDEX: dict[str, Any] = {
    "schemaVersion": 2,
    "mediaType": MediaType.OCI_INDEX,
    "manifests": [{**EMPTY, "mediaType": MediaType.OCI_MANIFEST}],
}


def parsed(body: Any, content_type: str = "") -> Any:
    return parse_manifest(json.dumps(body).encode(), content_type)


def test_an_image_has_config_and_layers(make_image):
    manifest = make_image("one", layers=3).manifest
    assert manifest.digest == Digest.of(manifest.raw)
    assert manifest.size == len(manifest.raw)
    assert manifest.media_type.is_image
    assert manifest.blobs == (manifest.config, *manifest.layers)


def test_blobs_are_listed_once():
    assert len(parsed(IMAGE).blobs) == 1


def test_foreign_layers_are_no_blobs_of_the_registry():
    layer = {**EMPTY, "digest": str(Digest.of(b"w")), "urls": ["https://example.com"]}
    foreign = {**layer, "mediaType": MediaType.DOCKER_FOREIGN_LAYER}
    assert len(parsed({**IMAGE, "layers": [layer]}).blobs) == 2
    assert len(parsed({**IMAGE, "layers": [foreign]}).blobs) == 1
    assert len(parsed({**IMAGE, "layers": [{**foreign, "urls": []}]}).blobs) == 2


def test_an_artifact_needs_no_layers():
    subject = {**EMPTY, "mediaType": MediaType.OCI_MANIFEST}
    artifact = parsed(
        {
            "schemaVersion": 2,
            "artifactType": "application/spdx+json",
            "config": EMPTY,
            "subject": subject,
            "annotations": {"a": "b"},
        },
        MediaType.OCI_MANIFEST,
    )
    assert artifact.layers == ()
    assert artifact.artifact_type == "application/spdx+json"
    assert artifact.subject.digest == Digest.of(b"{}")
    assert artifact.annotations == {"a": "b"}


def test_an_index_names_platforms():
    platform = {
        "os": "linux",
        "architecture": "arm",
        "variant": "v7",
        "os.version": "1",
    }
    index = parsed({**INDEX, "manifests": [{**EMPTY, "platform": platform}]})
    assert isinstance(index, ImageIndex)
    found = index.manifests[0].platform
    assert found == Platform("linux", "arm", "v7", "1")
    assert str(found) == "linux/arm/v7"


@pytest.mark.parametrize(
    "mark",
    [
        {"platform": {"os": "unknown", "architecture": "unknown"}},
        {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
    ],
)
def test_attestations_are_recognised(mark):
    index = parsed({**INDEX, "manifests": [{**EMPTY, **mark}, EMPTY]})
    assert [child.is_attestation for child in index.manifests] == [True, False]


@pytest.mark.parametrize("content_type", list(MediaType)[:4])
def test_the_header_alone_may_name_the_type(content_type):
    body = dict(INDEX if content_type.is_index else IMAGE)
    del body["mediaType"]
    assert parsed(body, f"{content_type}; charset=utf-8").media_type is content_type


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"manifests": []}, "must not have 'manifests'"),
        ({"Layers": []}, "spells the key 'layers' as 'Layers'"),
        ({"layer\u017f": []}, "spells the key 'layers'"),
        ({"config": None}, "config must be a JSON object"),
        ({"config": {**EMPTY, "Digest": "x"}}, "spells the key 'digest'"),
        ({"config": {**EMPTY, "digest": "sha256:1"}}, "hexadecimal"),
        ({"config": {**EMPTY, "size": -1}}, "size in bytes"),
        ({"config": {**EMPTY, "size": True}}, "size in bytes"),
        ({"config": {**EMPTY, "size": 2**63}}, "size in bytes"),
        ({"config": {**EMPTY, "urls": "x"}}, "'urls'"),
        ({"layers": {}}, "'layers' in the manifest must be a list"),
        ({"layers": [1]}, "must be a JSON object"),
        ({"layers": [EMPTY] * 5000}, "more than 4096 layers"),
        ({"annotations": {"a": 1}}, "'annotations'"),
        ({"artifactType": 1}, "'artifactType'"),
        ({"mediaType": 1}, "'mediaType'"),
        ({"mediaType": MediaType.OCI_INDEX}, "must not have 'layers'"),
        ({"mediaType": MediaType.OCI_LAYER}, "is not the media type of a manifest"),
        ({"mediaType": MediaType.DOCKER_SCHEMA_1}, "push the image again"),
        ({"mediaType": None}, "'nothing' is not the media type"),
        ({"fsLayers": []}, "push the image again"),
        ({"schemaVersion": 1}, "schemaVersion must be 2"),
        ({"subject": "x"}, "subject must be a JSON object"),
    ],
)
def test_an_image_that_is_refused(change, said):
    with pytest.raises(InvalidManifest, match=said) as refused:
        parsed({**IMAGE, **change})
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layers": []}, "must not have 'layers'"),
        ({"config": EMPTY}, "must not have 'config'"),
        ({"manifests": [EMPTY] * 1025}, "more than 1024 manifests"),
        ({"manifests": [{**EMPTY, "platform": "linux"}]}, "platform must be"),
    ],
)
def test_an_index_that_is_refused(change, said):
    with pytest.raises(InvalidManifest, match=said):
        parsed({**INDEX, **change})


@pytest.mark.parametrize("body", [IMAGE, INDEX])
def test_what_makes_the_kind_must_be_there(body):
    absent = {k: v for k, v in body.items() if k not in {"config", "manifests"}}
    with pytest.raises(InvalidManifest, match="must have"):
        parsed(absent)


def test_header_and_body_must_agree():
    with pytest.raises(InvalidManifest, match="but was sent as"):
        parsed(IMAGE, MediaType.DOCKER_MANIFEST)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "must be a JSON object"),
        (b'{"schemaVersion": NaN}', "NaN"),
        (b'{"layers": [], "layers": []}', "repeats a key"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "nested too deeply"),
        (b"[" * 1_000_000, "nested too deeply"),
        (b"1" * 5000, "not JSON"),
        (b" " * (4 * 1024 * 1024 + 1), "larger than"),
    ],
)
def test_bytes_that_are_no_manifest(raw, said):
    with pytest.raises(InvalidManifest, match=said):
        parse_manifest(raw, MediaType.OCI_MANIFEST)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from([*IMAGE, *EMPTY, "manifests", "x"]), inner
            )
        ),
    )
)
def test_any_json_is_read_or_refused(body):
    with suppress(InvalidManifest):
        parsed(body, MediaType.OCI_MANIFEST)
