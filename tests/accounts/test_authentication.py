"""Signing in with a password or an access token, and the life of access tokens."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.access import SYSTEM, Actor, TokenScope
from accounts.authentication import (
    BadCredentials,
    read_basic,
    sign_in,
)
from accounts.models import AccessToken, AuditEvent, User
from accounts.services import access_tokens
from tests.factories import PASSWORD, make_user

if TYPE_CHECKING:
    from typing import Any

    from accounts.services.access_tokens import IssuedToken

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana() -> User:
    return make_user(name="dana")


def issue(user: User, **values: Any) -> IssuedToken:
    return access_tokens.issue(actor=Actor(user), user=user, label="ci", **values)


# --- access tokens ----------------------------------------------------------------


def test_a_token_signs_its_owner_in_with_its_scopes_and_limit(dana):
    made = issue(dana, scopes=[TokenScope.PULL], namespace=dana.namespace)
    actor = sign_in("dana", made.secret)
    assert (actor.user, actor.token) == (dana, made.row)
    assert actor.may_use(TokenScope.PULL)
    assert not actor.may_use(TokenScope.PUSH)
    assert actor.namespace_limit == dana.namespace_id


def test_only_the_hash_of_the_secret_is_kept(dana):
    made = issue(dana)
    _, prefix, secret = made.secret.split("_", 2)
    (row,) = AccessToken.objects.values()
    assert row["prefix"] == prefix
    assert row["secret_hash"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(row)
    assert secret not in str(list(AuditEvent.objects.values()))


def test_two_tokens_are_two_secrets(dana):
    first, second = issue(dana), issue(dana)
    assert first.secret != second.secret
    assert sign_in("dana", first.secret).token == first.row
    assert sign_in("dana", second.secret).token == second.row


def spoilt(secret: str) -> str:
    return secret[:-1] + ("A" if secret[-1] != "A" else "B")


WRONG = {
    "last letter changed": spoilt,
    "last letter missing": lambda secret: secret[:-1],
    "a letter more": lambda secret: secret + "A",
    "mark changed": lambda secret: secret.replace("msr_", "msr_0", 1),
    "mark missing": lambda secret: secret.replace("msr_", "", 1),
    "upper case": str.upper,
    "prefix nobody has": lambda secret: f"msr_{'0' * 12}_{secret[-43:]}",
    "prefix alone": lambda secret: secret[:17],
    "mark alone": lambda _: "msr_",
    "NUL": lambda _: "msr_\0_",
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_wrong_secret_is_refused(dana, change):
    with pytest.raises(BadCredentials):
        sign_in("dana", change(issue(dana).secret))


@pytest.mark.parametrize("name", ["eve", "Dana", "", "dana ", "da\0na"])
def test_a_token_goes_with_its_owners_name_only(dana, name):
    make_user(name="eve")
    with pytest.raises(BadCredentials):
        sign_in(name, issue(dana).secret)


def test_a_revoked_token_is_refused(dana):
    made = issue(dana)
    access_tokens.revoke(actor=Actor(dana), token=made.row)
    with pytest.raises(BadCredentials):
        sign_in("dana", made.secret)
    entry = AuditEvent.objects.latest("id")
    assert (entry.action, entry.object_uuid) == ("revoke", made.row.uuid)


def test_a_token_is_good_until_it_expires(dana):
    now = timezone.now()
    made = issue(dana, expires_at=now + timedelta(hours=1))
    with time_machine.travel(now + timedelta(minutes=59), tick=False):
        assert sign_in("dana", made.secret)
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        assert AccessToken.objects.get().is_expired
        with pytest.raises(BadCredentials):
            sign_in("dana", made.secret)


def test_a_disabled_owner_takes_all_tokens_and_the_password_down(dana):
    made = issue(dana)
    User.objects.filter(pk=dana.pk).update(is_active=False)
    for secret in (made.secret, PASSWORD):
        with pytest.raises(BadCredentials):
            sign_in("dana", secret)


def test_a_token_neither_makes_nor_revokes_tokens(dana):
    made = issue(dana)
    actor = sign_in("dana", made.secret)
    with pytest.raises(PermissionDenied, match="Sign in with your password"):
        access_tokens.issue(actor=actor, user=dana, label="more")
    with pytest.raises(PermissionDenied, match="Sign in with your password"):
        access_tokens.revoke(actor=actor, token=made.row)
    assert AccessToken.objects.get().is_active


def test_only_administrators_manage_the_tokens_of_others(dana):
    eve = make_user(name="eve")
    made = issue(dana)
    with pytest.raises(PermissionDenied):
        access_tokens.issue(actor=Actor(eve), user=dana, label="mine now")
    with pytest.raises(PermissionDenied):
        access_tokens.revoke(actor=Actor(eve), token=made.row)
    assert access_tokens.issue(actor=SYSTEM, user=dana, label="robot").row.user == dana


@pytest.mark.parametrize("scopes", [[], ["everything"]])
def test_a_token_without_a_known_scope_is_not_made(dana, scopes):
    with pytest.raises((ValidationError, ValueError)):
        issue(dana, scopes=scopes)
    assert not AccessToken.objects.exists()


def test_the_last_use_is_noted_at_most_once_a_minute(dana, django_assert_num_queries):
    made, start = issue(dana), timezone.now()
    noted = []
    for seconds in (0, 1, 59, 60, 61):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            sign_in("dana", made.secret)
            noted.append(AccessToken.objects.get().last_used_at - start)
    assert [since.total_seconds() for since in noted] == [0, 0, 0, 60, 60]
    later = time_machine.travel(start + timedelta(seconds=62), tick=False)
    with later, django_assert_num_queries(1):
        sign_in("dana", made.secret)


# --- passwords and the Basic header -----------------------------------------------


def test_a_password_signs_in_without_a_token(dana):
    actor = sign_in("dana", PASSWORD)
    assert (actor.user, actor.token) == (dana, None)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("dana", "wrong"),
        ("dana", ""),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("da\0na", PASSWORD),
        ("dana", PASSWORD + "\0"),
    ],
)
def test_wrong_passwords_and_names_are_refused(dana, name, secret):
    with pytest.raises(BadCredentials):
        sign_in(name, secret)


@pytest.mark.parametrize("password", ["msr_is my password", "msr_0123456789ab_short"])
def test_a_password_may_begin_like_a_token(dana, password):
    dana.set_password(password)
    dana.save()
    assert sign_in("dana", password).user == dana


def basic(text: bytes) -> str:
    return f"Basic {b64encode(text).decode()}"


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("", None),
        ("Bearer abc", None),
        (basic(b"dana:secret"), ("dana", "secret")),
        (basic(b"dana:se:cret"), ("dana", "se:cret")),
        (basic("dana:schlüssel".encode()), ("dana", "schlüssel")),
        (basic(b":"), ("", "")),
        (basic(b"dana:x").replace("Basic", "bAsIc"), ("dana", "x")),
    ],
)
def test_the_basic_header_is_read(header, read):
    assert read_basic(header) == read


@pytest.mark.parametrize(
    "header", ["Basic", "Basic ", "Basic !!!", basic(b"dana"), basic(b"\xff:\xff")]
)
def test_a_basic_header_that_makes_no_sense_is_refused(header):
    with pytest.raises(BadCredentials):
        read_basic(header)
