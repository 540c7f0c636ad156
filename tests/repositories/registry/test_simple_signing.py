"""Signatures of cosign's: each kind of key, and everything that must not pass."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa, x25519

from repositories.registry import Digest, MediaType, parse_manifest
from repositories.registry.simple_signing import (
    MAX_PAYLOAD_BYTES,
    MAX_SIGNATURES,
    SIGNATURE_ANNOTATION,
    InvalidKey,
    InvalidPayload,
    as_pem,
    fingerprint,
    is_signed_by,
    read_public_key,
    signature_layers,
    signed_digest,
)
from tests import signing

DIGEST = Digest.of(b"an image")
COSIGN_PUB = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhyQCx0E9wQWSFI9ULGwy3BuRklnt
IqozONbbdbqz11hlRJy9c7SG+hdcFl9jE9uE/dwtuwU2MqU9T/cN0YkWww==
-----END PUBLIC KEY-----
"""


def public(key: signing.PrivateKey):
    return read_public_key(signing.pem_of(key))


def layers_of(*signatures: signing.Signature, **fields):
    raw = json.dumps(signing.manifest_of(*signatures, **fields)).encode()
    return signature_layers(parse_manifest(raw, MediaType.OCI_MANIFEST))


# --- verification -----------------------------------------------------------------


@pytest.mark.parametrize("kind", signing.MAKERS)
def test_a_signature_is_its_keys_and_no_others(kind):
    key, other = signing.MAKERS[kind](), signing.MAKERS[kind]()
    made = signing.sign(key, DIGEST)
    assert is_signed_by(public(key), made.payload, made.signature)
    assert not is_signed_by(public(other), made.payload, made.signature)


@pytest.mark.parametrize("kind", signing.MAKERS)
def test_another_byte_is_another_payload(kind):
    key = signing.MAKERS[kind]()
    made = signing.sign(key, DIGEST)
    other = signing.payload_of(Digest.of(b"another image"))
    for payload in (other, made.payload + b" ", made.payload[:-1], b""):
        assert not is_signed_by(public(key), payload, made.signature)


@pytest.mark.parametrize("kind", signing.MAKERS)
@pytest.mark.parametrize("signature", [b"", b"\0", b"\x30\0" * 40, b"\xff" * 256])
def test_bytes_that_are_no_signature_do_not_verify(kind, signature):
    key = public(signing.MAKERS[kind]())
    assert not is_signed_by(key, signing.payload_of(DIGEST), signature)


@pytest.mark.parametrize("kind", signing.MAKERS)
def test_the_signature_of_another_kind_of_key_does_not_verify(kind):
    made = signing.sign(signing.MAKERS[kind](), DIGEST)
    for other in signing.MAKERS.values():
        assert not is_signed_by(public(other()), made.payload, made.signature)


# --- keys -------------------------------------------------------------------------


def test_a_key_is_stored_in_one_spelling():
    key = read_public_key(f"\n  {COSIGN_PUB.replace(chr(10), chr(13) + chr(10))}")
    assert as_pem(key) == COSIGN_PUB
    assert fingerprint(key) == fingerprint(read_public_key(COSIGN_PUB))
    assert len(fingerprint(key)) == 64


def _private_pem() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _pem(key):
    return (
        key.public_key()
        .public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
        .decode()
    )


def _short_key():
    """A key that nobody should use: the portal has to refuse it."""
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - too short on purpose


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: "", "no public key"),
        (lambda: "ssh-ed25519 AAAA dana", "no public key"),
        (lambda: COSIGN_PUB[:90], "no public key"),
        (lambda: "\ud800", "no public key"),
        (_private_pem, "no public key"),
        (lambda: COSIGN_PUB + "x" * 9000, "at most"),
        (lambda: _pem(_short_key()), "P-256"),
        (lambda: _pem(ec.generate_private_key(ec.SECP521R1())), "P-256"),
        (lambda: _pem(ec.generate_private_key(ec.SECP256K1())), "P-256"),
        (lambda: _pem(x25519.X25519PrivateKey.generate()), "P-256"),
        (lambda: _pem(dsa.generate_private_key(2048)), "P-256"),
    ],
    ids=[
        *("empty", "ssh", "cut", "surrogate", "private", "long"),
        *("rsa1024", "p521", "secp256k1", "x25519", "dsa"),
    ],
)
def test_other_keys_are_refused(make, said):
    with pytest.raises(InvalidKey, match=said):
        read_public_key(make())


# --- payloads ---------------------------------------------------------------------


def test_a_payload_names_the_image():
    assert signed_digest(signing.payload_of(DIGEST)) == DIGEST


def _twice() -> bytes:
    """Two digests, of which readers would choose one or the other."""
    one = signing.payload_of(DIGEST).decode()
    image = '"image": {"docker-manifest-digest": "sha256:' + "0" * 64 + '"}, "type"'
    return one.replace('"type"', image).encode()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'"sha256"',
        b"{}",
        b'{"critical": []}',
        b'{"critical": {"image": "sha256"}}',
        b"[" * 20_000,
        signing.payload_of(DIGEST, type="atomic container signature"),
        signing.payload_of(DIGEST, type=None),
        signing.payload_of("sha256:abc"),
        signing.payload_of(DIGEST, image={"docker-manifest-digest": 1}),
        signing.payload_of(DIGEST, image={}),
        _twice(),
        signing.payload_of(DIGEST) + b" " * MAX_PAYLOAD_BYTES,
    ],
    ids=[
        *("empty", "binary", "list", "text", "object", "critical", "image", "deep"),
        *("type", "no type", "digest", "number", "no digest", "twice", "huge"),
    ],
)
def test_other_payloads_are_refused(payload):
    with pytest.raises(InvalidPayload):
        signed_digest(payload)


# --- manifests --------------------------------------------------------------------


def test_a_manifest_carries_the_signatures_of_several_keys():
    made = [signing.sign(signing.new_key(), DIGEST) for _ in range(2)]
    found = layers_of(*made)
    assert [one.signature for one in found] == [one.signature for one in made]
    assert {one.digest for one in found} == {Digest.of(made[0].payload)}


def test_layers_that_are_no_signatures_are_left_out():
    layer = signing.layer_of(signing.sign(signing.new_key(), DIGEST))
    others = [
        layer | {"mediaType": MediaType.OCI_LAYER},
        layer | {"size": MAX_PAYLOAD_BYTES + 1},
        layer | {"annotations": {}},
        *(
            layer | {"annotations": {SIGNATURE_ANNOTATION: text}}
            for text in ("", "%", "é", "A" * 10_000)
        ),
    ]
    assert layers_of(layers=others) == []
    assert len(layers_of(layers=[*others, layer])) == 1


def test_of_very_many_signatures_the_first_are_read():
    made = signing.sign(signing.new_key(), DIGEST)
    assert len(layers_of(*[made] * 50)) == MAX_SIGNATURES


def test_an_index_carries_none(make_image, make_index):
    assert signature_layers(make_index(make_image("a").manifest)) == []
