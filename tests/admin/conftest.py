"""An administrator who is signed in, and has confirmed who they are."""

from __future__ import annotations

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest
from django.test import Client

from tests.admin.factories import make_admin


@pytest.fixture(autouse=True)
def static_root(settings, tmp_path):
    """Give WhiteNoise, which every request passes, a folder that exists."""
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def administrator(db):
    return make_admin()


@pytest.fixture
def browser(administrator):
    client = Client()
    client.force_login(administrator, "accounts.authentication.people.PeopleBackend")
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, administrator, "password", reauthenticated=True)
    request.session.save()
    return client
