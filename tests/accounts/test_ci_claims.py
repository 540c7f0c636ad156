"""Patterns of CI trusts: exactly, or by a glob that crosses neither `/` nor `:`."""

from __future__ import annotations

import time

import pytest
from django.core.exceptions import ValidationError

from accounts.services.ci_claims import check_patterns, failing_claim, matches


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("acme/website", "acme/website"),
        ("acme/*", "acme/website"),
        ("acme/web*", "acme/web"),
        ("acme/*site", "acme/website"),
        ("acme/w*s*e", "acme/website"),
        ("repo:acme/*:ref:refs/heads/*", "repo:acme/website:ref:refs/heads/main"),
        ("refs/tags/v*.*", "refs/tags/v1.2"),
        ("4711", 4711),
        ("true", True),
        ("a*b*c", "axxbxxc"),
    ],
)
def test_what_fits(pattern, value):
    assert matches(pattern, value)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("acme/website", "acme/website2"),
        ("acme/website", "evil-acme/website"),
        ("acme/website", "acme/Website"),
        ("acme/website", " acme/website"),
        ("acme/website", "acme/website\n"),
        ("acme/*", "acme/team/website"),
        ("acme/*", "acme"),
        ("acme/*", "xacme/website"),
        ("acme/*", "ACME/website"),
        ("acme*", "acme/website"),
        ("*/website", "evil/x/website"),
        ("repo:acme/*", "repo:acme/website:ref:refs/heads/main"),
        ("repo:acme/*:main", "repo:acme/a:ref:main"),
        ("repo:acme/web*:ref", "repo:acme/web:x:ref"),
        ("refs/heads/*", "refs/heads/feature/main"),
        ("ab*ba", "aba"),
        ("a*b*c", "ac"),
        ("a*b*a", "aba"[:2]),
        ("a.c", "abc"),
        ("[a]", "a"),
        ("a?", "ab"),
        ("4711", 47110),
        ("4711", 4711.0),
        ("1", True),
        ("acme", ["acme"]),
        ("acme", {"acme": 1}),
        ("None", None),
        ("acme", None),
    ],
)
def test_what_nearly_fits(pattern, value):
    assert not matches(pattern, value)


def test_a_hostile_value_takes_no_time():
    pattern = "a*" * 140 + "b"
    started = time.monotonic()
    assert not matches(pattern, "a" * 12_000)
    assert time.monotonic() - started < 0.5


def test_every_claim_has_to_fit():
    wanted = {"repository_id": "4711", "ref": "refs/heads/*"}
    assert not failing_claim(wanted, {"repository_id": 4711, "ref": "refs/heads/x"})
    assert failing_claim(wanted, {"repository_id": "4711"}) == "ref"
    assert failing_claim(wanted, {"ref": "refs/heads/x"}) == "repository_id"


@pytest.mark.parametrize(
    ("patterns", "said"),
    [
        ({}, "Name 1 to 20 claims"),
        ([], "Name 1 to 20 claims"),
        ({f"c{n}": "x" for n in range(21)}, "Name 1 to 20 claims"),
        ({"repository_id": "1", "sub": "*"}, "would fit anything"),
        ({"repository_id": "1", "sub": "*/*:*"}, "would fit anything"),
        ({"repository_id": "1", "sub": "-*"}, "would fit anything"),
        ({"repository_id": "1", "sub": "a**"}, "two “*” in a row"),
        ({"repository_id": "1", "sub": ""}, "has 1 to 300"),
        ({"repository_id": "1", "sub": "x" * 301}, "has 1 to 300"),
        ({"repository_id": "1", "sub": 5}, "must be a text"),
        ({"repository_id": "1", "sub": ["a"]}, "must be a text"),
        ({"repository_id": "1", "sub": "a\0"}, "must be a text"),
        ({"repository_id": "1", "iss": "x"}, "checked in every token"),
        ({"repository_id": "1", "aud": "x"}, "checked in every token"),
        ({"repository_id": "1", "a b": "x"}, "no name of a claim"),
        ({"sub": "repo:acme/website"}, "Name repository_id, without"),
        ({"repository_id": "47*"}, "Name repository_id, without"),
    ],
)
def test_a_trust_cannot_ask_for_so_little(patterns, said):
    with pytest.raises(ValidationError) as raised:
        check_patterns(patterns, ["repository_id"])
    assert said in " ".join(raised.value.messages)
