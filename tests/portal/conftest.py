"""The cast: Dana's organization `dev`, Quinn's `qa`, and a stranger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from accounts.access import AccessLevel
from repositories.models import ManifestLayer
from tests.factories import (
    grant,
    make_organization,
    make_repository,
    make_scan,
    make_tag,
    make_user,
)
from tests.portal.scanned import FOUND, LAYER

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.models import User
    from repositories.models import Repository


@pytest.fixture(autouse=True)
def _quick_settings(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path  # whitenoise wants it to exist
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def dana(db) -> User:
    return make_user(name="dana")


@pytest.fixture
def quinn(db) -> User:
    return make_user(name="quinn")


@pytest.fixture
def stranger(db) -> User:
    return make_user(name="stranger")


@pytest.fixture
def source(dana) -> Repository:
    """`dev/website`, private; Dana owns the organization."""
    make_organization(name="dev", owner=dana)
    return make_repository(name="dev/website")


@pytest.fixture
def target(quinn, dana) -> Repository:
    """`qa/website`, private; Quinn owns the organization, Dana administers this one."""
    make_organization(name="qa", owner=quinn)
    repository = make_repository(name="qa/website")
    grant(to=dana, on=repository, level=AccessLevel.ADMIN)
    return repository


@pytest.fixture
def browser() -> Callable[[User], Client]:
    """Return a function that gives a browser signed in as somebody."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def scanned(source):
    """`dev/website:1.0` with four vulnerabilities in its one layer."""
    tag = make_tag(repository=source)
    ManifestLayer.objects.update_or_create(
        manifest=tag.manifest, position=0, defaults={"digest": LAYER, "size": 10}
    )
    make_scan(
        manifest=tag.manifest,
        components={"openssl": "Apache-2.0", "bash": "MIT OR GPL-3.0-only", "odd": ""},
        vulnerabilities=FOUND,
        places={"openssl": (LAYER, "usr/lib/libssl.so")},
    )
    return tag
